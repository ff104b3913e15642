"""What `python -m redshank.warm` compiles is all that reading a file needs."""

import subprocess
import sys
from pathlib import Path

import redshank.lab
from redshank import warm
from redshank.capture.sources.pcap import Pcap
from redshank.flows.service import NAMES
from redshank.flows.sources.sensor import Sensor

AFTERWARDS = """
import sys
from pathlib import Path
from redshank.core import kernel
from redshank.flows.sources.sensor import Sensor
from redshank.capture.sources.pcap import Pcap
kernel._tell = lambda: sys.exit("compiles")
print(sum(batch.num_rows for batch in Sensor(Pcap(Path(sys.argv[1]))).batches()) > 1_000)
"""


def test_frames_of_every_form_are_metered_and_every_service_is_shown_one(tmp_path: Path) -> None:
    for name, capture in (("a", warm._pcap()), ("b", warm._pcapng())):
        (tmp_path / name).write_bytes(capture)
        source = Sensor(Pcap(tmp_path / name))
        rows = [row for batch in source.batches() for row in batch.to_pylist()]
        assert source.anomalies == {}
        assert [(row["proto"], row["vlan"], row["service"]) for row in rows] == [
            ("udp", None, "dns"),
            ("tcp", None, None),
            ("icmp", 5, None),
        ]
    said: list[str] = []
    warm.main(said.append)
    assert said[0].startswith(f"compiling kernels, once after an installation or a change: {4 + len(NAMES)} parts")
    assert said[1] == f"compiling kernels: 10 of {4 + len(NAMES)}, {NAMES[5]}"
    assert said[-1].startswith("kernels are compiled: ")


def test_afterwards_a_real_capture_needs_no_compiler() -> None:
    capture = Path(redshank.lab.__path__[0]) / "recordings" / "unseen" / "capture.pcap.gz"
    done = subprocess.run([sys.executable, "-c", AFTERWARDS, capture], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")
