import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest

from frames import UDP, ethernet, ipv4, udp
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW, flow_batch
from redshank.flows.fanout import UNREAD, Fanout
from redshank.flows.meter import MeterSettings
from wires import FAR, private_network, send

pytestmark = pytest.mark.root
FLOWS = 40


def _exchange() -> list[bytes]:
    """A question and its answer of 40 flows, the last in two fragments."""
    frames = []
    for port in range(1000, 1000 + FLOWS):
        question = ipv4(udp(b"question", src_port=port, dst_port=7777), UDP)
        answer = udp(b"an answer" * 20, src_port=7777, dst_port=port)
        frames += [ethernet(question), ethernet(ipv4(answer, UDP, src="10.0.0.2", dst="10.0.0.1"))]
    there = {"src": "10.0.0.2", "dst": "10.0.0.1", "ident": 7}
    frames[-1:] = [
        ethernet(ipv4(answer[:104], UDP, more_fragments=True, **there)),  # type: ignore[arg-type]
        ethernet(ipv4(answer[104:], UDP, offset=104, **there)),  # type: ignore[arg-type]
    ]
    return frames


def _meanwhile(source: Fanout, work: Callable[[], None]) -> threading.Thread:
    """Do something in this namespace as soon as the workers' rings let packets in."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def run() -> None:
        assert ctypes.CDLL(None).setns(here, 0x40000000) == 0
        os.close(here)
        give_up = time.monotonic() + 60
        while source._sockets and time.monotonic() < give_up:
            time.sleep(0.02)
        work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_workers_share_the_flows_and_lose_none_of_their_packets() -> None:
    with private_network():
        source = Fanout([FAR], 2, MeterSettings(interim_packets=0), ring_mib=16, bpf="udp or ip[6:2] != 0")

        def talk() -> None:
            for frame in _exchange():
                send([frame, b"\xff" * 60])
            time.sleep(0.1)
            source.stop()

        thread = _meanwhile(source, talk)
        batches = list(source.batches())
        thread.join()
    rows = pa.Table.from_batches(batches, FLOW)
    assert rows.num_rows == FLOWS
    assert set(rows["src_pkts"].to_pylist()) == set(rows["dst_pkts"].to_pylist()) == {1}
    assert set(rows["dst_bytes"].to_pylist()) == {180}
    assert source.packets == sum(source.shares) == 2 * FLOWS
    assert min(source.shares) > 10
    assert source.packet_bytes == sum(map(len, _exchange())) - 34  # the kernel put the two fragments together
    assert source.anomalies == {}
    assert source.pids == []
    assert list(source.batches()) == []
    buffers = [buffer for batch in batches for column in batch.columns for buffer in column.buffers() if buffer]
    assert all(buffer.parent is None for buffer in buffers), "one column that is kept would keep a whole batch"


def test_a_worker_that_dies_ends_the_source_with_one_error_and_the_others_with_it() -> None:
    with private_network():
        source = Fanout([FAR], 2, ring_mib=1)
        pids: list[int] = []

        def kill() -> None:
            pids.extend(source.pids)
            os.kill(pids[1], signal.SIGKILL)

        thread = _meanwhile(source, kill)
        with pytest.raises(SourceError, match=r"live: worker 2 of 2 ended \(status -9\); its packets are not seen"):
            list(source.batches())
        thread.join()
    assert len(pids) == 2
    assert not any(map(_runs, pids))


def test_rows_that_nobody_reads_after_a_worker_died_are_counted() -> None:
    inbox: queue.Queue[tuple[int, pa.RecordBatch | None]] = queue.Queue()
    for given in ((0, flow_batch({"uid": ["C1", "C2"]}, 2)), (1, None), (0, flow_batch({"uid": ["C3"]}, 1))):
        inbox.put(given)
    with private_network():
        source = Fanout([FAR], 2, ring_mib=1)
        source._end(inbox, [])
        source._close()
    assert source.anomalies == {UNREAD: 3}


def test_workers_end_when_whoever_started_them_is_killed() -> None:
    code = """
import sys, threading, time
from redshank.flows.fanout import Fanout
from wires import FAR, private_network
with private_network():
    source = Fanout([FAR], 2, ring_mib=1)
    threading.Thread(target=lambda: list(source.batches()), daemon=True).start()
    while len(source.pids) < 2:
        time.sleep(0.01)
    print(*source.pids, flush=True)
    time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    give_up = time.monotonic() + 30
    while any(map(_runs, pids)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not any(map(_runs, pids))


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def test_mistakes_are_told_before_any_process_starts() -> None:
    with private_network():
        with pytest.raises(ConfigError, match="sensor.workers: 65 is not 1 to 64"):
            Fanout([FAR], 65)
        with pytest.raises(ConfigError, match="live: no interface 'fra'; did you mean 'far'"):
            Fanout(["fra"], 2)
        with pytest.raises(ConfigError, match="bpf: 'prot 7': can't parse filter"):
            Fanout([FAR], 2, bpf="prot 7")


def test_the_workers_divide_the_capacity_of_the_meter() -> None:
    with private_network():
        source = Fanout([FAR], 4, MeterSettings(capacity=8192), ring_mib=1)
        assert source._meter.capacity == 2048
        assert Counter(len(sockets) for sockets in source._sockets) == {1: 4}
        source._close()
