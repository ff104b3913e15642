from browsing import Browser
from console.cases import put, told
from redshank.console.desk import Desk


def test_a_program_reads_rules_and_how_they_do(desk: Desk, viewer: Browser) -> None:
    put(desk, told("a1", rules=("telnet-sweep",)))
    desk.alerts.judge(["a1"], "false_alarm", "ana", 1.0)
    viewer.token()
    book = viewer.api("GET", "/rules").json()
    assert (book["problems"], book["in_service"]) == ([], True)
    assert {"bad_addresses", "bad_domains"} <= {one["name"] for one in book["watchlists"]}
    one = viewer.api("GET", "/rules/telnet-sweep").json()
    assert "telnet" in one.pop("text")
    assert one in book["rules"]
    assert (one["fired"], one["judged"]) == (1, 1)
    assert (one["ended"], one["false_share"], one["origin"]) == ({"false_alarm": 1}, 1.0, "shipped")
    assert viewer.api("GET", "/rules/none").status_code == 404
