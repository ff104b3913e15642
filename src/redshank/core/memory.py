"""Memory that a process took and no longer uses goes back to the machine.

In: nothing. Out: nothing. The one idea: a service that runs for months must not hold what its busiest minute took, and
two things make it hold that. Pages of 2 MiB: the kernel merges small pages into huge ones where a program's allocator
asks for them (Arrow's does), also where most of them were given back, so that a few bytes in use keep 2 MiB. And the C
heap: what is free between pieces in use stays with the process until it is asked for. Where the system's library is not
glibc, or the kernel refuses, all stays as it was.
Source: prctl(2), PR_SET_THP_DISABLE; malloc_trim(3); Linux, admin-guide/mm/transhuge.rst on max_ptes_none.
"""

import ctypes
from contextlib import suppress

_PR_SET_THP_DISABLE = 41


def use_small_pages() -> None:
    """Have no huge pages from now on, in this process and those that it starts."""
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)


def give_back() -> None:
    """Give back what is free on the C heap: some milliseconds, in which other threads go on."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))
