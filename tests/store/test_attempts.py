import pytest

from redshank.store import attempts
from redshank.store.attempts import FORGOTTEN_S, Attempts, Patience
from redshank.store.database import Database

PATIENCE = {"account:a": Patience(free=2, first_s=2.0, longest_s=60.0)}


def test_each_failure_in_a_row_waits_longer(database: Database) -> None:
    tried, now_s, waits = Attempts(database), 100.0, []
    for _ in range(8):
        wait_s = tried.begin(PATIENCE, now_s)
        waits.append(wait_s)
        if wait_s:
            now_s += wait_s
            assert tried.begin(PATIENCE, now_s) == 0.0
    assert waits == [0.0, 0.0, 0.0, 2.0, 4.0, 8.0, 16.0, 32.0]


def test_whoever_must_wait_is_not_counted_again(database: Database) -> None:
    tried = Attempts(database)
    for _ in range(3):
        tried.begin(PATIENCE, 100.0)
    assert [tried.begin(PATIENCE, 101.0) for _ in range(5)] == [1.0] * 5
    assert tried.begin(PATIENCE, 102.0) == 0.0


def test_two_who_come_at_once_do_not_wait_for_each_other(database: Database) -> None:
    tried = Attempts(database)
    assert [tried.begin(PATIENCE, now_s) for now_s in (100.02, 100.0)] == [0.0, 0.0]


def test_a_login_forgives_the_account_everything_and_the_address_one(database: Database) -> None:
    tried = Attempts(database)
    both = {**PATIENCE, "address:x": Patience(free=3, first_s=2.0, longest_s=60.0)}
    for _ in range(2):
        tried.begin(both, 100.0)
    tried.succeeded("account:a", "address:x")
    other = {"account:b": PATIENCE["account:a"], "address:x": both["address:x"]}
    for _ in range(3):
        assert tried.begin(other, 101.0) == 0.0
    assert tried.begin({"address:x": both["address:x"]}, 101.0) == 2.0
    assert tried.begin(PATIENCE, 101.0) == 0.0


def test_a_day_later_everything_is_forgiven(database: Database) -> None:
    tried = Attempts(database)
    for _ in range(3):
        tried.begin(PATIENCE, 100.0)
    later_s = 100.0 + FORGOTTEN_S
    assert [tried.begin(PATIENCE, later_s) for _ in range(3)] == [0.0] * 3


def test_guessing_many_names_fills_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST", 3)
    tried = Attempts(database)
    for n in range(6):
        tried.begin({f"account:{n}": PATIENCE["account:a"]}, float(n))
    with database.reading() as sql:
        assert sql.exec_driver_sql("select key from attempts order by key").scalars().all() == [
            *("account:3", "account:4"),
            "account:5",
        ]
