"""Memory that a process took and no longer uses goes back to the machine.

In: nothing. Out: nothing. The one idea: a service that runs for months must not hold what its busiest minute took, and
three things make it hold that.

- Pages of 2 MiB: the kernel merges small pages into huge ones where a program's allocator asks for them (Arrow's does),
  also where most of them were given back, so that a few bytes in use keep 2 MiB.
- Pieces of megabytes on the C heap: glibc puts them there once one of their size was freed. When one goes, a small
  piece that stays takes its place, and the next one is put at the end. Those from `MAPPED_BYTES` on have pages of their
  own instead, and all threads share one heap.
- What is free between pieces in use stays with the process until it is asked for.

Where the system's library is not glibc, or the kernel refuses, all stays as it was.
Source: prctl(2), PR_SET_THP_DISABLE; mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX; malloc_trim(3); Linux,
admin-guide/mm/transhuge.rst on max_ptes_none.
"""

import ctypes
from contextlib import suppress

MAPPED_BYTES = 1 << 18
"""A matrix of features, or what a step of numpy makes of it, has more; what one flow or one alert has is less."""
_PR_SET_THP_DISABLE = 41
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def hold_little() -> None:
    """Let this process keep less of what it frees, from now on."""
    library = ctypes.CDLL(None)
    with suppress(AttributeError):
        library.prctl(_PR_SET_THP_DISABLE, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)
    with suppress(AttributeError):
        library.mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES)
        library.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give back what is free on the C heap: some milliseconds."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))
