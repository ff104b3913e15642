from console.cases import HOSTILE, put, told
from redshank.console.desk import Desk
from redshank.console.facts.allowances import listed, preview, suggestions
from redshank.console.facts.allowances import told as entries_of
from redshank.core.allowance import Allowance
from redshank.core.records import Evidence


def allowance(until_s: float | None = None, **terms: str) -> Allowance:
    return Allowance.of("ana", "ours", 1_000.0, until_s, **terms)  # type: ignore[arg-type]


def test_allowances_stand_by_their_state(desk: Desk) -> None:
    made = [allowance(device="10.0.0.7"), allowance(2_000.0, device="10.0.0.8"), allowance(device="10.0.0.9")]
    for one in made:
        desk.allowances.give(one)
    desk.allowances.withdraw(made[2].id, "ben", 3_000.0, "no")
    found = {state: [one.allowance for one in some] for state, some in listed(desk).items()}
    assert found == {"in force": [made[0]], "over": [made[1]], "withdrawn": [made[2]]}
    assert [entry.what for entry in entries_of(desk, made[2].id)] == ["allowance withdrawn", "allowance given"]


def test_every_suggestion_covers_the_alert_that_it_is_for(desk: Desk) -> None:
    flow = Evidence("C1", 1.0, "10.0.0.7", 1, "10.0.0.1", 53, "udp", None, 0.9, None, "Www.Example.org.")
    for one in (
        told("a"),
        told("b", rules=("irc",), detectors=("signatures",)),
        told("c", evidence=(flow,)),
        told("d", targets=("10.0.0.1", "10.0.0.2"), target_count=2),
        told("e", evidence=(), targets=(), target_count=0),
    ):
        offered = suggestions(one)
        assert offered
        for suggestion in offered:
            terms = {name: int(text) if name == "port" else text for name, text in suggestion.terms.items()}
            made = Allowance.of("ana", "ours", 1_000.0, None, **terms)  # type: ignore[arg-type]
            assert preview(desk, made, one).itself, (one.id, suggestion)
    assert [one.name for one in suggestions(told("a"))] == ["just this", "device and family", "whole device"]
    assert suggestions(told("a"))[0].terms == {
        "device": "10.0.0.7", "destination": "10.0.0.1", "port": "23", "family": "scanning",
    }  # fmt: skip


def test_a_preview_tells_of_open_and_past_alerts_and_of_the_one_it_is_for(desk: Desk) -> None:
    put(desk, told("a"), told("b"), told("c", device="10.0.0.8"))
    desk.alerts.judge(["b"], "closed", "ana", 2.0)
    found = preview(desk, allowance(device="10.0.0.7"), told("c", device="10.0.0.8"))
    assert [one.alert.id for one in found.effect.open] == ["a"]
    assert [one.alert.id for one in found.effect.past] == ["b"]
    assert found.itself is False
    assert preview(desk, allowance(device="10.0.0.7")).itself is None


def test_what_no_allowance_can_have_is_not_suggested() -> None:
    assert suggestions(told("a", device=HOSTILE)) == []
    assert [one.name for one in suggestions(told("a", family="Two Words"))] == ["whole device"]
