import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from program import ended
from records import alert
from redshank.core.allowance import Allowance
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.store.alerts import Alerts
from redshank.store.allowances import Allowances
from redshank.store.database import Database
from redshank.store.ledger import Journal
from responses import action


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert ended(monkeypatch, "allow", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_what_is_allowed_is_listed_until_it_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    who = ("--store", tmp_path / "s", "--as", "ana", "--because", "our own scanner")
    (one,) = said(monkeypatch, capsys, "add", *who, "--device", "10.0.0.9", "--family", "scanning")["allowances"]
    said(monkeypatch, capsys, "add", *who, "--port", 23, "--for", "0")
    listed = said(monkeypatch, capsys, "list", "--store", tmp_path / "s")["allowances"]
    assert [row["allows"] for row in listed] == ["device 10.0.0.9, family scanning", "port 23"]
    assert listed[0] | {"by": "ana", "because": "our own scanner", "until": one["until"]} == listed[0]
    assert listed[1]["until"] is None
    gone = said(monkeypatch, capsys, "remove", one["allowance"][:6], *who)["allowances"]
    assert [row["allowance"] for row in gone] == [one["allowance"]]
    told = said(monkeypatch, capsys, "list", "--all", "--store", tmp_path / "s")
    assert [row["allows"] for row in told["allowances"]] == ["port 23"]
    assert [row["allows"] for row in told["over"]] == ["device 10.0.0.9, family scanning"]


def test_who_allows_is_told_what_it_closed_and_took_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(tmp_path / "s", create=True)
    Alerts(database).record([alert()], [], 1.0)
    Ledger(Journal(database), Protected).propose(action("10.0.0.7", alert="00ff"), 1.0, approval=True)
    who = ("--store", tmp_path / "s", "--as", "ana", "--because", "our own scanner")
    made = said(monkeypatch, capsys, "add", *who, "--device", "10.0.0.7")
    assert (made["alerts"], made["actions"]) == ({"closed": 1}, {"taken back": 1})


def test_an_allowance_holds_for_thirty_days_unless_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    who = ("--store", tmp_path / "s", "--as", "ana", "--because", "known")
    for span in ((), ("--for", "12h")):
        said(monkeypatch, capsys, "add", *who, *span, "--rule", "telnet open", "--domain", "example.org")
    days = [
        (one.expires_at_s or 0.0) - one.given_at_s for one in Allowances(Database(tmp_path / "s")).standing(now_s=0.0)
    ]
    assert days == [pytest.approx(30 * 86_400), pytest.approx(43_200)]


def test_a_rule_or_family_that_nothing_here_tells_is_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    who = ("allow", "add", "--store", tmp_path / "s", "--as", "ana", "--because", "known")
    assert ended(monkeypatch, *who, "--rule", "telnet-sesion", "--family", "scaning") == 0
    family, rule = capsys.readouterr().err.splitlines()
    assert family.startswith("hint: family: nothing here tells of 'scaning'; did you mean 'scanning'? (there are: ")
    assert rule == (
        "hint: rule: none is called 'telnet-sesion' here; did you mean 'telnet-session'? "
        "`redshank rules list` has those that ship"
    )
    assert ended(monkeypatch, *who, "--rule", "telnet-session", "--family", "scanning") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add",), "allowance: no condition is given, so it would allow everything"),
        (("add", "--source", "here"), "allowance.source: 'here' is no IP address or network"),
        (("add", "--port", "23", "--for", "soon"), "--for: 'soon' is no span of time"),
        (("remove", "ff"), "allowance: none that holds begins with 'ff'; `redshank allow list` has all"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    who = ("--store", tmp_path / "s", "--as", "ana", "--because", "known")
    Database(tmp_path / "s", create=True)
    assert ended(monkeypatch, "allow", *arguments, *who) == 2
    assert message in capsys.readouterr().err


def test_a_beginning_of_several_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [Allowance.of("ana", "known", 1.0, port=port) for port in range(1, 18)]  # there are sixteen first digits
    allowances = Allowances(Database(tmp_path / "s", create=True))
    for one in given:
        allowances.give(one)
    digit, count = Counter(one.id[0] for one in given).most_common(1)[0]
    told = ended(monkeypatch, "allow", "remove", digit, "--store", tmp_path / "s", "--as", "ana", "--because", "known")
    assert told == 2
    assert f"allowance: '{digit}' is the beginning of {count} that hold; write more of it" in capsys.readouterr().err
    assert len(allowances.standing(now_s=2.0)) == 17


def test_there_is_no_list_where_there_is_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "allow", "list", "--store", tmp_path / "absent") == 2
    assert "absent" in capsys.readouterr().err
