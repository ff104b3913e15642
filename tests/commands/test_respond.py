import json
from pathlib import Path
from typing import Any

import pytest

from namespaces import empty_network
from program import ended
from redshank.respond.backend import Hold
from redshank.respond.backends.nftables import Nftables
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.store.database import Database
from redshank.store.ledger import Journal
from responses import action

WHO = ("--as", "ana")
WHY = ("--because", "her own test")
TARGET = "203.0.113.66"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Journal(Database(tmp_path / "s.db", create=True)), Protected)


@pytest.fixture
def json_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(command: str, *arguments: object) -> Any:
        store = ("--store", tmp_path / "s.db")
        assert ended(monkeypatch, "respond", command, *arguments, *store, "--json") == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_what_waits_is_listed_and_approved(ledger: Ledger, json_of: Any) -> None:
    name = ledger.propose(action(TARGET, alert="00ff"), 1_700_000_000.0, approval=True).action.id
    (row,) = json_of("list")["actions"]
    assert row | {"action": name, "state": "waits for approval", "target": TARGET, "alert": "00ff"} == row
    assert row["since"] == "2023-11-14 22:13:20Z"
    (row,) = json_of("approve", name[:8], *WHO)["actions"]
    assert (row["state"], row["by"]) == ("approved", "ana")
    ledger.refresh()
    assert ledger.find(name).state == "approved"
    ledger.applied(name, 1_700_000_001.0, 600.0, "dry_run")
    (row,) = json_of("list")["actions"]
    assert (row["state"], row["backend"]) == ("applied", "dry_run")


def test_what_holds_in_a_dry_run_is_told_from_what_is_enforced(ledger: Ledger, json_of: Any) -> None:
    for number, backend in enumerate(("dry_run", "nftables")):
        name = ledger.propose(action(f"203.0.113.{number}"), 1_700_000_000.0, approval=False).action.id
        ledger.approve(name, "ana", 1_700_000_000.0)
        ledger.applied(name, 1_700_000_000.0, 600.0, backend)
    rows = json_of("list")["actions"]
    assert [(row["state"], row["backend"], row["enforced"]) for row in rows] == [
        ("applied", "dry_run", "dry run: nothing is enforced"),
        ("applied", "nftables", "yes"),
    ]
    json_of("block", TARGET, *WHO, *WHY)
    assert json_of("list")["actions"][-1]["enforced"] is None


def test_what_is_undone_is_let_alone_for_a_while(ledger: Ledger, json_of: Any) -> None:
    (row,) = json_of("block", f"::ffff:{TARGET}", "--for", "1h", *WHO, *WHY)["actions"]
    assert (row["state"], row["target"], row["for_s"]) == ("approved", TARGET, 3_600)
    (row,) = json_of("undo", row["action"], *WHO, *WHY, "--allow", "2h")["actions"]
    assert (row["state"], row["because"]) == ("refused", "her own test")
    assert json_of("list")["actions"] == []
    assert len(json_of("list", "--all")["actions"]) == 1
    ledger.refresh()
    assert ledger.addresses.allowed(TARGET, 0.0).endswith("by ana")


def test_how_many_are_over_and_not_listed_is_said(
    ledger: Ledger, json_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        name = ledger.propose(action(f"203.0.113.{number}"), 1_700_000_000.0, approval=True).action.id
        ledger.undo(name, "ana", 1_700_000_001.0, "no")
    monkeypatch.setattr("redshank.respond.ledger.FINISHED_KEPT", 1)
    found = json_of("list", "--all")
    assert ([row["target"] for row in found["actions"]], found["ledger"]["over_and_not_listed"]) == (
        ["203.0.113.1", "203.0.113.2"],
        1,
    )
    assert "over_and_not_listed" not in json_of("list")["ledger"]


@pytest.mark.parametrize("command", [("approve",), ("undo", *WHY)])
def test_of_several_actions_none_is_touched_if_one_is_not_there(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    name = ledger.propose(action(TARGET), 1_700_000_000.0, approval=True).action.id
    assert ended(monkeypatch, "respond", *command, name, "ffff", *WHO, "--store", tmp_path / "s.db") == 1
    ledger.refresh()
    assert ledger.find(name).state == "proposed"


def test_an_address_is_allowed_and_no_longer(ledger: Ledger, json_of: Any) -> None:
    assert json_of("allow", TARGET, "--for", "1h", *WHO, *WHY)["allowed"]["target"] == TARGET
    ledger.refresh()
    assert ledger.addresses.allowed(TARGET, 0.0)
    json_of("allow", TARGET, "--for", "0", *WHO, *WHY)
    ledger.refresh()
    assert not ledger.addresses.allowed(TARGET, 4e9)


def test_flushing_takes_everything_back(ledger: Ledger, json_of: Any) -> None:
    for number in range(3):
        ledger.propose(action(f"203.0.113.{number}"), 1_700_000_000.0, approval=True)
    assert len(json_of("flush", *WHO, *WHY)["actions"]) == 3
    ledger.refresh()
    assert ledger.open() == []


@pytest.mark.root
@pytest.mark.service
def test_where_no_service_runs_the_kernel_is_told_from_here(ledger: Ledger, json_of: Any, tmp_path: Path) -> None:
    del ledger
    backend = Nftables()
    with empty_network():
        (row,) = json_of("block", TARGET, *WHO, *WHY)["actions"]
        backend.apply([Hold("block", TARGET, 600.0), Hold("block", "203.0.113.7", 600.0)], Protected())
        json_of("undo", row["action"], *WHO, *WHY, "--backend", "nftables")
        assert [hold.target for hold in backend.active()] == ["203.0.113.7"]
        json_of("flush", *WHO, *WHY, "--backend", "nftables")
        assert backend.active() == []
    assert (tmp_path / "s.db").is_file()


@pytest.mark.root
@pytest.mark.service
def test_flushing_the_kernel_works_with_a_store_that_was_changed(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del ledger
    journal = Journal(Database(tmp_path / "s.db"))
    assert journal.append(0, "{}")
    with empty_network():
        Nftables().apply([Hold("block", TARGET, 600.0)], Protected())
        flush = ("flush", "--store", tmp_path / "s.db", *WHO, *WHY, "--backend", "nftables")
        assert ended(monkeypatch, "respond", *flush) == 1
        assert Nftables().active() == []
    assert "ledger: line 1 was changed after it was written" in capsys.readouterr().err


def test_a_dry_run_prints_the_ruleset_and_writes_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ended(monkeypatch, "respond", "block", TARGET, *WHO, *WHY, "--dry-run") == 0
    text = capsys.readouterr().out
    assert TARGET in text
    assert {next(iter(command)) for command in json.loads(text)["nftables"]} == {"add", "flush", "delete"}
    ledger.refresh()
    assert ledger.entries() == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("approve", "ffff", *WHO), 1, "ledger: there is no action 'ffff'; `redshank respond list` shows them"),
        (("approve", "ffff", "--as", "policy"), 2, "--as: 'policy' names nobody"),
        (("block", "127.0.0.1", *WHO, *WHY), 1, "127.0.0.1 is protected: own address (lo); nothing is done against it"),
        (("block", "::ffff:127.0.0.1", *WHO, *WHY, "--dry-run"), 1, "'127.0.0.1' is protected"),
        (("block", "router", *WHO, *WHY), 2, "target: 'router' is neither an IP address nor a MAC"),
        (("block", TARGET, *WHO, *WHY, "--for", "ever"), 2, "--for: 'ever' is no span of time"),
        (("allow", "router", "--for", "1h", *WHO, *WHY), 1, "'router' is neither an IP address nor a MAC"),
        (("undo", "ffff", *WHO, *WHY, "--backend", "iptables"), 2, "backend: no 'iptables'"),
        (("block", TARGET, *WHY), 2, "Missing option '--as'"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    del ledger
    assert ended(monkeypatch, "respond", *arguments, "--store", tmp_path / "s.db") == code
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1


def test_a_store_that_is_not_there_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "respond", "list", "--store", tmp_path / "none.db") == 2
    assert "none.db" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
