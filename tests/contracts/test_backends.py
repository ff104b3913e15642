"""Every backend keeps the promises of `respond/backend.py`, inside a network namespace of its own.

`example(place)` of a backend's test makes a ready one.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.examples import example_of
from namespaces import empty_network
from redshank.core.errors import ActionError
from redshank.respond.backend import BACKENDS, Backend, Hold
from redshank.respond.protected import Protected
from responses import ATTACKER, ATTACKER_MAC, GATEWAY, GATEWAY_MAC, HOME

LIST = Protected.of(HOME)
HOLDS = [
    Hold("block", ATTACKER, 600.0),
    Hold("block", "fd00::66", 600.0),
    Hold("rate_limit", "10.0.0.67", 600.0),
    Hold("rate_limit", "fd00::67", 600.0),
    Hold("isolate", ATTACKER_MAC, 600.0),
    Hold("isolate", "10.0.0.68", 600.0),
    Hold("isolate", "fd00::68", 600.0),
]

pytestmark = [pytest.mark.root, pytest.mark.service]


@pytest.fixture(params=BACKENDS.names())
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with empty_network():
        built = example_of("respond/backends", request.param)(tmp_path)
        assert isinstance(built, Backend)
        yield built


def _left(backend: Backend) -> dict[tuple[str, str], float]:
    return {hold.key: hold.left_s for hold in backend.active()}


def test_what_is_applied_holds_for_its_time(backend: Backend) -> None:
    assert backend.active() == []
    backend.apply(HOLDS, LIST)
    assert _left(backend) == {hold.key: pytest.approx(600, abs=60) for hold in HOLDS}


def test_applying_twice_is_applying_once_and_the_last_time_counts(backend: Backend) -> None:
    backend.apply([*HOLDS, Hold("block", "::ffff:10.0.0.66", 600.0)], LIST)
    backend.apply([Hold("block", ATTACKER, 60.0), Hold("block", "FD00:0::66", 6_000.0)], LIST)
    left = _left(backend)
    assert len(left) == len(HOLDS)
    assert left["block", ATTACKER] == pytest.approx(60, abs=30)
    assert left["block", "fd00::66"] == pytest.approx(6_000, abs=60)


def test_applying_and_lifting_leaves_what_was_before(backend: Backend) -> None:
    backend.apply(HOLDS[:2], LIST)
    backend.apply(HOLDS[2:], LIST)
    backend.lift([hold.key for hold in HOLDS[2:]])
    assert set(_left(backend)) == {hold.key for hold in HOLDS[:2]}
    backend.lift([hold.key for hold in HOLDS])
    backend.lift([hold.key for hold in HOLDS])
    backend.lift([])
    assert backend.active() == []


@pytest.mark.parametrize(
    "target",
    [
        *(GATEWAY, "::ffff:10.0.0.1", "64:ff9b::a00:1", "fd00::53", "FD00:0:0::53", "fd00::53%eth0", "10.0.9.3"),
        *(GATEWAY_MAC, GATEWAY_MAC.upper(), GATEWAY_MAC.replace(":", "-"), "ff:ff:ff:ff:ff:ff", "127.0.0.1", "::1"),
        *("224.0.0.1", "ff02::1", "255.255.255.255", "0.0.0.0", "::", "fe80::1", "010.0.0.1", "10.0.0.0/8", "x;y", ""),
    ],
)
def test_nothing_of_a_batch_is_done_that_holds_a_protected_target(backend: Backend, target: str) -> None:
    with pytest.raises(ActionError, match="is protected: .*; nothing of this batch was done"):
        backend.apply([HOLDS[0], Hold("isolate", target, 60.0)], LIST)
    assert backend.active() == []


@pytest.mark.parametrize(
    ("hold", "message"),
    [
        (Hold("notify", ATTACKER, 60.0), "'notify' cannot be carried out; allowed are rate_limit, block, isolate"),
        (Hold("block", ATTACKER, 0.0), "10.0.0.66 for 0.0 s: give seconds above 0"),
        (Hold("block", ATTACKER, float("inf")), "10.0.0.66 for inf s"),
        (Hold("block", ATTACKER_MAC, 60.0), "block of 02:00:5e:10:00:66: a link-layer address can only be isolated"),
    ],
)
def test_what_makes_no_sense_is_refused(backend: Backend, hold: Hold, message: str) -> None:
    with pytest.raises(ActionError, match=message):
        backend.apply([hold], LIST)
    assert backend.active() == []


def test_everything_ends_by_itself(backend: Backend) -> None:
    backend.apply(HOLDS, LIST)
    backend.apply([Hold(hold.measure, hold.target, 1.0) for hold in HOLDS[:-1]], LIST)
    begin = time.monotonic()
    while len(backend.active()) > 1:
        assert time.monotonic() - begin < 30
        time.sleep(0.1)
    assert set(_left(backend)) == {HOLDS[-1].key}


def test_flushing_ends_everything_and_may_be_done_twice(backend: Backend) -> None:
    backend.flush()
    backend.apply(HOLDS, LIST)
    backend.flush()
    assert backend.active() == []
    backend.flush()
    backend.apply([], LIST)
    backend.apply(HOLDS[:1], LIST)
    assert set(_left(backend)) == {HOLDS[0].key}
