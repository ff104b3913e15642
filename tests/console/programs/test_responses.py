import pytest

from browsing import Browser
from redshank.console.desk import Desk


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def test_programs_are_told_and_decide_the_same(desk: Desk, analyst: Browser, admin: Browser) -> None:
    anton, ada = analyst.token("analyst"), admin.token("admin")
    state = anton.api("GET", "/responses").json()
    assert state["problem"] == ""
    name = state["waiting"][0]["id"]
    (done,) = anton.api("POST", "/responses/approve", json={"ids": [name]}).json()
    assert (done["state"], done["by"]) == ("approved", "anton")
    (done,) = anton.api("POST", "/responses/undo", json={"ids": [name], "why": "no", "allow_s": 0}).json()
    told = anton.api("GET", f"/responses/actions/{name}").json()
    assert [line["event"]["what"] for line in told.pop("ledger")] == ["proposed", "approved", "refused"]
    assert told == done
    assert anton.api("GET", "/responses/actions/none").status_code == 404
    assert anton.api("POST", "/responses/undo", json={"ids": [name], "why": ""}).status_code == 422
    alone = {"target": "10.0.0.66", "why": "a test", "allow_s": 60}
    assert anton.api("POST", "/responses/allow", json=alone).status_code == 204
    assert [one["target"] for one in anton.api("GET", "/responses").json()["let_alone"]][:1] == ["10.0.0.66"]
    assert anton.api("POST", "/responses/allow", json=alone | {"allow_s": 0}).status_code == 204
    order = {"target": "10.0.0.66", "measure": "rate_limit", "ttl_s": 60, "why": "too much"}
    assert any("10.0.0.66" in line for line in ada.api("POST", "/responses/rehearse", json=order).json()["ruleset"])
    assert ada.api("POST", "/responses/block", json=order).json()["state"] == "approved"
    lines = ada.api("GET", "/responses/ledger?limit=2").json()
    assert [line["event"]["what"] for line in lines] == ["approved", "proposed"]
    assert ada.api("GET", f"/responses/ledger?limit=1&before={lines[-1]['number']}").json()[0]["number"] > 0
    ended = ada.api("POST", "/responses/flush", json={"why": "over"}).json()
    assert len(ended) > 1
    assert desk.ledger().open() == []


def test_a_program_looks_through_what_is_over_page_by_page(desk: Desk, viewer: Browser) -> None:
    robot = viewer.token()
    every = robot.api("GET", "/responses?limit=500").json()
    assert (every["after"], every["backend"], every["silent"]) == ("", desk.settings.respond.backend, True)
    found: list[dict[str, object]] = []
    after = ""
    while not found or after:
        page = robot.api("GET", "/responses", params={"limit": 2, "after": after}).json()
        found, after = found + page["over"], page["after"]
    assert found == every["over"]
    some = robot.api("GET", "/responses", params={"q": found[0]["target"]}).json()
    assert {one["target"] for one in some["over"]} == {found[0]["target"]}
    assert robot.api("GET", "/responses?after=x").status_code == 400
