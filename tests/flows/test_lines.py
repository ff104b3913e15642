import numpy as np
import pytest

from payloads import streams_of
from redshank.flows.lines import recognize_lines

GREETINGS, COMMANDS = (b"+OK ", b"BOTH"), (b"HELLO ", b"BOTH")


@pytest.mark.parametrize(
    ("client", "server", "proto", "spoken"),
    [
        (b"hello there", b"+OK ready", 6, 1),
        (b"BOTH", b"BOTH", 6, 1),
        (b"hello there", b"+ok ready", 6, 0),
        (b"hello", b"+OK ready", 6, 0),
        (b"", b"+OK ready", 6, 0),
        (b"hello there", b"+OK ready", 17, 0),
    ],
)
def test_the_server_greets_and_the_client_commands(client: bytes, server: bytes, proto: int, spoken: int) -> None:
    data, streams = streams_of([(client, server)], proto=proto, port=1)
    found = np.full(1, 9, np.uint8)
    recognize_lines(data, streams, found, GREETINGS, COMMANDS)
    assert found[0] == spoken
