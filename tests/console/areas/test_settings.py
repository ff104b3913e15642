from collections.abc import Callable

from browsing import Browser
from redshank.console.desk import Desk
from redshank.core.concealed import HIDDEN

Open = Callable[[str], Browser]


def test_settings_tell_their_value_meaning_and_origin(open_as: Open, full: Desk) -> None:
    vera = open_as("vera")
    page = vera.get("/settings")
    assert page.status_code == 200
    for words in ("[sinks.eve]", "Length of the window", f"{full.config}, line"):
        assert words in page.text
    assert "window_s" not in vera.get("/settings", chosen="yes").text
    assert "No setting fits." in vera.get("/settings", q="nonsense").text
    assert "<b>" not in vera.get("/settings", q="<b>").text


def test_programs_are_told_the_same(open_as: Open) -> None:
    told = open_as("vera").api("GET", "/settings").json()
    found = {(one["section"], one["name"]): one for one in told["settings"]}
    assert found["[alerts]", "window_s"]["value"] == "300.0"
    assert found["[detect]", "models"]["chosen"]
    assert not told["stale"]
    assert HIDDEN not in [one["value"] for one in told["settings"]]
