import os
import subprocess
import sys
from pathlib import Path

from frames import ethernet, ipv4, pcap, udp
from redshank.flows.warm import warm


def test_own_frames_are_metered_without_a_trace() -> None:
    assert warm() == warm() == 3


def test_nothing_is_compiled_or_loaded_for_the_first_packets_any_more() -> None:
    code = """
import gc, sys
from redshank.core.kernel import Kernel
from redshank.flows.warm import warm
loaded = lambda: {one.__qualname__: one.compiled for one in gc.get_objects() if type(one) is Kernel}
warm()
before = loaded()
warm()
sys.exit(not any(before.values()) or loaded() != before)
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=200, check=False).returncode == 0


def test_the_command_says_that_it_compiles_and_when_it_is_done() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "redshank.flows.warm"], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "redshank: loading kernels; compiling them takes some minutes, once"
    assert done.stderr.splitlines()[-1].startswith("redshank: kernels are ready, ")


def test_afterwards_what_remembers_flows_needs_no_compiler() -> None:
    subprocess.run([sys.executable, "-m", "redshank.flows.warm"], capture_output=True, timeout=280, check=True)
    code = """
import sys
from redshank.detect.detectors.signatures import Signatures
from redshank.features.feature_sets.host_window import HostWindow
Signatures()
HostWindow()
print("numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_afterwards_a_real_capture_needs_no_compiler() -> None:
    code = """
import sys
from pathlib import Path
import redshank.lab
from redshank.capture.sources.pcap import Pcap
from redshank.core import compiler
from redshank.flows.sources.sensor import Sensor
from redshank.flows.write import json_lines
compiler._tell = lambda: sys.exit("compiles")
source = Sensor(Pcap(Path(redshank.lab.__path__[0]) / "recordings" / "unseen" / "capture.pcap.gz"))
print(sum(json_lines(batch).count(b"\\n") for batch in source.batches()) > 1_000)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


_COMMAND = """
import sys
from redshank.commands import main
sys.argv = ["redshank", "flows", "-r", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(end.code, *sorted({"numba", "llvmlite", "pyarrow.compute", "numpy.random"} & set(sys.modules)))
"""


def test_afterwards_a_capture_becomes_flows_without_numba(tmp_path: Path) -> None:
    path, out = tmp_path / "capture.pcap", tmp_path / "flows.parquet"
    path.write_bytes(pcap([(0, ethernet(ipv4(udp(b"marsh"), 17)))]))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REDSHANK_")}
    command = [sys.executable, "-c", _COMMAND, str(path), "-o", str(out)]
    for _ in range(2):  # what is written as Parquet is compiled here, if it is not yet
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout.strip() == "0"
