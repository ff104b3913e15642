import json
import subprocess
import sys
from pathlib import Path

from peak import forget_peak, peak_mib, watched

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SMALL = [sys.executable, "-S", "-c", "import time; time.sleep(0.05)"]
_LARGE_PARENT = f"""
import json, os, subprocess, sys
sys.path.insert(0, {str(TOOLS)!r})
import peak
kept = b"x" * 150_000_000
used = peak.watched(subprocess.Popen({SMALL!r}))
print(json.dumps([peak.peak_mib(), used.peak_mib]))
"""


def test_a_small_process_is_small_even_if_a_large_one_started_it() -> None:
    said = subprocess.run([sys.executable, "-c", _LARGE_PARENT], capture_output=True, text=True, check=True).stdout
    parent, child = json.loads(said)
    assert parent > 143
    assert 4 < child < 60


def test_a_peak_is_told_after_it_is_over() -> None:
    code = "kept = b'x' * 200_000_000; del kept; import time; time.sleep(0.05)"
    used = watched(subprocess.Popen([sys.executable, "-S", "-c", code]))
    assert 190 < used.peak_mib < 250
    assert used.cpu_s > 0
    assert 0.05 < used.wall_s < 60


def test_a_process_that_takes_too_long_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    assert watched(process, limit_s=0.2).wall_s < 10
    assert process.returncode == -9


def test_our_own_peak_is_what_we_have_at_least_and_nobody_has_none() -> None:
    assert peak_mib() > 10
    gone = subprocess.Popen(SMALL)
    gone.wait()
    assert peak_mib(gone.pid) == 0


def test_a_peak_can_begin_anew() -> None:
    kept = b"x" * 300_000_000
    high = peak_mib()
    del kept
    forget_peak()
    assert peak_mib() < high - 250
