from itertools import pairwise

import numpy as np

from redshank.flows.metering.emit import REASONS
from redshank.flows.metering.stream import CLOSED
from redshank.flows.metering.table import END, ROW
from redshank.flows.metering.text import SPARE
from redshank.flows.metering.words import WORD, write_words


def test_each_row_has_protocol_state_part_and_reason_in_words() -> None:
    rows, ends = np.zeros(len(REASONS), ROW), np.zeros(2 * len(REASONS), END)
    rows["proto"], rows["reason"] = (6, 17, 1, 58, 132, 6), range(len(REASONS))
    ends["packets"][2], ends["state"][:2] = 1, CLOSED
    stops, letters = np.zeros((4, len(rows) + 1), np.int32), np.zeros((4, WORD * len(rows) + SPARE), np.uint8)
    write_words(rows[:4], ends[:8], 0, stops, *letters)
    write_words(rows[4:], ends[8:], 4, stops, *letters)
    found = [
        [one.tobytes()[start:stop].decode() for start, stop in pairwise(where)]
        for one, where in zip(letters, stops, strict=True)
    ]
    assert found == [
        ["tcp", "udp", "icmp", "icmp", "unknown_transport", "tcp"],
        ["SF", "S0", "OTH", "OTH", "OTH", "OTH"],
        ["final", "final", "final", "final", "interim", "interim"],
        list(REASONS),
    ]
