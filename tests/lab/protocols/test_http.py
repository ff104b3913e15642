import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.protocols import http


def read(data: bytes) -> http.Message | None:
    async def feed() -> http.Message | None:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await http.read(reader)

    return asyncio.run(feed())


@given(st.sampled_from(["GET", "POST", "PUT"]), st.binary(max_size=100), st.booleans())
def test_a_request_is_read_as_written(method: str, body: bytes, close: bool) -> None:  # noqa: FBT001  drawn
    message = read(http.request(method, "/a?b=c", "hub", body, close=close))
    assert message is not None
    assert message.start == (method, "/a?b=c", "HTTP/1.1")
    assert message.body == body
    assert message.keep_alive is not close


@pytest.mark.parametrize("status", http.REASONS)
def test_a_response_is_read_as_written(status: int) -> None:
    message = read(http.response(status, b"body", kind="text/plain", extra=("X-Try: 1",)))
    assert message is not None
    assert (message.status, message.body, message.headers["x-try"]) == (status, b"body", "1")


def test_a_request_has_no_status() -> None:
    message = read(http.request("GET", "/", "hub"))
    assert message is not None
    assert message.status == 0


@given(st.binary(max_size=120))
def test_any_bytes_are_survived(data: bytes) -> None:
    for bytes_ in (data, data + b"\r\n\r\n", b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n"):
        message = read(bytes_)
        assert message is None or len(message.body) <= len(bytes_)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 80_000 + b"\r\n\r\n",
    ],
)
def test_malformed_cut_or_oversized_messages_give_none(head: bytes) -> None:
    assert read(head) is None
