import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.protocols import sntp


@given(st.floats(0, 2_000_000_000))
def test_a_reply_carries_the_time_and_what_the_client_asked_with(time_s: float) -> None:
    request = sntp.request(time_s)
    reply = sntp.reply(request, time_s)
    assert reply is not None
    assert sntp.time_of(reply) == pytest.approx(time_s, abs=1e-6)
    assert reply[24:32] == request[40:48]
    assert len(request) == len(reply) == sntp.LENGTH_BYTES


def test_the_epoch_of_unix_is_the_second_that_rfc_868_names() -> None:
    # RFC 868: "the time 2,208,988,800 corresponds to 00:00 1 Jan 1970 GMT".
    assert sntp.request(0.0)[40:44] == (2_208_988_800).to_bytes(4, "big")


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(data: bytes) -> None:
    reply = sntp.reply(data, 1.0)
    assert reply is None or len(reply) == sntp.LENGTH_BYTES
    assert sntp.time_of(data) is None or len(data) >= sntp.LENGTH_BYTES


def test_a_reply_is_not_answered_and_a_request_has_no_time() -> None:
    request = sntp.request(5.0)
    reply = sntp.reply(request, 5.0)
    assert reply is not None
    assert sntp.reply(reply, 5.0) is None
    assert sntp.time_of(request) is None
