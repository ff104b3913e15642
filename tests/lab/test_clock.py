import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.clock import Clock, FastLoop, Sleeper

US_NS = 1_000
BEGIN_NS = 1_700_000_000_000_000_000

moments = st.lists(
    st.tuples(st.integers(2 * US_NS, 10**9), st.none() | st.integers(0, 86_400 * 10**9)), min_size=1, max_size=60
)
"""What happens one after the other: so many ns after the last, a packet (None) or a pause of so many ns is skipped."""


def happen(told: list[tuple[int, int | None]]) -> tuple[Clock, list[int], list[int]]:
    """Return the clock, when packets were captured by the machine, and what this clock said then."""
    now_ns = BEGIN_NS
    clock = Clock(lambda: now_ns)
    captured, meant = [], []
    for after_ns, pause_ns in told:
        now_ns += after_ns
        if pause_ns is None:
            captured.append(now_ns // US_NS * US_NS)
            meant.append(captured[-1] + clock.skipped_ns)
        else:
            clock.skip(pause_ns)
    return clock, captured, meant


@given(moments)
def test_a_packet_gets_the_time_that_the_clock_said_when_it_was_captured(told: list[tuple[int, int | None]]) -> None:
    clock, captured, meant = happen(told)
    assert clock.shifted(np.array(captured, np.int64)).tolist() == meant


@given(moments)
def test_order_is_kept_and_a_gap_grows_by_exactly_what_was_skipped_in_it(told: list[tuple[int, int | None]]) -> None:
    clock, captured, _ = happen(told)
    before = np.array(captured, np.int64)
    gaps = np.diff(clock.shifted(before)) - np.diff(before)
    skipped, open_ns = [], 0
    for _, pause_ns in told:
        if pause_ns is None:
            skipped.append(open_ns)
            open_ns = 0
        else:
            open_ns += pause_ns
    assert (gaps >= 0).all()
    assert gaps.tolist() == skipped[1:]


@pytest.fixture
def fast() -> Iterator[tuple[asyncio.Runner, Clock]]:
    clock = Clock()
    with asyncio.Runner(loop_factory=lambda: FastLoop(clock, lambda: True)) as runner:
        yield runner, clock


def test_what_is_due_comes_in_its_order_and_at_its_time(fast: tuple[asyncio.Runner, Clock]) -> None:
    runner, clock = fast
    said: list[tuple[float, str]] = []

    async def say(after_s: float, word: str) -> None:
        begin = clock.now_s()
        await asyncio.sleep(after_s)
        said.append((clock.now_s() - begin, word))

    async def all_of_them() -> None:
        await asyncio.gather(say(7200, "late"), say(0.5, "soon"), say(3600, "then"))

    begin = time.monotonic()
    runner.run(all_of_them())
    assert time.monotonic() - begin < 100  # two hours, were nothing skipped
    assert [word for _, word in said] == ["soon", "then", "late"]
    assert [at_s for at_s, _ in said] == pytest.approx([0.5, 3600, 7200], abs=1)


def test_an_answer_on_its_way_is_waited_for_and_a_silent_peer_is_not(fast: tuple[asyncio.Runner, Clock]) -> None:
    runner, clock = fast
    here, there = socket.socketpair()
    for end in (here, there):
        end.setblocking(False)

    async def ask() -> float:
        loop = asyncio.get_running_loop()
        loop.add_reader(there, lambda: there.send(there.recv(10)))
        begin = clock.now_s()
        for _ in range(100):
            here.send(b"?")
            async with asyncio.timeout(3600):
                await loop.sock_recv(here, 10)
        took_s = clock.now_s() - begin
        loop.remove_reader(there)
        here.send(b"anybody there?")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await loop.sock_recv(here, 10)
        return took_s

    with here, there:
        assert runner.run(ask()) < 60
    assert clock.skipped_ns == pytest.approx(3600e9, rel=0.01)


def test_nothing_is_skipped_while_another_program_runs() -> None:
    clock = Clock()
    states = iter([False, False, False])

    def asleep() -> bool:
        return next(states, True)

    with asyncio.Runner(loop_factory=lambda: FastLoop(clock, asleep)) as runner:
        begin = time.monotonic()
        runner.run(asyncio.sleep(600))
        passed_s = time.monotonic() - begin
    assert list(states) == []
    assert passed_s >= 0.003  # looked again after a millisecond, three times
    assert 500 < clock.skipped_ns / 1e9 <= 600.1


def test_a_program_that_waits_sleeps_and_one_that_is_gone_does_for_good() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as program,
        Sleeper(program.pid) as other,
    ):
        give_up = time.monotonic() + 60
        while not other.asleep():
            assert time.monotonic() < give_up
        program.kill()
        program.wait()
        assert other.asleep()
