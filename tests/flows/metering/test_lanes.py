"""Goldens: hashlib for SHA-1; for names the kernel that makes one at a time."""

import hashlib
import subprocess
import sys

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.lanes import NAME_LANES, SHA1_LANES, names, sha1
from redshank.flows.metering.table import ROW
from redshank.flows.metering.uid import uid_of


@lean_kernel
def _hash(words: npt.NDArray[np.uint32]) -> None:
    sha1(words)


@lean_kernel
def _name(words: npt.NDArray[np.uint64]) -> None:
    names(words)


def test_every_lane_has_the_digest_of_its_own_block() -> None:
    random = np.random.default_rng(1)
    messages = [random.bytes(int(length)) for length in random.integers(0, 56, SHA1_LANES)]
    padded = [one + b"\x80" + bytes(55 - len(one)) + (8 * len(one)).to_bytes(8, "big") for one in messages]
    words = np.ascontiguousarray(np.frombuffer(b"".join(padded), ">u4").reshape(SHA1_LANES, 16).T.astype(np.uint32))
    _hash(words)
    found = [words[:5, lane].astype(">u4").tobytes() for lane in range(SHA1_LANES)]
    assert found == [hashlib.sha1(one, usedforsecurity=False).digest() for one in messages]


def test_every_lane_has_the_name_of_its_own_flow() -> None:
    rows, random = np.zeros(NAME_LANES, ROW), np.random.default_rng(2)
    words = random.integers(0, 2**64, (6, NAME_LANES), np.uint64)
    words[4], words[5] = words[4] & np.uint64(0xFFFF << 32), words[5] >> np.uint64(1)
    for place, field in enumerate(("a_hi", "a_lo", "b_hi", "b_lo")):
        rows[field] = words[place]
    rows["a_port"], rows["first_ns"] = words[4] >> np.uint64(32), words[5]
    _name(words)
    alone = [tuple(uid_of(row)) for row in rows]
    assert [tuple(pair) for pair in words[:2].T.tolist()] == [
        (int(one) % 2**64, int(two) % 2**64) for one, two in alone
    ]


def test_nothing_of_numba_is_imported_where_it_is_named() -> None:
    code = "import sys; import redshank.flows.metering.lanes; print({'numba', 'llvmlite'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()"]
