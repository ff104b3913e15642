import numpy as np
import pytest

from redshank.flows.lines import recognize_lines
from redshank.flows.service import FROM_CLIENT, FROM_SERVER, PAYLOAD, UNKNOWN

GREETINGS, COMMANDS = (b"+OK ", b"BOTH"), (b"HELLO ", b"BOTH")


@pytest.mark.parametrize(
    ("text", "proto", "speaker"),
    [
        (b"+OK ready", 6, FROM_SERVER),
        (b"hello there", 6, FROM_CLIENT),
        (b"BOTH", 6, FROM_SERVER),
        (b"+ok ready", 6, UNKNOWN),
        (b"hello", 6, UNKNOWN),
        (b"+OK ready", 17, UNKNOWN),
    ],
)
def test_the_first_word_tells_who_speaks(text: bytes, proto: int, speaker: int) -> None:
    data = np.frombuffer(b"before" + text + b" after", np.uint8)
    payloads = np.zeros(1, PAYLOAD)
    payloads["offset"], payloads["length"], payloads["proto"] = 6, len(text), proto
    found = np.full(1, 9, np.uint8)
    recognize_lines(data, payloads, found, GREETINGS, COMMANDS)
    assert found[0] == speaker
