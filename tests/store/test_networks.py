import random
from ipaddress import ip_address, ip_network

import pytest
from sqlalchemy import select

from records import alert
from redshank.core.prefix import bits
from redshank.store import networks as module
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.networks import among
from redshank.store.tables import ALERTS

STRANGE = ("", "camera", "10.0.0.0/24", "02:00:00:00:00:01", "' OR 1=1 --", "10.0.0", "\\x1b[2J")


@pytest.fixture
def devices(database: Database) -> list[str]:
    chance = random.Random(5)
    found = {str(ip_address(chance.getrandbits(12) | 10 << 24)) for _ in range(200)}
    found |= {str(ip_address(chance.getrandbits(20) << chance.randrange(90) | 0x20010DB8 << 96)) for _ in range(100)}
    found |= {str(ip_address(chance.getrandbits(128))) for _ in range(50)} | set(STRANGE)
    Alerts(database).record([alert(id=f"{n:04}", device=one) for n, one in enumerate(sorted(found))], [], 1.0)
    return sorted(found)


@pytest.mark.parametrize("most", [module.MOST_RANGES, 0])
@pytest.mark.parametrize(
    "wanted",
    ["10.0.0.0/24", "10.0.0.64/26", "10.0.3.5/30", "10.0.0.7", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::/97"],
)
def test_a_network_finds_what_going_through_all_addresses_finds(
    database: Database, devices: list[str], wanted: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_RANGES", most)
    wide = ip_network(wanted, strict=False)
    inside = [one for one in devices if bits(one) is not None and ip_address(one) in wide]
    with database.reading() as sql:
        condition = among(sql, ALERTS.c.device, [wanted])
        assert sorted(sql.execute(select(ALERTS.c.device).where(condition)).scalars()) == inside


def test_of_several_networks_one_is_to_fit_and_of_none_nothing_does(database: Database, devices: list[str]) -> None:
    with database.reading() as sql:
        both = among(sql, ALERTS.c.device, ["10.0.0.0/9", "::/0"])
        found = sql.execute(select(ALERTS.c.device).where(both)).scalars().all()
        assert sorted(found) == [one for one in devices if bits(one) is not None]
        assert not sql.execute(select(ALERTS.c.id).where(among(sql, ALERTS.c.device, ["192.0.2.0/24"]))).all()
        with pytest.raises(ValueError, match="10.0.0.0/33"):
            among(sql, ALERTS.c.device, ["10.0.0.0/33"])
