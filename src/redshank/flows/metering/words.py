"""Columns whose texts are few: proto, conn_state, part, part_reason.

In: rows that went out. Out: letters of these columns, and where each text ends in them.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.conn_state import STATES, conn_state
from redshank.flows.metering.emit import INTERIM, REASONS
from redshank.flows.metering.machine import copy
from redshank.flows.metering.orient import ICMP, ICMPV6, TCP, UDP
from redshank.flows.metering.table import Int, Records
from redshank.flows.metering.text import Bytes

PROTOCOLS, PARTS = ("tcp", "udp", "icmp", "unknown_transport"), ("final", "interim")
WORD = 24
"""Room of a word among the letters of all: as many are written, and what is too much is overwritten by the next."""

_WORDS = (*PROTOCOLS, *STATES, *PARTS, *REASONS)
_STATE, _PART, _REASON = len(PROTOCOLS), len(PROTOCOLS + STATES), len(PROTOCOLS + STATES + PARTS)
_LETTERS = np.frombuffer("".join(word.ljust(WORD) for word in _WORDS).encode(), np.uint8)
_LENGTHS = np.array([len(word) for word in _WORDS], np.uint8)


@lean_kernel
def write_words(
    rows: Records,
    ends: Records,
    first: int,
    stops: npt.NDArray[np.int32],
    proto: Bytes,
    state: Bytes,
    part: Bytes,
    reason: Bytes,
) -> None:
    """Write the words of rows, as the texts from `first` on.

    Args:
        rows: ROW records.
        ends: END records, originator and responder of each row.
        first: Row of the first of them.
        stops: Where the texts of each column end; stops[:, first] is where the first begin.
        proto: Letters of the column.
        state: As `proto`.
        part: As `proto`.
        reason: As `proto`.

    Shape:
        rows: [k]; ends: [2 k]; stops: [4, n + 1].
    """
    for k in range(len(rows)):
        row, at = rows[k], first + k
        if row.proto == TCP:
            protocol = 0
        elif row.proto == UDP:
            protocol = 1
        else:
            protocol = 2 if row.proto in (ICMP, ICMPV6) else 3
        interim = np.int64(row.reason >= INTERIM)
        stops[0, at + 1] = _write(protocol, proto, stops[0, at])
        stops[1, at + 1] = _write(_STATE + conn_state(row, ends[2 * k], ends[2 * k + 1]), state, stops[1, at])
        stops[2, at + 1] = _write(_PART + interim, part, stops[2, at])
        stops[3, at + 1] = _write(_REASON + np.int64(row.reason), reason, stops[3, at])


@lean_kernel
def _write(word: Int, out: Bytes, at: Int) -> Int:
    copy(out, np.int64(at), _LETTERS, WORD * np.int64(word), WORD)
    return np.int64(at) + np.int64(_LENGTHS[word])
