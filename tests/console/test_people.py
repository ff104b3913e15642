import threading
import time
from typing import Literal

import pytest
from argon2 import PasswordHasher

from browsing import CHEAP, PASSWORD
from peers import until
from redshank.console.desk import Desk
from redshank.console.people import AT_ONCE, BUSY_S, MOST_WAITING, Door, Person, Refused, password_problems
from redshank.core.errors import ConfigError
from redshank.store.attempts import Attempts
from redshank.store.people import People


@pytest.fixture
def door(desk: Desk) -> Door:
    return Door(People(desk.database), Attempts(desk.database), CHEAP)


def refused(door: Door, name: str, password: str, now_s: float, address: str = "10.0.0.1") -> float:
    with pytest.raises(Refused) as caught:
        door.enter(name, password, address, now_s)
    return caught.value.wait_s


def test_who_knows_the_password_comes_in_however_the_name_is_written(door: Door) -> None:
    assert door.enter(" Vera ", PASSWORD, "10.0.0.1", 1.0).role == "viewer"


def test_a_wrong_name_and_a_wrong_password_are_refused_alike(door: Door) -> None:
    assert refused(door, "vera", "wrong", 1.0) == refused(door, "nobody", "wrong", 1.0) == 0.0


def test_a_wrong_name_takes_as_long_as_a_wrong_password(desk: Desk) -> None:
    calls = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  the library's name
            calls.append(hash)
            return super().verify(hash, password)

    door = Door(People(desk.database), Attempts(desk.database), Counting(time_cost=1, memory_cost=8, parallelism=1))
    refused(door, "vera", "wrong", 1.0)
    refused(door, "nobody", "wrong", 1.0)
    assert len(calls) == 2


def test_who_guesses_waits_longer_each_time_and_the_right_password_does_not_help(door: Door) -> None:
    waits = [refused(door, "vera", f"guess {n}", 100.0) for n in range(8)]
    assert waits == [0.0] * 6 + [2.0, 2.0]
    assert refused(door, "vera", PASSWORD, 101.0) == 1.0
    assert door.enter("vera", PASSWORD, "10.0.0.1", 102.5)


def test_a_name_that_nobody_has_is_locked_out_as_one_that_somebody_has(door: Door) -> None:
    waits = {name: [refused(door, name, "x", 100.0, name) for _ in range(8)] for name in ("vera", "nobody")}
    assert waits["vera"] == waits["nobody"]


def test_who_guesses_many_names_from_one_address_waits_too(door: Door) -> None:
    waits = [refused(door, f"name{n}", "x", 100.0, f"2001:db8::{n:x}") for n in range(22)]
    assert waits[20] == 0.0
    assert waits[21] == 2.0
    assert refused(door, "vera", "x", 100.0, "2001:db8:1::1") == 0.0


def test_a_disabled_account_does_not_come_in(door: Door, desk: Desk) -> None:
    People(desk.database).disable("vera", 1.0, "ada")
    assert refused(door, "vera", PASSWORD, 2.0) == 0.0


def test_few_passwords_are_reckoned_at_once(desk: Desk) -> None:
    inside, most = [0], [0]

    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  the library's name
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            inside[0] -= 1
            return super().verify(hash, password)

    door = Door(People(desk.database), Attempts(desk.database), Slow(time_cost=1, memory_cost=8, parallelism=1))
    threads = [threading.Thread(target=refused, args=(door, f"n{n}", "x", 1.0, f"10.0.0.{n}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] <= 2


def test_where_too_many_wait_for_their_turn_one_more_is_sent_away_and_not_counted(desk: Desk) -> None:
    inside, go_on = threading.Semaphore(0), threading.Event()

    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  the library's name
            inside.release()
            go_on.wait(60.0)
            return super().verify(hash, password)

    attempts = Attempts(desk.database)
    door = Door(People(desk.database), attempts, Slow(time_cost=1, memory_cost=8, parallelism=1))
    places = AT_ONCE + MOST_WAITING
    threads = [threading.Thread(target=refused, args=(door, f"n{n}", "x", 1.0, f"10.0.0.{n}")) for n in range(places)]
    for thread in threads:
        thread.start()
    for _ in range(AT_ONCE):
        assert inside.acquire(timeout=60.0)
    until(lambda: not door._places._value)
    assert refused(door, "vera", PASSWORD, 1.0, "10.1.0.1") == BUSY_S
    go_on.set()
    for thread in threads:
        thread.join()
    assert door.enter("vera", PASSWORD, "10.1.0.1", 1.0).name == "vera"


def test_a_hash_of_other_costs_is_made_anew_at_the_next_login(desk: Desk) -> None:
    people = People(desk.database)
    dearer = Door(people, Attempts(desk.database), PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    before = people.find("vera")
    dearer.enter("vera", PASSWORD, "10.0.0.1", 1.0)
    after = people.find("vera")
    assert before
    assert after
    assert (before.password != after.password, "t=2" in after.password) == (True, True)
    assert dearer.enter("vera", PASSWORD, "10.0.0.1", 2.0)


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("short", "5 characters; choose 12 to 256"),
        ("x" * 300, "300 characters; choose 12 to 256"),
        ("abababababababab", "a few characters again and again"),
        ("anton-1234567", "it is the name"),
        ("Password!2024", "among the first that are tried"),
        ("123456789012345", "among the first that are tried"),
        ("correct horse battery staple", "among the first that are tried"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_not_taken_and_not_told(password: str, wrong: str) -> None:
    problems = "\n".join(password_problems(password, "anton"))
    assert wrong in problems
    assert password not in problems


def test_all_that_is_wrong_with_an_account_is_told_at_once(door: Door) -> None:
    with pytest.raises(ConfigError) as caught:
        door.add("Ä b", "owner", "short", 1.0, "ada")
    assert [line.partition(":")[0] for line in caught.value.problems] == ["name", "role", "password"]
    assert "role: there is no 'owner'; there are viewer, analyst, admin" in caught.value.problems


def test_roles_contain_each_other() -> None:
    assert [Person("a", "analyst").may(role) for role in ("viewer", "analyst", "admin")] == [True, True, False]


def test_one_sign_written_two_ways_is_one_password(door: Door) -> None:
    door.add("cy", "viewer", "caf\u00e9 au lait 4", 1.0, "ada")
    assert door.enter("cy", "cafe\u0301 au lait 4", "10.0.0.1", 2.0)


def test_who_is_logged_in_must_still_know_the_password(door: Door) -> None:
    with pytest.raises(ConfigError, match="password: it is not yours; type in the one that you use now"):
        door.knows("vera", "guess", "10.0.0.1", 1.0)
    door.knows("vera", PASSWORD, "10.0.0.1", 1.0)
