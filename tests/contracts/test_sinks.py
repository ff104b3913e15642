"""Every sink keeps the promises of `alerts/sink.py`.

`example(place)` of a sink's test delivers into files under `place`; a peer on the network writes there what it gets.
The test of a sink that speaks to another machine also offers `peer(place, port)`, which begins such a peer, and
`towards(port)`, the sink that speaks to it.
"""

import random
import re
import socket
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest

import peers
from contracts.examples import example_of, offered
from peers import Peer, closed_port, until
from redshank.alerts.sink import SINKS, Sink
from redshank.core.errors import DeliveryError
from told import ALERT, FLOW, HOSTILE

FOLDER = "alerts/sinks"
NEEDS = {"mqtt": [pytest.mark.service]}
NETWORKED = ("email", "mqtt", "syslog", "webhook")
SPEAK_FIRST = ("syslog", "webhook")
"""Who gives a peer the alert before it said anything, so that it may have it."""


def _each(names: tuple[str, ...] | list[str]) -> list[object]:
    return [pytest.param(name, marks=NEEDS.get(name, [])) for name in names]


@pytest.fixture(autouse=True)
def peers_end() -> Iterator[None]:
    yield
    peers.stopped()


@pytest.fixture(params=_each(SINKS.names()))
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Sink:
    built = example_of(FOLDER, request.param)(tmp_path)
    assert isinstance(built, Sink)
    return built


def test_whether_a_peer_can_be_reached_is_seen_without_sending_it_anything(sink: Sink, tmp_path: Path) -> None:
    assert sink.unreached() == ""
    sink.close()
    assert ALERT.id not in "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def _arrived(place: Path, wanted: str) -> str:
    """Return what is there, as soon as `wanted` is: a broker passes on in its own time."""
    found = ""

    def look() -> bool:
        nonlocal found
        found = "".join(path.read_text() for path in sorted(place.rglob("*")) if path.is_file())
        return wanted in found

    until(look)
    return found


def test_an_alert_arrives_once(sink: Sink, tmp_path: Path) -> None:
    assert not sink.problem()
    sink.deliver(ALERT)
    sink.deliver(replace(ALERT, id="f" * 16))
    sink.close()
    text = _arrived(tmp_path, "f" * 16)
    assert text.count(ALERT.id) == 1
    assert text.count("f" * 16) == 1


@pytest.mark.timeout(30)
def test_hostile_text_arrives_inert(sink: Sink, tmp_path: Path) -> None:
    flow = replace(FLOW, uid=HOSTILE, src_ip=HOSTILE, dst_ip=HOSTILE, community_id=HOSTILE)
    said = dict.fromkeys(("targets", "detectors", "rules", "reasons", "techniques"), (HOSTILE,))
    told = dict.fromkeys(("device", "family", "measure", "bundle"), HOSTILE)
    sink.deliver(replace(ALERT, evidence=(flow,), **said, **told))  # type: ignore[arg-type]
    sink.close()
    text = _arrived(tmp_path, "owned")
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text) is None
    assert text.count("\n") <= 1


def test_closing_twice_harms_nothing(sink: Sink) -> None:
    sink.deliver(ALERT)
    sink.close()
    sink.close()


def test_a_sink_is_its_settings(sink: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        sink.some_setting = 1
    text = type(sink).__doc__ or ""
    assert [one.name for one in fields(sink) if one.init and f"        {one.name}: " not in text] == []


@pytest.mark.parametrize("name", SINKS.names())
def test_no_secret_is_a_setting_only_the_place_where_it_is(name: str) -> None:
    secrets = [one for one in _settings(name) if any(word in one for word in ("password", "secret", "token"))]
    assert [one for one in secrets if not one.endswith(("_file", "_env"))] == []


@pytest.mark.parametrize("name", NETWORKED)
def test_a_peer_that_is_not_there_is_seen_without_a_delivery(name: str) -> None:
    with closed_port() as port:
        told = offered(FOLDER, name, "towards")(port).unreached()
    assert told == f"127.0.0.1, port {port}: Connection refused"


@pytest.mark.parametrize("name", _each(NETWORKED))
def test_a_peer_that_is_not_there_is_a_delivery_error(name: str) -> None:
    with (
        closed_port() as port,
        pytest.raises(DeliveryError, match=rf"{name}: alert {ALERT.id} not .*127\.0\.0\.1.*; see ") as caught,
    ):
        offered(FOLDER, name, "towards")(port).deliver(ALERT)
    assert not caught.value.in_doubt


@pytest.mark.parametrize("name", _each(NETWORKED))
@pytest.mark.parametrize("talk", [peers.silent, peers.deaf, peers.dripping], ids=lambda talk: talk.__name__)
def test_a_peer_that_says_nothing_is_an_error_in_time(name: str, talk: peers.Talk, tmp_path: Path) -> None:
    # None of these peers ever ends it.
    sink = replace(offered(FOLDER, name, "towards")(Peer(tmp_path, talk).port), timeout_s=0.4)
    with pytest.raises(DeliveryError, match=rf"{name}: alert {ALERT.id} not .*127\.0\.0\.1.*\(.*\); see ") as caught:
        sink.deliver(ALERT)
    assert name in SPEAK_FIRST or not caught.value.in_doubt


@pytest.mark.parametrize("name", _each(NETWORKED))
def test_a_peer_that_answers_nonsense_is_a_delivery_error(name: str, tmp_path: Path) -> None:
    draw = random.Random(5)
    beginnings = [b"", b" \x02\x00\x00", b" \x02\x00\x00\x40", b"HTTP/1.1 ", b"220 a\r\n250-", b"\x30", b"\x16\x03\x01"]

    def talk(peer: Peer, link: socket.socket) -> None:
        link.settimeout(0.05)
        link.sendall(beginnings[peer.links % len(beginnings)] + draw.randbytes(draw.randrange(200)))

    sink = offered(FOLDER, name, "towards")(Peer(tmp_path, talk).port)
    for _ in range(3 * len(beginnings)):
        try:
            sink.deliver(ALERT)
        except DeliveryError as error:
            assert str(error).isprintable()  # noqa: PT017  either is right; an error of another kind is not


@pytest.mark.parametrize("name", _each(NETWORKED))
def test_a_peer_that_comes_back_gets_the_alert_once(name: str, tmp_path: Path) -> None:
    first = offered(FOLDER, name, "peer")(tmp_path, 0)
    sink = offered(FOLDER, name, "towards")(first.port)
    sink.deliver(replace(ALERT, id="a" * 16))
    _arrived(tmp_path, "a" * 16)
    first.stop()
    with pytest.raises(DeliveryError):
        sink.deliver(ALERT)
    offered(FOLDER, name, "peer")(tmp_path, first.port)
    sink.deliver(ALERT)
    sink.deliver(replace(ALERT, id="f" * 16))
    text = _arrived(tmp_path, "f" * 16)
    assert [text.count(letter * 16) for letter in "af"] == [1, 1]
    assert text.count(ALERT.id) == 1


def test_every_sink_that_speaks_to_a_machine_is_among_those_tested() -> None:
    with_time = [name for name in SINKS.names() if "host" in _settings(name) or "url" in _settings(name)]
    assert with_time == list(NETWORKED)


def _settings(name: str) -> list[str]:
    kind: Any = SINKS.find(name)
    return [one.name for one in fields(kind)]
