"""Several processes share the packets of some interfaces, and one source gives the flows of all.

In: names of interfaces, how many workers, how to meter. Out: FLOW batches in the order in which they arrive.
The one idea: the kernel hands every flow to one of several rings by a hash that is the same for both directions
(PACKET_FANOUT_HASH; IPv4 fragments are put together before it, so that they meet their flow). We open all rings while
nothing arrives yet, so that every mistake is told here and rights are needed here only; each worker (worker.py) reads
its own; when all are ready, packets are let in. Batches come back through pipes: whoever is slow makes its ring fill,
and what then is dropped is counted.

A tunnel's inner flows go where the tunnel goes, if the kernel does not look into it. Fragments of IPv6 go by their
addresses alone, and may miss their flow. A worker that dies ends the source with an error: half of a network is none.
Source: packet(7), https://arrow.apache.org/docs/format/Columnar.html (the stream).
"""

import json
import queue
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import IO

import pyarrow as pa

from redshank.capture.bpf import attach
from redshank.capture.interface import Interface
from redshank.capture.ring import NEW_GROUP, group, opened
from redshank.capture.sources.live import plan
from redshank.core.errors import ConfigError, SourceError
from redshank.flows.meter import MeterSettings
from redshank.flows.source import FlowSource
from redshank.flows.worker import REPORT, Order, Report

MAX_WORKERS = 64
_WAITING = 4
"""Batches of each worker that wait for whoever reads."""
UNREAD = ("meter", "rows_unread")
"""How rows are counted that workers gave and nobody reads, because another worker ended by itself."""
_LOOK_S = 0.1
_END_S = 5.0

_Sockets = list[socket.socket]


class Fanout(FlowSource):
    """Interfaces, metered by several processes. Packets arrive from the moment all workers are ready.

    Args:
        interfaces: Names, as `ip link` shows them.
        workers: Processes, 1 to 64.
        meter: How to meter; the workers divide the capacity.
        bpf: As Live.
        snap_bytes: As Live.
        promiscuous: As Live.
        ring_mib: As Live, of each worker.

    Raises:
        ConfigError: If a value is out of range, the filter is wrong, or there is no such interface.
        SourceError: If an interface is down, we may not capture, or the rings would take too much memory.
    """

    def __init__(
        self,
        interfaces: Sequence[str],
        workers: int,
        meter: MeterSettings = MeterSettings(),  # noqa: B008  frozen
        *,
        bpf: str | None = None,
        snap_bytes: int = 65_535,
        promiscuous: bool = True,
        ring_mib: int = 64,
    ) -> None:
        if not 1 <= workers <= MAX_WORKERS:
            raise ConfigError(f"sensor.workers: {workers} is not 1 to {MAX_WORKERS}")
        self._interfaces, self._programs = plan(interfaces, bpf, snap_bytes, ring_mib, workers=workers)
        self._ring_mib = ring_mib
        self._meter = replace(meter, capacity=max(1024, meter.capacity // workers))
        self._reports = [Report() for _ in range(workers)]
        self._sockets: list[_Sockets] = [[] for _ in range(workers)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._unread = 0
        try:
            for interface in self._interfaces:
                self._share(interface, promiscuous=promiscuous)
        except BaseException:
            self._close()
            raise

    @property
    def anomalies(self) -> dict[tuple[str, str], int]:  # type: ignore[override]  # merged when asked for
        """Count what was odd, by (stage, name), as of the latest batch of each worker."""
        merged: Counter[tuple[str, str]] = Counter()
        for report in self._reports:
            merged.update({(stage, name): count for stage, name, count in report.anomalies})
        return dict(merged) | ({UNREAD: self._unread} if self._unread else {})

    @property
    def packets(self) -> int:  # type: ignore[override]  # merged when asked for
        """Packets metered, as of the latest batch of each worker."""
        return sum(report.packets for report in self._reports)

    @property
    def packet_bytes(self) -> int:  # type: ignore[override]  # merged when asked for
        """Bytes metered, as of the latest batch of each worker."""
        return sum(report.packet_bytes for report in self._reports)

    @property
    def shares(self) -> list[int]:
        """Packets metered by each worker."""
        return [report.packets for report in self._reports]

    @property
    def pids(self) -> list[int]:
        """The workers' process identifiers, while they run."""
        return [process.pid for process in self._processes]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give FLOW batches as they arrive, until `stop`; a second call gives nothing.

        Raises:
            SourceError: If a worker ended by itself.
        """
        if not self._sockets:
            return
        inbox: queue.Queue[tuple[int, pa.RecordBatch | None]] = queue.Queue(_WAITING * len(self._sockets))
        readers: list[threading.Thread] = []
        try:
            self._processes = [self._started(sockets) for sockets in self._sockets]
            for number, process in enumerate(self._processes):
                readers.append(threading.Thread(target=self._read, args=(number, process, inbox), daemon=True))
                readers[-1].start()
            yield from self._merged(inbox)
        finally:
            self._close()
            self._end(inbox, readers)

    def _share(self, interface: Interface, *, promiscuous: bool) -> None:
        fanout = NEW_GROUP
        for sockets in self._sockets:
            sockets.append(opened(interface, self._ring_mib, promiscuous=promiscuous, fanout=fanout))
            fanout = group(sockets[-1])

    def _started(self, sockets: _Sockets) -> "subprocess.Popen[bytes]":
        descriptors = [handle.fileno() for handle in sockets]
        order = Order(descriptors, [asdict(one) for one in self._interfaces], self._ring_mib, asdict(self._meter))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "redshank.flows.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=descriptors,
            # Ctrl-C at the terminal must reach us alone: we ask the workers to end.
            start_new_session=True,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # one that is dead already will be told as any
            process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
            process.stdin.flush()
        return process

    def _merged(self, inbox: "queue.Queue[tuple[int, pa.RecordBatch | None]]") -> Iterator[pa.RecordBatch]:
        running, ready = set(range(len(self._processes))), set[int]()
        asked = False
        while running:
            if self.stopping and not asked:
                asked = True
                for process in self._processes:
                    _shut(process.stdin)
            try:
                number, batch = inbox.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if batch is None:
                running.discard(number)
                if not asked or not self._reports[number].ended or self._reports[number].error:
                    raise self._failed(number)
            elif batch.num_rows:
                yield batch
            elif number not in ready:
                ready.add(number)
                if len(ready) == len(self._processes):
                    self._let_in()

    def _let_in(self) -> None:
        for sockets in self._sockets:
            for handle, program in zip(sockets, self._programs, strict=True):
                attach(handle, program)
        # A socket that nobody reads would keep its share of the packets: from here on the workers alone have them.
        self._close()

    def _read(
        self,
        number: int,
        process: "subprocess.Popen[bytes]",
        inbox: "queue.Queue[tuple[int, pa.RecordBatch | None]]",
    ) -> None:
        """Read one worker's stream to its end, in a thread of its own; None is its end, however it came."""
        # A worker that was killed leaves a stream that is cut anywhere: Arrow says so as one of these.
        with suppress(StopIteration, pa.ArrowException, OSError), pa.ipc.open_stream(process.stdout) as stream:
            while True:
                batch, metadata = stream.read_next_batch_with_custom_metadata()
                report = Report(**json.loads(metadata[REPORT]))
                self._reports[number] = replace(report, anomalies=[(s, n, c) for s, n, c in report.anomalies])
                if not report.ended:
                    # The columns of a message share one buffer: whoever keeps one would keep them all.
                    inbox.put((number, pa.concat_batches([batch])))
        inbox.put((number, None))

    def _failed(self, number: int) -> SourceError:
        report, process = self._reports[number], self._processes[number]
        if report.error:
            return SourceError(report.error)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_S)
        return SourceError(
            f"live: worker {number + 1} of {len(self._processes)} ended (status {process.returncode}); "
            "its packets are not seen any more, start again"
        )

    def _end(self, inbox: "queue.Queue[tuple[int, pa.RecordBatch | None]]", readers: list[threading.Thread]) -> None:
        for process in self._processes:
            _shut(process.stdin)
            if not all(report.ended for report in self._reports):
                process.kill()
        for reader in readers:
            while reader.is_alive():
                with suppress(queue.Empty):  # a reader may wait for room
                    self._unread += _rows(inbox.get_nowait())
                reader.join(0.01)
        while not inbox.empty():
            self._unread += _rows(inbox.get_nowait())
        for process in self._processes:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _shut(process.stdout)
        self._processes = []

    def _close(self) -> None:
        for sockets in self._sockets:
            for handle in sockets:
                handle.close()
        self._sockets = []


def _rows(given: tuple[int, pa.RecordBatch | None]) -> int:
    return given[1].num_rows if given[1] is not None else 0


def _shut(pipe: IO[bytes] | None) -> None:
    assert pipe is not None
    with suppress(BrokenPipeError):
        pipe.close()
