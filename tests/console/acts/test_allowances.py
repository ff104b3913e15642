import pytest

from console.cases import put, told
from redshank.console.acts import allowances as acts
from redshank.console.desk import Desk
from redshank.console.people import Person
from redshank.core.errors import ConfigError

ANA = Person("ana", "analyst")
DAY_S = 86_400.0


def test_an_allowance_is_given_closes_alerts_and_is_withdrawn(desk: Desk) -> None:
    put(desk, told("a"), told("b", device="10.0.0.8"))
    made = acts.add(desk, acts.drafted(desk, ANA, {"device": "10.0.0.7", "port": "23", "rule": ""}, " ours "))
    assert made.closed == 1
    assert (made.allowance.terms(), made.allowance.author, made.allowance.reason) == (
        "device 10.0.0.7, port 23", "ana", "ours",
    )  # fmt: skip
    assert made.allowance.expires_at_s == desk.now_s() + 30 * DAY_S
    with pytest.raises(ConfigError, match="why: nothing is written"):
        acts.withdraw(desk, ANA, made.allowance.id, " ")
    acts.withdraw(desk, ANA, made.allowance.id, "sold")
    assert acts.found(desk, made.allowance.id).withdrawn
    assert [entry.what for entry in desk.audit.entries(about=made.allowance.id)] == [
        "allowance withdrawn", "allowance given",
    ]  # fmt: skip


def test_what_is_allowed_already_is_not_allowed_twice(desk: Desk) -> None:
    terms = {"device": "10.0.0.7", "port": "23"}
    made = acts.add(desk, acts.drafted(desk, ANA, terms, "ours")).allowance
    with pytest.raises(ConfigError, match=f"'device 10.0.0.7, port 23' is in force already, as {made.id}; extend"):
        acts.add(desk, acts.drafted(desk, ANA, terms, "ours, too", "1h"))
    acts.withdraw(desk, ANA, made.id, "sold")
    acts.add(desk, acts.drafted(desk, ANA, terms, "bought again"))


def test_what_people_paste_is_written_as_an_allowance_has_it(desk: Desk) -> None:
    terms = {"device": "02:00:5E:10:00:01", "domain": "Example.ORG."}
    made = acts.drafted(desk, ANA, terms, "ours", "0")
    assert (made.device, made.domain, made.expires_at_s) == ("02:00:5e:10:00:01", "example.org", None)


def test_an_allowance_that_is_extended_holds_on_without_a_gap(desk: Desk) -> None:
    old = acts.add(desk, acts.drafted(desk, ANA, {"device": "10.0.0.7", "port": "23"}, "ours", "1h")).allowance
    made = acts.extend(desk, Person("ben", "analyst"), old.id, "7d").allowance
    assert (made.terms(), made.author, made.reason) == (old.terms(), "ben", "ours")
    assert made.expires_at_s == desk.now_s() + 7 * DAY_S
    assert desk.allowances.standing(desk.now_s()) == [made]
    assert desk.audit.entries(about=old.id)[0].detail["why"] == f"extended as {made.id}"
    with pytest.raises(ConfigError, match="was withdrawn; give a new one"):
        acts.extend(desk, ANA, old.id, "7d")
    with pytest.raises(ConfigError, match="allowance: none is 'nope'"):
        acts.extend(desk, ANA, "nope", "7d")


@pytest.mark.parametrize(
    ("terms", "because", "span", "problems"),
    [
        ({}, "x", "30d", ["allowance: no condition is given"]),
        ({"port": "ssh", "source": "here"}, "", "soon", [
            "allowance.port: 'ssh' is no port", "how long: 'soon' is no span of time",
            "allowance.reason: none is given", "allowance.source: 'here' is no IP address",
        ]),
        ({"port": "70000"}, "x", "1h", ["allowance.port: 70000 is no port"]),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_is_told(
    desk: Desk, terms: dict[str, str], because: str, span: str, problems: list[str]
) -> None:
    with pytest.raises(ConfigError) as error:
        acts.drafted(desk, ANA, terms, because, span)
    assert [told.startswith(want) for told, want in zip(error.value.problems, problems, strict=True)] == [True] * len(
        problems
    )
