import numpy as np
import pytest

from payloads import streams_of
from redshank.flows.payload.lines import first_line_has, has_line, next_line, recognize_lines, starts_with_one

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
    recognize_lines(data, streams, np.arange(1), found, GREETINGS, COMMANDS)
    assert found[0] == spoken


TEXT = np.frombuffer(b"GET x\r\nHost: a\r\nst: b", np.uint8).copy()


def test_lines_end_where_a_line_feed_is() -> None:
    assert [next_line(TEXT, at, len(TEXT)) for at in (0, 6, 7, 16, len(TEXT))] == [7, 7, 16, len(TEXT), len(TEXT)]
    assert first_line_has(TEXT, 0, len(TEXT), b" x")
    assert not first_line_has(TEXT, 0, len(TEXT), b"Host")


@pytest.mark.parametrize(("word", "end", "there"), [(b"ST:", 23, True), (b"ST:", 18, False), (b"OST:", 23, False)])
def test_a_line_is_found_by_its_first_word(word: bytes, end: int, *, there: bool) -> None:
    assert has_line(TEXT, 0, end, word) is there


def test_one_word_of_several_is_enough() -> None:
    assert starts_with_one(TEXT, 0, len(TEXT), (b"PUT ", b"GET "))
    assert not starts_with_one(TEXT, 0, len(TEXT), (b"PUT ", b"POST "))
