import json
import subprocess
import sys
from dataclasses import asdict

import pyarrow as pa
import pytest

from frames import UDP, ethernet, ipv4, udp
from redshank.capture.bpf import attach, everything
from redshank.capture.interface import find
from redshank.capture.ring import opened
from redshank.core.schema import FLOW
from redshank.flows.meter import MeterSettings
from redshank.flows.worker import REPORT, Order, Report
from wires import FAR, private_network, send


@pytest.mark.root
def test_a_worker_says_that_it_is_ready_gives_rows_and_reports_at_the_end_of_its_input() -> None:
    with private_network():
        (interface,) = find([FAR])
        handle = opened(interface, 1, promiscuous=True)
        attach(handle, everything(65_535))
        send([ethernet(ipv4(udp(b"x", src_port=5, dst_port=9), UDP))] * 3)
        order = Order([handle.fileno()], [asdict(interface)], 1, asdict(MeterSettings()))
        done = subprocess.run(
            [sys.executable, "-P", "-m", "redshank.flows.worker"],
            input=json.dumps(asdict(order)).encode() + b"\n",
            stdout=subprocess.PIPE,
            pass_fds=[handle.fileno()],
            timeout=120,
            check=True,
        )
        handle.close()
    stream = pa.ipc.open_stream(done.stdout)
    assert stream.schema.equals(FLOW)
    batches, reports = [], []
    for batch, metadata in stream.iter_batches_with_custom_metadata():
        batches.append(batch)
        reports.append(Report(**json.loads(metadata[REPORT])))
    assert batches[0].num_rows == 0
    assert [count for batch in batches for count in batch["src_pkts"].to_pylist()] == [3]
    assert [report.ended for report in reports] == [False] * (len(reports) - 1) + [True]
    assert reports[-1] == Report(3, 3 * 43, [], received=3, dropped=0, ended=True, error="")
