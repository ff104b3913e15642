from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, update

from device_rows import S, rows
from redshank.core.errors import StoreError
from redshank.flows.did import MOST_NAMES, ByName, Did, InHour, Named
from redshank.store import usual as module
from redshank.store.database import Database
from redshank.store.devices import MOST_IN_ALL, Inventory
from redshank.store.tables import DEVICE_HOURS
from redshank.store.usual import DAY_S, HOURS_KEPT, Hour, Name, Usual

LAMP = "02:00:00:00:00:01"


@pytest.fixture
def usual(database: Database) -> Usual:
    Inventory(database).take(rows({}))
    return Usual(database)


def seen(name: str, day: int, flows: int = 1, others: int = 0, kind: str = "uses", device: str = LAMP) -> Did:
    return Did({}, {Named(device, kind, name, day): ByName(flows, others, day * DAY_S + 60.0)})


def hour(at: int, done: InHour, device: str = LAMP) -> Did:
    return Did({(device, at): done}, {})


def test_what_a_device_did_adds_up_by_the_hour(usual: Usual) -> None:
    usual.add(hour(0, InHour(5, 100, 50, 4, 120)))
    usual.add(hour(0, InHour(2, 30, 0)))
    usual.add(hour(1, InHour(2, 1, 0, 2, 1)))
    assert usual.hours(LAMP, 0.0) == [Hour(0, 7, 130, 50, 4, 120), Hour(3_600, 2, 1, 0, 2, 1)]
    assert usual.hours(LAMP, 3_600.0) == [Hour(3_600, 2, 1, 0, 2, 1)]
    usual.add(hour(1, InHour(sent_bytes=MOST_IN_ALL)))
    assert usual.hours(LAMP, 3_600.0)[0].sent_bytes == MOST_IN_ALL


def test_an_hour_that_an_older_version_began_does_not_say_how_much_was_benign(usual: Usual, database: Database) -> None:
    usual.add(hour(0, InHour(5, 100, 50)))
    with database.writing() as sql:
        sql.execute(update(DEVICE_HOURS).values(benign_flows=None, benign_bytes=None))
    usual.add(hour(0, InHour(1, 1, 1, 1, 2)))
    assert usual.hours(LAMP, 0.0) == [Hour(0, 6, 101, 51, None, None)]


def test_a_name_counts_its_days_once_and_what_is_set_aside_apart(usual: Usual) -> None:
    some = (seen("dns", 3), seen("dns", 3, flows=2), seen("dns", 4, flows=0, others=5), seen("dns", 5), seen("dns", 1))
    for did in some:
        usual.add(did)
    usual.add(seen("telnet", 5, flows=0, others=9))
    dns, telnet = usual.names(LAMP)
    assert dns == Name("uses", "dns", 5, 5, 2, DAY_S + 60.0, 5 * DAY_S + 60.0, 5 * DAY_S + 60.0)
    assert telnet == Name("uses", "telnet", 0, 9, 0, None, None, 5 * DAY_S + 60.0)


def test_days_that_are_told_at_once_count_each(usual: Usual) -> None:
    whole = Did({}, {})
    for day in (2, 3, 9):
        whole.add(seen("ntp", day))
    usual.add(whole)
    assert [(one.days, one.first_s) for one in usual.names(LAMP)] == [(3, 2 * DAY_S + 60.0)]


def test_no_scan_puts_out_what_is_usual(usual: Usual) -> None:
    usual.add(seen("dns", 1))
    for day in (2, 3):
        usual.add(seen("mqtt", day))
    for begin in (0, MOST_NAMES, 2 * MOST_NAMES):
        scan = Did({}, {})
        for port in range(begin, begin + MOST_NAMES):
            scan.add(seen(f"tcp/{port}", 4 + begin, flows=0, others=1))
        usual.add(scan)
    names = usual.names(LAMP)
    assert len(names) == MOST_NAMES
    assert [one.name for one in names[:2]] == ["mqtt", "dns"]
    usual.add(seen("http", 5, kind="offers"))
    assert len(usual.names(LAMP)) == MOST_NAMES + 1, "each kind has room of its own"


def test_who_is_not_in_the_inventory_has_nothing_usual(usual: Usual) -> None:
    usual.add(seen("dns", 1, device="02:00:00:00:00:99"))
    usual.add(hour(1, InHour(1), device="02:00:00:00:00:99"))
    usual.add(Did({}, {}))
    assert usual.names("02:00:00:00:00:99") == []
    assert usual.hours("02:00:00:00:00:99", 0.0) == []


def test_a_flood_of_names_is_written_in_parts_and_what_is_written_is_not_written_again(
    usual: Usual, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 4)
    parts = 0
    writing = database.writing

    def writing_twice() -> AbstractContextManager[Connection]:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise StoreError("store: database or disk is full")
        return writing()

    whole = Did({(LAMP, 24): InHour(9)}, {})
    for number in range(6):
        whole.add(seen(f"tcp/{number}", 1))
    whole.add(seen("tcp/5", 2))
    with monkeypatch.context() as full:
        full.setattr(database, "writing", writing_twice)
        with pytest.raises(StoreError, match="disk is full"):
            usual.add(whole)
    assert (len(whole.hours), len(whole.names)) == (0, 3), "one transaction of hours and one of names"
    usual.add(whole)
    assert (len(whole.hours), len(whole.names)) == (0, 0)
    assert [one.flows for one in usual.hours(LAMP, 0.0)] == [9]
    found = {one.name: (one.flows, one.days) for one in usual.names(LAMP)}
    assert found == {f"tcp/{number}": (1, 1) for number in range(5)} | {"tcp/5": (2, 2)}


def test_text_from_the_wire_is_made_inert(usual: Usual) -> None:
    usual.add(seen("x\x00", 1))
    assert [one.name for one in usual.names(LAMP)] == ["x\\x00"]


def test_the_hours_in_which_anybody_did_something_are_known(usual: Usual, database: Database) -> None:
    assert usual.watched(0.0) == []
    Inventory(database).take(rows({"mac": "02:00:00:00:00:02", "last_seen": 30 * S}))
    for at, device in ((1, LAMP), (1, "02:00:00:00:00:02"), (4, "02:00:00:00:00:02"), (5, LAMP)):
        usual.add(hour(at, InHour(1), device))
    assert usual.watched(0.0) == [3_600, 4 * 3_600, 5 * 3_600]
    assert usual.watched(2 * 3_600.0) == [4 * 3_600, 5 * 3_600]


def test_what_is_older_than_a_month_goes_and_so_does_what_is_too_much(
    usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual.add(hour(0, InHour(1)))
    usual.add(hour(1, InHour(1)))
    usual.add(hour(HOURS_KEPT + 1, InHour(1)))
    usual.add(seen("dns", 0))
    usual.add(seen("ntp", 1))
    usual.add(seen("mqtt", 2))
    assert usual.sweep(5 * 3_600.0) == 0, "a record of next month makes nothing old before"
    assert usual.sweep((HOURS_KEPT + 9) * 3_600.0) == 2
    assert [one.start_s for one in usual.hours(LAMP, 0.0)] == [3_600, (HOURS_KEPT + 1) * 3_600]
    assert {one.name for one in usual.names(LAMP)} == {"ntp", "mqtt"}
    monkeypatch.setattr(module, "MOST_ROWS", 1)
    assert usual.sweep((HOURS_KEPT + 9) * 3_600.0) == 1
    assert [one.name for one in usual.names(LAMP)] == ["mqtt"]


def test_of_hours_that_are_too_many_the_oldest_go_of_whichever_device(
    usual: Usual, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = [f"02:00:00:00:01:{n:02x}" for n in range(4)]
    Inventory(database).take(rows(*({"mac": device} for device in forged)))
    for at in range(3):
        usual.add(hour(at, InHour(1)))
        for device in forged[at:]:
            usual.add(hour(at, InHour(1), device))
    monkeypatch.setattr(module, "MOST_HOURS", 7)
    assert usual.sweep(3 * 3_600.0) == 5, "the 12 lose those of the first hour"
    assert usual.watched(0.0) == [3_600, 7_200]
    assert usual.sweep(3 * 3_600.0) == 0
    assert [one.start_s for one in usual.hours(LAMP, 0.0)] == [3_600, 7_200]
