"""Everything together on a gateway of the lab: who is around, the store's ledger, the kernel, and an attacker."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from records import alert
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.lab.arena import choose
from redshank.lab.network import Network
from redshank.respond.backend import Hold
from redshank.respond.backends.nftables import Nftables
from redshank.respond.ledger import Ledger
from redshank.respond.policy import Policy, Rule
from redshank.respond.responder import Responder
from redshank.respond.surroundings import Lookout
from redshank.store.database import Database
from redshank.store.ledger import Journal
from responses import NOW_S, action

NEEDED = ("router", "resolver", "server", "operator")
"""Devices that the gateway does not need at first."""
ADDRESSES = choose(31, ("gateway", "attacker", "other", *NEEDED), ("api",), ipv6=("gateway", "attacker", "other"))
V4, V6 = ADDRESSES.v4, ADDRESSES.v6
ATTACK = alert(family="dos", severity="critical", detectors=("classifier", "signatures"), rules=("flood",))

pytestmark = [pytest.mark.root, pytest.mark.service]


class Gateway:
    """A responder in the gateway's namespace."""

    def __init__(self, home: Network, store: Path, policy: Policy, root: Path = Path("/")) -> None:
        self.home, self.store = home, store
        with home.inside("gateway"):
            self.around = Lookout(((V4["api"], "settings"),), every_s=0.0, root=root)
        self.ledger = Ledger(Journal(Database(store)), self.around.protected)
        self.responder = Responder(policy, self.ledger, Nftables(), "nftables", self.around, Metrics())

    def take(self, *devices: str, at_s: float = NOW_S, family: str = "dos") -> list[str]:
        alerts = [replace(ATTACK, id=f"{at_s}-{device}", device=device, family=family) for device in devices]
        with self.home.inside("gateway"):
            return [decision.outcome for decision in self.responder.take(alerts, at_s)]

    def tick(self, now_s: float) -> dict[tuple[str, str], int]:
        """Return in whole seconds what holds after a tick."""
        with self.home.inside("gateway"):
            self.responder.tick(now_s)
            return {hold.key: round(hold.left_s) for hold in Nftables().active()}


@pytest.fixture(scope="module")
def home() -> Iterator[Network]:
    with Network(ADDRESSES) as network:
        yield network


@pytest.fixture
def store(home: Network, tmp_path: Path) -> Iterator[Path]:
    Database(tmp_path / "s.db", create=True).close()
    yield tmp_path / "s.db"
    with home.inside("gateway"):
        Nftables().flush()


def test_an_attacker_is_blocked_and_nothing_that_the_gateway_needs(home: Network, store: Path) -> None:
    gateway = Gateway(home, store, Policy())
    try:
        needed = (
            V4["gateway"],
            V6["gateway"],
            f"::ffff:{V4['uplink']}",
            str(ADDRESSES.lan.broadcast_address),
            V4["api"],
        )
        assert gateway.take(*needed, V4["attacker"], V6["attacker"]) == ["never_block"] * 5 + ["proposed"] * 2
        held = gateway.tick(NOW_S)
        assert set(held) == {("block", V4["attacker"]), ("block", V6["attacker"])}
        person = Ledger(Journal(Database(store)), gateway.around.protected)
        person.refresh()
        first, _ = person.open()
        person.undo(first.action.id, "ana", NOW_S + 1, "a mistake")
        assert set(gateway.tick(NOW_S + 1)) == {("block", V6["attacker"])}
        assert gateway.take(V4["attacker"], at_s=NOW_S + 2) == ["allowed"]
    finally:
        gateway.around.close()


def test_a_service_that_comes_back_puts_back_what_a_reboot_took(home: Network, store: Path) -> None:
    first = Gateway(home, store, Policy((Rule("isolate", ttl_s=600.0),)))
    first.take(V4["attacker"])
    with home.inside("gateway"):
        Nftables().flush()
        assert Nftables().active() == []
    first.around.close()
    second = Gateway(home, store, Policy())
    try:
        ((key, left_s),) = second.tick(NOW_S + 100).items()
        assert key[0] == "isolate"
        assert key[1] in {V4["attacker"], ADDRESSES.macs["attacker"]}
        assert left_s == pytest.approx(500, abs=60)
        assert second.responder.problem == ""
    finally:
        second.around.close()


def test_who_becomes_needed_while_blocked_is_let_go_and_not_blocked_again(
    home: Network, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "proc").symlink_to("/proc")
    for folder in ("etc", "var/lib/dhcp"):
        (tmp_path / folder).mkdir(parents=True)
    slow = Rule("rate_limit", family=("password",), ttl_s=600.0)
    gateway = Gateway(home, store, Policy((slow, Rule("block", ttl_s=600.0))), tmp_path)
    router, resolver, server, operator = needed = [V4[name] for name in NEEDED]
    try:
        assert gateway.take(router, resolver, server) == ["proposed"] * 3
        # Who is blocked opens no session.
        assert gateway.take(operator, family="password") == ["proposed"]
        assert {target for _, target in gateway.tick(NOW_S)} == set(needed)

        (tmp_path / "etc/resolv.conf").write_text(f"nameserver {resolver}\n")
        lease = f"lease {{\n  option dhcp-server-identifier {server};\n}}\n"
        (tmp_path / "var/lib/dhcp/dhclient.leases").write_text(lease)
        with home.inside("gateway"):
            subprocess.run(["ip", "route", "add", "default", "via", router], check=True)
            listening = socket.create_server(("0.0.0.0", 22))
        with home.inside("operator"):
            session = socket.create_connection((V4["gateway"], 22), timeout=20)
        with listening, session:
            accepted, _ = listening.accept()
            with accepted:
                assert gateway.tick(NOW_S + 11) == {}
                undone = {entry.action.target: entry.note for entry in gateway.ledger.entries()}
                assert undone == {
                    router: "protected: gateway (eth0)",
                    resolver: "protected: DNS server",
                    server: "protected: DHCP server",
                    operator: "protected: operator (session with port 22)",
                }
                assert gateway.take(*needed, at_s=NOW_S + 12) == ["never_block"] * 4
                with home.inside("gateway"):
                    for target in needed:
                        with pytest.raises(ActionError, match="protected"):
                            gateway.ledger.propose(action(target), NOW_S + 12, approval=False)
                        with pytest.raises(ActionError, match="protected"):
                            Nftables().apply([Hold("block", target, 60.0)], gateway.around.protected())
                    assert Nftables().active() == []
                    subprocess.run(["ip", "route", "del", "default", "via", router], check=True)
        assert gateway.take(router, at_s=NOW_S + 13) == ["proposed"], "it is no gateway any more"
    finally:
        gateway.around.close()
