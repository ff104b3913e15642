from collections.abc import Callable
from urllib.parse import quote

import pytest

from browsing import Browser
from console.filled import HOSTILE, Filled, hostile
from device_rows import S, rows
from redshank.console.desk import Desk
from redshank.flows.did import ByName, Did, InHour, Named
from redshank.store.devices import Inventory
from redshank.store.usual import DAY_S, Usual

Open = Callable[[str], Browser]


def test_the_inventory_is_searched_sorted_and_leads_to_a_device(open_as: Open) -> None:
    vera = open_as("vera")
    for sort in ("last_seen_s", "risk", "flows", "sent_bytes", "received_bytes", "first_seen_s"):
        assert "192.168.39.30" in vera.get("/devices", sort=sort).text
    found = vera.get("/devices", q="39.30").text
    assert "192.168.39.30" in found
    assert "192.168.39.214" not in found
    assert "No device fits." in vera.get("/devices", q="nowhere").text
    page = vera.get("/devices/192.168.39.30")
    assert page.status_code == 200
    for words in ("Services and peers seen lately, attacks included", "Talks to", "critical", "Questions and labels"):
        assert words in page.text
    assert "/responses/block" not in page.text
    assert "/responses/block?target=192.168.39.30" in open_as("ada").get("/devices/192.168.39.30").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/devices?sort=vendor", 400),
        ("/devices?after=x", 400),
        ("/devices?after=nan,x", 400),
        ("/devices/nobody", 404),
        ("/devices/192.168.39.30?span=1y", 400),
        ("/devices?q=%27%20OR%201=1--", 200),
        ("/devices?q=10.0.0.0/33", 400),
        ("/devices?after=1e300,%27%20OR", 200),
    ],
)
def test_what_is_asked_wrongly_is_told(open_as: Open, path: str, status: int) -> None:
    assert open_as("vera").get(path).status_code == status


def test_hostile_text_is_only_text(open_as: Open, filled: Filled) -> None:
    hostile(filled)
    vera = open_as("vera")
    for path in (
        "/devices",
        "/devices?sort=risk",
        f"/devices/{quote(HOSTILE.encode('unicode_escape').decode(), safe='')}",
    ):
        page = vera.get(path).text
        for bad in ("<img src=x", "\x1b", "\u202e", " style="):
            assert bad not in page
    assert "&lt;img src=x" in vera.get("/devices").text


def test_programs_are_told_the_same_page_by_page(open_as: Open) -> None:
    vera = open_as("vera")
    first = vera.api("GET", "/devices?sort=flows&limit=5").json()
    second = vera.api("GET", f"/devices?sort=flows&limit=500&after={quote(first['after'])}").json()
    names = [one["id"] for one in (*first["devices"], *second["devices"])]
    assert len(names) == len(set(names)) == first["known"]
    assert second["after"] == ""
    one = vera.api("GET", "/devices/192.168.39.30").json()
    assert one["device"]["worth"] == "critical"
    assert one["alert_count"] >= len(one["alerts"]) > 0
    assert vera.api("GET", "/devices/nobody").status_code == 404
    assert vera.api("GET", "/devices?limit=0").status_code == 422
    assert vera.api("GET", "/devices?after=x").status_code == 400


def test_devices_and_alerts_of_a_network_are_found_on_pages_and_by_programs(open_as: Open) -> None:
    vera = open_as("vera")
    page = vera.get("/devices", q="device:192.168.39.24/29").text
    assert "192.168.39.30" in page
    assert "192.168.39.214" not in page
    assert "No device fits." in vera.get("/devices", q="2001:db8::/32").text
    wrong = vera.get("/devices", q="10.0.0.0/33")
    assert (wrong.status_code, "10.0.0.0/33 is no network; write one like 10.0.0.0/24" in wrong.text) == (400, True)
    assert vera.api("GET", "/devices?q=10.0.0.0/33").status_code == 400
    told = vera.api("GET", "/devices?q=192.168.39.24/29").json()["devices"]
    assert told
    assert all("192.168.39.30" in one["ips"] for one in told)
    every = vera.api("GET", "/alerts?rows=500").json()["alerts"]
    some = vera.api("GET", "/alerts?rows=500&q=device:192.168.39.24/29").json()
    assert {one["device"] for one in some["alerts"]} == {"192.168.39.30"}
    assert some["total"] == sum(one["device"] == "192.168.39.30" for one in every)
    groups = vera.api("GET", "/alerts/groups?by=device&q=device:192.168.39.24/29").json()
    assert [one["value"] for one in groups] == ["192.168.39.30"]
    page = vera.get("/alerts", q="device:192.168.0.0/99").text
    assert "is no network; write one like 10.0.0.0/24 or 2001:db8::/32" in page


LAMP, DAY = "02:00:00:00:00:01", 19_000


def live(desk: Desk, days: int) -> None:
    """Let a lamp be there for some days, at eight o'clock, and on the next day at nine, with another peer."""
    Inventory(desk.database).take(rows({"last_seen": (DAY + days) * DAY_S * S}))
    did = Did({}, {})
    for day in range(DAY, DAY + days):
        did.hours[LAMP, day * 24 + 8] = InHour(2, 2**20, 2**20, 2, 2**21)
        did.hours[LAMP, day * 24 + 9] = InHour()
        for name in ["mqtt", *(f"tcp/{n}" for n in range(9))]:
            did.names[Named(LAMP, "uses", name, day)] = ByName(2, 0, (day + 0.5) * DAY_S)
    did.hours[LAMP, (DAY + days) * 24 + 9] = InHour(9, 2**20, 2**20)
    did.names[Named(LAMP, "peers", "<b>10.6.6.6", DAY + days)] = ByName(0, 9, (DAY + days + 0.5) * DAY_S)
    Usual(desk.database).add(did)


def test_what_is_usual_stands_beside_what_is_different_now(desk: Desk, viewer: Browser) -> None:
    live(desk, 8)
    page = viewer.get(f"/devices/{LAMP}").text
    for words in (
        "talks to &lt;b&gt;10.6.6.6, of which no flow is usual: 9 flows",
        "active from 09:00 to 10:00 UTC, never before in 8 days",
        "16 flows on 8 days",
        "<summary>2 more</summary>",
        "08:00 usually 2 MiB, 2 to 2",
        "0 of 8 days",
        "and 0 set aside",
    ):
        assert words in page, words
    assert "too little" not in page
    told = viewer.token("viewer").api("GET", f"/devices/{LAMP}").json()["usual"]
    assert (told["days"], told["enough"], told["flows"], told["full"]) == (8, True, 16, [])
    assert told["changes"] == [
        "talks to <b>10.6.6.6, of which no flow is usual: 9 flows",
        "active from 09:00 to 10:00 UTC, never before in 8 days",
    ]
    assert told["uses"][0] == {
        "name": "mqtt", "flows": 16, "days": 8, "first_s": (DAY + 0.5) * DAY_S, "last_s": (DAY + 7.5) * DAY_S,
    }  # fmt: skip
    assert told["peers"] == told["offers"] == []
    assert [one["median"] for one in told["hours"][7:10]] == [None, 2.0 * 2**20, 0.0]


def test_of_a_device_that_is_known_for_a_day_nothing_is_called_different(desk: Desk, viewer: Browser) -> None:
    live(desk, 1)
    page = viewer.get(f"/devices/{LAMP}").text
    assert "Known for 1 day, too little to say what is different: that is told from 7 on." in page
    assert "10.6.6.6" not in page
    assert viewer.token("viewer").api("GET", f"/devices/{LAMP}").json()["usual"]["changes"] == []
