import logging
import socket
import threading

import pytest

from redshank.core.metrics import Metrics
from redshank.respond import names as module
from redshank.respond.names import COUNTER, MOST_ADDRESSES, Names
from redshank.respond.surroundings import Lookout

BROKER = (("broker.example.net", "peer of sink mqtt"),)


class Resolver:
    """Answers of a system: as a test sets them; no answer if there is none."""

    def __init__(self) -> None:
        self.answers: dict[str, list[str]] = {}
        self.asked = 0
        self.silent = threading.Event()
        self.silent.set()

    def __call__(self, name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.silent.wait(60)
        self.asked += 1
        if name not in self.answers:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(0, 0, 0, "", (one, 0)) for one in self.answers[name]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    monkeypatch.setattr(module, "EVERY_S", 3_600.0)
    return made


def look_again(names: Names) -> None:
    names._begun_s = None
    names.start()


def test_addresses_of_a_name_are_added_and_none_is_taken_off(
    resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    resolver.answers["broker.example.net"] = ["10.0.0.5", "::ffff:10.0.0.5", "fe80::5%eth0"]
    metrics = Metrics()
    names = Names(BROKER, metrics)
    names.start()
    reason = "peer of sink mqtt (broker.example.net)"
    first = names.facts()
    assert first == (("10.0.0.5", reason), ("fe80::5", reason))
    assert [one.levelname for one in caplog.records] == ["INFO"]

    resolver.answers["broker.example.net"] = ["10.0.0.66"]
    look_again(names)
    assert dict(names.facts()) == dict.fromkeys(("10.0.0.5", "fe80::5", "10.0.0.66"), reason)
    assert caplog.records[-1].levelname == "WARNING"
    assert "is 10.0.0.66: never acted against while this service runs" in caplog.text
    assert names.found() == {"broker.example.net": ("10.0.0.5", "fe80::5", "10.0.0.66")}
    assert metrics.labelled(COUNTER) == {("added",): 3}


def test_a_resolver_that_is_away_changes_nothing_and_is_told_of_once(
    resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    resolver.answers["broker.example.net"] = ["10.0.0.5"]
    metrics = Metrics()
    names = Names((*BROKER, ("logs.example.net", "peer of sink syslog")), metrics)
    names.start()
    resolver.answers.clear()
    look_again(names)
    assert [address for address, _ in names.facts()] == ["10.0.0.5"]
    assert caplog.text.count("'logs.example.net' (peer of sink syslog) has no address now: ") == 1
    assert caplog.text.count("'broker.example.net' (peer of sink mqtt) has no address now: ") == 1
    assert metrics.labelled(COUNTER) == {("added",): 1, ("failed",): 3}


def test_who_forges_answers_protects_a_few_addresses_and_is_told_of(
    resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    resolver.answers["broker.example.net"] = ["10.0.0.5"]
    metrics = Metrics()
    names = Names(BROKER, metrics)
    names.start()
    resolver.answers["broker.example.net"] = [f"10.0.7.{last}" for last in range(1, 101)]
    look_again(names)
    look_again(names)
    found = names.found()["broker.example.net"]
    assert len(found) == MOST_ADDRESSES
    assert found[0] == "10.0.0.5"
    assert caplog.text.count(f"had more than {MOST_ADDRESSES} addresses; 10.0.7.{MOST_ADDRESSES} and others are") == 1
    assert metrics.labelled(COUNTER) == {("added",): MOST_ADDRESSES, ("refused",): 2 * (101 - MOST_ADDRESSES)}


def test_nobody_waits_for_a_resolver_and_one_look_at_a_time_is_under_way(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.01)
    resolver.answers["broker.example.net"] = ["10.0.0.5"]
    resolver.silent.clear()
    names = Names(BROKER)
    lookout = Lookout(every_s=3_600.0, names=names)
    try:
        names.start()
        assert lookout.protected().why("10.0.0.5") is None
        assert lookout.protected() is lookout.protected()
        resolver.silent.set()
        monkeypatch.setattr(module, "FIRST_S", 60.0)
        names.start()
        assert resolver.asked == 1
        assert lookout.protected().why("10.0.0.5") == "peer of sink mqtt (broker.example.net)"
    finally:
        lookout.close()


def test_a_name_that_no_resolver_takes_is_one_without_an_address(caplog: pytest.LogCaptureFixture) -> None:
    names = Names(((f"{'a' * 64}.example.net", "store"),))
    names.start()
    assert names.facts() == ()
    assert "has no address now" in caplog.text


def test_without_names_nothing_is_looked_up(resolver: Resolver) -> None:
    names = Names()
    names.start()
    assert names.facts() == ()
    assert resolver.asked == 0
