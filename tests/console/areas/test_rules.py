import pytest

from browsing import Browser
from console.cases import HOSTILE, put, told
from redshank.console.desk import Desk


def test_the_list_tells_of_every_rule(desk: Desk, viewer: Browser) -> None:
    put(desk, told("a1", rules=("telnet-sweep",)), told("b2", rules=("telnet-sweep",)))
    desk.alerts.judge(["a1"], "false_alarm", "ana", 1.0)
    page = viewer.get("/rules").text
    assert "telnet-sweep" in page
    assert "in force" in page
    assert "bad_addresses" in page
    assert page.index("ack-flood<") < page.index("<summary>") < page.index("helper</td>") < page.index("</details>")
    assert 'class="card" open' not in page
    order = viewer.get("/rules", order="fired").text
    assert order.index("telnet-sweep<") < order.index("ack-flood<")
    only = viewer.get("/rules", q="telnet").text
    assert "ack-flood<" not in only
    assert "No rule has these words." in viewer.get("/rules", q="nothing like it").text
    assert viewer.get("/rules", order="size").status_code == 400


def test_one_rule_is_shown_as_it_is_written(desk: Desk, viewer: Browser) -> None:
    put(desk, told("a1", rules=("telnet-sweep",)))
    page = viewer.get("/rules/telnet-sweep").text
    for part in (
        "Login ports of many devices",
        "An inventory scan that was announced",
        "T1046",
        "timespan: 1m",
        "1 alerts",
    ):
        assert part in page, part


@pytest.mark.parametrize("name", ["none", "a/b", HOSTILE.replace("/", "")])
def test_a_rule_that_is_not_there_is_told_so(viewer: Browser, name: str) -> None:
    page = viewer.get(f"/rules/{name.encode().hex() if not name.isprintable() else name}")
    assert page.status_code == 404
    assert "there is no rule" in page.text
