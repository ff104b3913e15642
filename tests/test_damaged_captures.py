"""Damaged and odd captures of others: every file is read to its end, in bounded time and memory; what is odd counts.

One process reads them all, one after the other; it ends itself with a traceback if a file takes longer than LIMIT_S.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LIMIT_S = 20
"""For one file: the first also waits for kernels to be compiled or loaded."""
MEMORY_MIB = 800
"""For all of them; 450 with kernels from the cache."""

TOOLS = Path(__file__).resolve().parents[1] / "tools"

PROGRAM = """
import faulthandler, json, sys, time
from pathlib import Path
from peak import peak_mib
from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import SourceError
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

def look(file):
    try:
        sensor = Sensor(Pcap(file), MeterSettings(capacity=4096, seed=1))
        rows = sum(batch.num_rows for batch in sensor.batches())
    except SourceError as error:
        return {"refused": str(error)}
    return {"rows": rows, "packets": sensor.packets, "odd": sum(sensor.anomalies.values())}

limit = float(sys.argv[1])
for name in sys.argv[2:]:
    faulthandler.dump_traceback_later(limit if name != sys.argv[2] else 280, exit=True)
    begin = time.monotonic()
    found = look(Path(name))
    print(json.dumps({"name": name, "seconds": time.monotonic() - begin, "peak_mib": peak_mib(), **found}), flush=True)
"""


@pytest.mark.data
def test_damaged_and_odd_captures_are_read_to_their_end(data: Path) -> None:
    files = [str(file) for folder in ("malformed", "odd") for file in sorted((data / "pcaps" / folder).iterdir())]
    assert len(files) > 150
    command = [sys.executable, "-c", PROGRAM, str(LIMIT_S), *files]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TOOLS), os.environ.get("PYTHONPATH", "")])}
    run = subprocess.run(command, capture_output=True, check=False, text=True, timeout=290, env=environment)
    found: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    stopped = files[len(found)] if len(found) < len(files) else "none"
    assert run.returncode == 0, f"stopped at {stopped}: {run.stderr[-2000:]}"
    assert [one["name"] for one in found] == files
    assert max(one["peak_mib"] for one in found) < MEMORY_MIB
    assert all(one["rows"] or one["odd"] or not one["packets"] for one in found if "refused" not in one)
    assert all("\n" not in one["refused"] for one in found if "refused" in one)
