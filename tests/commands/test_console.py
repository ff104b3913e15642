import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from browsing import CHEAP, PASSWORD
from console.filled import Filled
from program import ended
from redshank.console.people import Door
from redshank.console.sessions import Bearers
from redshank.store.attempts import Attempts
from redshank.store.audit import Audit
from redshank.store.credentials import Tokens
from redshank.store.database import Database
from redshank.store.people import People


class Console:
    """The command over a store of its own; what is typed in comes from standard input."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.place, self._monkeypatch, self._capsys = place, monkeypatch, capsys

    def run(self, *arguments: str, typed: str = "", code: int = 0) -> str:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        assert ended(self._monkeypatch, "console", *arguments, "-s", self.place) == code
        said = self._capsys.readouterr()
        return said.err if code else said.out

    def table(self, *arguments: str) -> Any:
        (rows,) = (value for value in json.loads(self.run(*arguments, "--json")).values() if isinstance(value, list))
        return rows


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    monkeypatch.setattr("redshank.console.people.PasswordHasher", lambda: CHEAP)
    return Console(tmp_path / "store.db", monkeypatch, capsys)


def test_the_first_admin_is_made_at_the_terminal_and_the_audit_has_it(console: Console) -> None:
    assert console.run("user", "add", "ana", "--role", "admin", typed=PASSWORD) == "ana may log in as admin\n"
    (row,) = console.table("user", "list")
    assert (row["name"], row["role"], row["may log in"], row["last login"]) == ("ana", "admin", "yes", None)
    database = Database(console.place)
    (entry,) = Audit(database).entries()
    assert (entry.who, entry.what, entry.about) == ("command line", "account made", "ana")
    assert People(database).find("ana").password.startswith("$argon2id$")  # type: ignore[union-attr]  # it is there
    database.close()
    assert console.run("user", "password", "ana", typed="another four words") == "ana has another password\n"


@pytest.mark.parametrize(
    ("arguments", "typed", "told"),
    [
        (("user", "add", "ana", "--role", "owner"), "", "role: there is no 'owner'; there are viewer, analyst, admin"),
        (("user", "add", "Ana B", "--role", "viewer"), "", "name: 'Ana B' is not allowed"),
        (("user", "add", "ana", "--role", "viewer"), "short", "password: 5 characters; choose 12 to 256"),
        (("user", "password", "cy"), "", "account: there is no 'cy'; `redshank console user list` has all"),
        (("user", "role", "cy", "viewer"), "", "account: there is no 'cy'"),
        (("user", "role", "cy", "king"), "", "role: there is no 'king'"),
        (("token", "give", "cy", "--for", "x"), "", "token: no account 'cy' may log in; name one that may"),
        (("token", "give", "cy", "--for", "x", "--role", "king"), "", "role: there is no 'king'"),
        (("token", "withdraw", "t1"), "", "token: none that stands is called 't1'"),
    ],
)
def test_what_is_wrong_is_one_line(console: Console, arguments: tuple[str, ...], typed: str, told: str) -> None:
    Database(console.place, create=True).close()
    assert console.run(*arguments, typed=typed, code=2).splitlines()[0].startswith(f"redshank: {told}")


@pytest.mark.parametrize("arguments", [("user", "list"), ("token", "give", "ana", "--for", "x"), ("token", "list")])
def test_only_a_first_account_makes_a_store(console: Console, arguments: tuple[str, ...]) -> None:
    assert f"no file '{console.place}'" in console.run(*arguments, code=2)
    assert not console.place.exists()


def test_roles_change_and_accounts_come_and_go_but_for_the_last_admin(console: Console) -> None:
    console.run("user", "add", "ana", "--role", "admin", typed=PASSWORD)
    console.run("user", "add", "bo", "--role", "viewer", typed=PASSWORD)
    assert console.run("user", "role", "bo", "analyst") == "bo is analyst\n"
    assert console.run("user", "disable", "bo") == "bo may log in no more\n"
    assert [row["may log in"] for row in console.table("user", "list")] == ["yes", "no"]
    assert console.run("user", "enable", "bo") == "bo may log in\n"
    assert "'ana' is the last admin" in console.run("user", "disable", "ana", code=1)


def test_a_token_is_printed_once_and_counts_until_it_is_withdrawn(console: Console) -> None:
    console.run("user", "add", "ana", "--role", "admin", typed=PASSWORD)
    secret = console.run("token", "give", "ana", "--for", "the wall", "--days", "0").strip()
    (row,) = console.table("token", "list")
    assert (row["account"], row["for"], row["may"], row["counts"], row["until"]) == (
        *("ana", "the wall", "viewer", "yes"),
        None,
    )
    assert secret not in str(row)
    database = Database(console.place)
    bearers = Bearers(Tokens(database))
    assert bearers.find(secret, 1.0).name == "ana"  # type: ignore[union-attr]  # it counts
    console.run("token", "withdraw", row["token"])
    assert bearers.find(secret, 1.0) is None
    database.close()
    assert [one["counts"] for one in console.table("token", "list")] == ["no"]


@pytest.mark.parametrize(("option", "named"), [("-s", "--store"), ("-c", "--config")])
def test_a_store_is_named_behind_the_command_and_not_before(console: Console, option: str, named: str) -> None:
    told = console.run(option, str(console.place), "user", "list", code=2)
    assert told == f"redshank: {named}: it stands before 'user'; give it at the end of the line\n"
    assert not console.place.exists()


def test_a_first_account_says_that_it_made_a_store_and_pages_are_served_of_none_that_is_not_there(
    console: Console, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"no file '{console.place}'" in console.run(code=2)
    assert not console.place.exists()
    for name, said in (("ana", f"There was no store '{console.place}'; it was made, empty\n"), ("bo", "")):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        ended(monkeypatch, "console", "user", "add", name, "--role", "admin", "-s", console.place)
        assert capsys.readouterr().err == said


def test_a_password_is_no_argument(console: Console) -> None:
    assert "No such option" in console.run("user", "add", "ana", "--role", "admin", "--password", "x", code=2)


def test_the_console_serves_until_it_is_asked_to_end(tmp_path: Path) -> None:
    Database(tmp_path / "store.db", create=True).close()
    command = [sys.executable, "-c", "from redshank.commands import main; main()", "console", "-s", "store.db"]
    environment = os.environ | {"REDSHANK_CONSOLE__LISTEN": "127.0.0.1:0"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as running:
        assert running.stderr
        told = running.stderr.readline()
        place = re.search(r"Console at (http://127\.0\.0\.1:\d+)", told)
        assert place, told
        assert "redshank console user add NAME --role admin -s store.db" in running.stderr.readline()
        with urllib.request.urlopen(f"{place[1]}/healthz", timeout=20) as answer:
            assert answer.read() == b"ok\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert running.stderr.read() == ""


def test_the_demonstration_is_served_to_who_has_the_password_that_was_told_once(
    tmp_path: Path, first_filled: Filled, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, served = tmp_path / "out", list[Any]()
    monkeypatch.setenv("REDSHANK_CONSOLE__LISTEN", "127.0.0.1:0")
    monkeypatch.setattr("redshank.console.people.PasswordHasher", lambda: CHEAP)
    monkeypatch.setattr("redshank.demonstration.fill", first_filled.copied)  # what it makes takes seconds
    monkeypatch.setattr("redshank.console.serve.Served.run", lambda _, sockets: served.extend(sockets))
    assert ended(monkeypatch, "console", "demo", "-o", out) == 0
    said = capsys.readouterr().err
    assert "Console at http://127.0.0.1:" in said
    assert len(served) == 1
    secret = re.search(r"Log in as demo with the password (\S+) \(told once\)", said)
    assert secret
    with closing(Database(out / "state" / "redshank.db")) as database:
        door = Door(People(database), Attempts(database), CHEAP)
        assert door.enter("demo", secret[1], "127.0.0.1", 2e9).role == "admin"
    assert ended(monkeypatch, "console", "demo", "-o", out) == 2
    told = capsys.readouterr().err
    assert f"--out: '{out}' is not empty; name another, or look at it again: redshank console -c {out}" in told
    assert ended(monkeypatch, "console", "demo", "-o", out / "state") == 2
    assert capsys.readouterr().err == f"redshank: --out: '{out / 'state'}' is not empty; name another\n"


def test_a_public_address_without_tls_is_refused(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    Database(console.place, create=True).close()
    monkeypatch.setenv("REDSHANK_CONSOLE__LISTEN", "0.0.0.0:8477")
    assert "console.listen: others can reach '0.0.0.0'" in console.run(code=2)
