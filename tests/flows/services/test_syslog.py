import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 3164, section 5.4, RFC 5424, section 6.5, and RFC 6587, section 3.4.1 for the count of octets.

YES: list[Flow] = [
    (b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8", b""),
    (b"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time", b""),
    (b"<0>kernel: panic", b""),
    (b"<13>Use the BFG!", b""),
    (b"", b"<13>Use the BFG!"),  # sent from port 514 to another
]
NO: list[Flow] = [
    (b"", b""),
    (b"<192>Oct 11 22:14:15 x", b""),
    (b"<034>Oct 11 22:14:15 x", b""),
    (b"<>Oct 11 22:14:15 x", b""),
    (b"<1234>Oct 11 22:14:15 x", b""),
    (b"<34>\x00\x01\x02\x03", b""),
    (b"<34>", b""),
    (b"<html>", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 514)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("syslog", client, server, proto=17, port=514)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("syslog", client, server, proto=17, port=514)


def test_elsewhere_it_must_be_dated() -> None:
    assert speaks("syslog", *YES[0], proto=17, port=11000)
    assert speaks("syslog", *YES[1], proto=17, port=11000)
    assert not speaks("syslog", *YES[3], proto=17, port=11000)
    assert not speaks("syslog", b"<34>Oct 1", proto=17, port=11000)


@pytest.mark.parametrize("count", [b"", b"74 "])
def test_it_may_come_over_tcp(count: bytes) -> None:
    assert speaks("syslog", count + YES[0][0], proto=6, port=6514)
    assert not speaks("syslog", b"7 4" + YES[0][0], proto=6, port=6514)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("syslog", YES, proto=17, port=514)


def test_any_bytes_survive() -> None:
    survives_anything("syslog", YES, proto=17, port=514)
