import platform
import subprocess
import sys

import pytest

_WITH_SMALL_PAGES = """
from pathlib import Path
from redshank.core.memory import hold_little
hold_little()
print(*[line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("THP_enabled")])
"""
_THAT_GIVES_BACK = """
from os import sysconf
from pathlib import Path
from redshank.core.memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * sysconf("SC_PAGESIZE")

pieces = [bytes(100_000) for _ in range(1_000)]
del pieces[::2]
before = resident()
give_back()
print(before - resident())
"""


_THAT_HAS_LARGE_PIECES = """
from os import sysconf
from pathlib import Path
from redshank.core.memory import MAPPED_BYTES, hold_little

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * sysconf("SC_PAGESIZE")

hold_little()
large = [b"x" * 10_000_000]
large.clear()  # from here on glibc would have put the next ones on the heap
large, small = [], []
for _ in range(20):
    large.append(b"x" * (4 * MAPPED_BYTES))
    small.append(b"x" * 1_000)
before = resident()
large.clear()
print(before - resident())
"""


def _printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def test_a_process_that_asked_for_it_has_no_huge_pages() -> None:
    # In a process of its own: for this one it would hold too.
    assert _printed(_WITH_SMALL_PAGES) in {"THP_enabled:\t0", ""}  # kernels before 5.0 do not tell


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have nothing to give back")
def test_what_is_free_between_pieces_in_use_goes_back_to_the_machine() -> None:
    assert int(_printed(_THAT_GIVES_BACK)) > 10e6  # of 50 MB


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have limits of their own")
def test_large_pieces_go_back_at_once_though_small_ones_between_them_stay() -> None:
    assert int(_printed(_THAT_HAS_LARGE_PIECES)) > 15e6  # of 20 MiB
