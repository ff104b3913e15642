from typing import Any

import pytest

from device_rows import S, rows
from redshank.store.database import Database
from redshank.store.devices import MOST_NAMES, Inventory


def test_a_device_comes_back_and_is_one_by_its_mac_or_else_its_address(database: Database) -> None:
    inventory = Inventory(database)
    far = {"mac": None, "ips": ["10.1.0.9", "10.1.0.8"], "vendor": None, "last_seen": 30 * S}
    inventory.take(rows({}, far, {"mac": None, "ips": []}))
    lamp, beyond = sorted(inventory.devices(), key=lambda device: device.last_seen_s)
    assert (lamp.id, lamp.mac, lamp.ips, lamp.vendor) == ("02:00:00:00:00:01", lamp.id, ("10.0.0.7",), "Lamps")
    assert (lamp.first_seen_s, lamp.last_seen_s, lamp.offers, lamp.uses) == (10.0, 20.0, ("http",), ())
    assert (lamp.flows, lamp.sent_bytes, lamp.received_bytes) == (5, 100, 50)
    assert (beyond.id, beyond.mac) == ("10.1.0.9", None)
    assert [device.id for device in inventory.devices(limit=1, skip=1)] == [lamp.id]


def test_totals_add_up_over_runs_and_count_nothing_twice(database: Database) -> None:
    first = Inventory(database)
    first.take(rows({"flows": 5}))
    first.take(rows({"flows": 7, "sent_bytes": 130, "last_seen": 40 * S}))
    first.take(rows({"flows": 7, "sent_bytes": 130}))
    second = Inventory(database)  # the service began anew
    second.take(rows({"flows": 2, "sent_bytes": 10, "received_bytes": 0, "first_seen": 50 * S, "last_seen": 60 * S}))
    second.take(rows({"flows": 1, "sent_bytes": 1, "received_bytes": 0}))  # it was forgotten, and came back
    (lamp,) = second.devices()
    assert (lamp.flows, lamp.sent_bytes, lamp.received_bytes) == (10, 141, 50)
    assert (lamp.first_seen_s, lamp.last_seen_s) == (10.0, 60.0)


def test_addresses_and_services_are_kept_up_to_a_bound_the_newest_first(database: Database) -> None:
    inventory = Inventory(database)
    inventory.take(rows({"ips": [f"10.0.1.{n}" for n in range(16)], "uses": ["dns"]}))
    inventory.take(rows({"ips": [f"10.0.2.{n}" for n in range(16)], "uses": ["ntp"]}))
    inventory.take(rows({"ips": ["10.0.3.1", "10.0.1.0"], "uses": ["x\x00"]}))
    (lamp,) = inventory.devices()
    assert len(lamp.ips) == MOST_NAMES
    assert lamp.ips[:3] == ("10.0.3.1", "10.0.1.0", "10.0.2.0")
    assert lamp.uses == ("x\\x00", "ntp", "dns")


def test_totals_stay_numbers_that_a_database_holds(database: Database) -> None:
    for _ in range(3):
        Inventory(database).take(rows({"sent_bytes": 2**61}))
    assert [device.sent_bytes for device in Inventory(database).devices()] == [2**62]


def test_more_devices_than_one_statement_takes(database: Database) -> None:
    inventory = Inventory(database)
    many = [{"mac": f"02:00:00:00:{n // 256:02x}:{n % 256:02x}"} for n in range(600)]
    inventory.take(rows(*many))
    inventory.take(rows(*[one | {"flows": 6} for one in many]))
    assert {device.flows for device in inventory.devices()} == {6}
    assert len(inventory.devices()) == 600


def test_the_bundles_that_judged_are_known(database: Database) -> None:
    inventory = Inventory(database)
    inventory.use("default", "aa", 1.0)
    inventory.use("site", "bb", 2.0)
    inventory.use("default", "aa", 3.0)
    assert [(one.name, one.first_used_s, one.last_used_s) for one in inventory.bundles()] == [
        ("default", 1.0, 3.0),
        ("site", 2.0, 2.0),
    ]


def test_devices_are_found_by_parts_of_words_and_sorted_page_by_page(database: Database) -> None:
    inventory = Inventory(database)
    inventory.take(
        rows(
            {"flows": 5},
            {"mac": "02:00:00:00:00:02", "ips": ["10.0.0.8", "10.0.0.9"], "vendor": "100 % Cams", "flows": 9},
            {"mac": "02:00:00:00:00:03", "ips": ["10.0.0.8"], "uses": ["mqtt"], "flows": 9, "last_seen": 30 * S},
        )
    )

    def numbers(*words: str, **more: Any) -> list[str]:
        return [device.id[-1] for device in inventory.find(words, **more)]

    assert numbers("0.0.8") == ["3", "2"]
    assert numbers("0.0.8", "CAMS") == ["2"]
    assert numbers("%") == ["2"]
    assert numbers("mqtt") == numbers("00:03") == ["3"]
    assert numbers("' OR 1=1 --") == []
    assert numbers("10.0.0.8/31") == ["3", "2"]
    assert numbers("10.0.0.8/31", "cams") == numbers("10.0.0.9/32") == ["2"]
    assert numbers("10.0.0.0/24", limit=1, after=(20.0, "02:00:00:00:00:01")) == ["2"]
    assert numbers("2001:db8::/32") == []
    assert numbers(sort="flows") == ["2", "3", "1"]
    assert numbers(sort="flows", limit=1, after=(9, "02:00:00:00:00:02")) == ["3"]
    assert numbers(ids=["02:00:00:00:00:01"]) == ["1"]
    assert inventory.get("02:00:00:00:00:03") == inventory.find(["mqtt"])[0]
    assert inventory.get("none") is None
    assert inventory.owners(["10.0.0.8", "10.0.0.7", "10.9.9.9"]) == {
        "10.0.0.8": "02:00:00:00:00:03",
        "10.0.0.7": "02:00:00:00:00:01",
    }
    assert inventory.owners([f"10.0.0.{n}" for n in range(9)])["10.0.0.8"] == "02:00:00:00:00:03"
    assert inventory.owners([]) == {}
    assert inventory.owner("10.0.0.9") == inventory.get("02:00:00:00:00:02")
    assert inventory.owner("0.0.9") is None
    assert inventory.count() == 3
    with pytest.raises(ValueError, match="sort: 'vendor' is not kept"):
        inventory.find(sort="vendor")
