from pathlib import Path

import pytest
from sqlalchemy import func, select

from device_rows import S, rows
from questions import answer, questions
from records import alert
from redshank.core.allowance import Allowance
from redshank.flows.did import Did, InHour
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.ledger import Journal
from redshank.store.outbox import Outbox
from redshank.store.queue import Queue
from redshank.store.retention import Retention, Swept
from redshank.store.tables import EVIDENCE, METADATA, OUTBOX
from redshank.store.traffic import Kind, Traffic
from redshank.store.usual import Usual

HOUR_S, DAY_S = 3_600.0, 86_400.0
NOW_S = 1_700_000_000.0
MUCH = 2**40


def ids(database: Database) -> list[str]:
    return sorted(one.alert.id for one in Alerts(database).find(limit=10_000))


def count(database: Database, *times_s: float) -> None:
    """Have the store told at these times, by the clock, of a flow of then."""
    for at_s in times_s:
        Traffic(database).add({Kind(int(at_s), "", "dns", "udp", "benign", ""): (1, 100)}, at_s)


def fill(database: Database, count: int) -> None:
    """Record alerts of some 2 kB, fifty a second, that nobody waits for."""
    alerts = [alert(id=f"{n:04}", reasons=("x" * 100,) * 20) for n in range(count)]
    for begin in range(0, count, 50):
        Alerts(database).record(alerts[begin : begin + 50], [], NOW_S + begin)


def test_old_alerts_go_with_their_flows_and_what_was_delivered(database: Database) -> None:
    alerts, outbox = Alerts(database), Outbox(database)
    alerts.record([alert(id=name) for name in ("old", "owed", "hot")], ["eve"], NOW_S - 31 * DAY_S)
    alerts.record([alert(id="new")], ["eve"], NOW_S)
    for name in ("old", "hot"):
        outbox.delivered([f"{name}-0-eve"], NOW_S)
    alerts.judge(["hot"], "escalated", "ana", NOW_S)
    swept = Retention(30 * DAY_S, MUCH).sweep(database, NOW_S)
    assert swept == Swept(old=1, large=0, devices=0, over_bytes=0)
    assert ids(database) == ["hot", "new", "owed"]
    with database.reading() as sql:
        for table in (EVIDENCE, OUTBOX):
            assert set(sql.execute(select(table.c.alert)).scalars()) == {"hot", "new", "owed"}
    entry = Audit(database).entries()[0]
    assert (entry.who, entry.what, entry.detail["old"]) == ("redshank", "retention", 1)


def test_a_clock_that_is_a_year_ahead_for_an_hour_makes_nothing_old(database: Database) -> None:
    count(database, *(NOW_S + hour * HOUR_S for hour in range(-48, 1)))
    Alerts(database).record([alert(id=name) for name in ("one", "two")], [], NOW_S)
    ahead_s = NOW_S + 365 * DAY_S
    Alerts(database).record([alert(id="ahead")], [], ahead_s)
    count(database, ahead_s, ahead_s + HOUR_S)
    month = Retention(30 * DAY_S, MUCH)
    assert month.sweep(database, ahead_s + HOUR_S).old == 0
    assert Traffic(database).mix("service", 0, 2 * NOW_S)[0].flows == 51
    assert month.sweep(database, NOW_S + 2 * HOUR_S).old == 0  # it is set right
    count(database, *(ahead_s + hour * HOUR_S for hour in range(24)))  # it was right
    assert month.sweep(database, ahead_s + 24 * HOUR_S).old == 2
    assert ids(database) == ["ahead"]


def test_a_store_that_is_too_large_loses_its_oldest_alerts_and_becomes_small(database: Database) -> None:
    fill(database, 300)
    with database.reading() as sql:
        before = database.used_bytes(sql)
    keep = before // 2
    swept = Retention(30 * DAY_S, keep).sweep(database, NOW_S)
    with database.reading() as sql:
        after = database.used_bytes(sql)
    assert 0.6 * keep < after <= keep + 8192
    assert swept.old == swept.over_bytes == 0
    assert ids(database) == [f"{n:04}" for n in range(swept.large, 300)]
    if database.is_file:
        assert Path(database.name).stat().st_size < 0.6 * before


def test_no_alert_goes_for_room_where_all_else_alone_is_too_large(database: Database) -> None:
    device = "02:00:00:00:00:01"
    Inventory(database).take(rows({"mac": device}))
    Usual(database).add(Did({(device, hour): InHour(1, 60, 60) for hour in range(5_000)}, {}))
    with database.reading() as sql:
        without = database.used_bytes(sql)
    fill(database, 100)
    swept = Retention(30 * DAY_S, without // 2).sweep(database, 0.0)
    assert (swept.large, len(ids(database))) == (0, 100)
    assert swept.over_bytes > without // 2
    swept = Retention(30 * DAY_S, without + 65_536).sweep(database, 0.0)
    assert 0 < swept.large < 100
    assert swept.over_bytes == 0


def test_what_people_said_and_what_was_done_is_never_deleted(database: Database) -> None:
    (asked,) = questions(("dos",))
    queue = Queue(database)
    queue.add([asked])
    queue.tell([answer(asked, "dos")])
    Journal(database).append(0, "line")
    Allowances(database).give(Allowance.of("ana", "own", NOW_S, source="10.0.0.9"))
    fill(database, 5)
    Alerts(database).record([alert(id="owed")], ["eve"], NOW_S)
    swept = Retention(1.0, 1).sweep(database, NOW_S + 100 * DAY_S)
    assert (swept.old, swept.large) == (5, 0)
    assert swept.over_bytes > 0
    with database.reading() as sql:
        counts = {name: sql.execute(select(func.count()).select_from(METADATA.tables[name])).scalar() for name in
                  ("questions", "labels", "ledger", "allowances", "alerts")}  # fmt: skip
    assert counts == {"questions": 1, "labels": 1, "ledger": 1, "allowances": 1, "alerts": 1}
    assert [entry.what for entry in Audit(database).entries()] == ["retention", "allowance given", "label given"]


def test_the_number_of_an_arrival_is_never_given_again(database: Database) -> None:
    fill(database, 3)
    assert Retention(1.0, MUCH).sweep(database, NOW_S + DAY_S).old == 2
    Alerts(database).record([alert(id="next")], [], NOW_S + DAY_S)
    assert [one.arrival for one in Alerts(database).since(0)] == [3, 4]


def test_the_devices_seen_last_are_kept(database: Database) -> None:
    inventory = Inventory(database)
    inventory.take(rows(*({"mac": f"02:00:00:00:00:{n:02x}", "last_seen": n * S} for n in range(10))))
    assert Retention(DAY_S, MUCH, keep_devices=4).sweep(database, NOW_S).devices == 6
    assert [device.last_seen_s for device in inventory.devices()] == [9.0, 8.0, 7.0, 6.0]


@pytest.mark.parametrize("number", [1200])
def test_more_alerts_than_one_transaction_deletes(tmp_path: Path, number: int) -> None:
    database = Database(tmp_path / "s", create=True)
    Alerts(database).record([alert(id=f"{n}", evidence=()) for n in range(number)], [], NOW_S)
    assert Retention(1.0, MUCH).sweep(database, NOW_S + 2).old == number - 1
    assert Retention(1.0, MUCH).sweep(database, NOW_S + 2) == Swept(0, 0, 0, 0)
    database.close()


def test_a_sweep_lets_the_planner_see_how_rows_are_spread(database: Database) -> None:
    Alerts(database).record([alert(id=f"{number:x}") for number in range(30)], [], NOW_S)
    Retention(1e12, 1 << 40).sweep(database, NOW_S)
    if database.is_file:
        with database.reading() as sql:
            studied = sql.exec_driver_sql("select distinct tbl from sqlite_stat1").scalars().all()
        assert "alerts" in studied
