"""Hashes of several rows in step: each number is a vector with one lane for each row.

In: an array [words, lanes] whose column is what one row hashes. Out: the same array, its first words the results
(lanes_code.py).
"""

from typing import Any

from redshank.core.intrinsic import Intrinsic

_TOLD = "redshank.flows.metering.lanes_code"

SHA1_LANES, NAME_LANES = 16, 8
"""What fits into the registers of a processor with the widest vectors; on others some of it waits in memory."""

sha1: Any = Intrinsic(_TOLD, "sha1", SHA1_LANES)
"""(words), [16, SHA1_LANES] uint32: a block of SHA-1 each; the first five words become its digest."""
names: Any = Intrinsic(_TOLD, "names", NAME_LANES)
"""(words), [6, NAME_LANES] uint64: a flow's ends, the rest of its key, its first time; two become its name (uid.py)."""
