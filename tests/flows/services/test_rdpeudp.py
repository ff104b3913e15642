import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts


# MS-RDPEUDP, section 2.2.2.1: what was received (nothing: FFFFFFFF), window, flags SYN (1) or SYN with ACK (5), the
# initial sequence number and what the path may carry; padded with zeros to 1,232 bytes.
def syn(received: str, flags: str, initial: str) -> bytes:
    return (bytes.fromhex(received + "0040" + flags + initial + "04d004d0")).ljust(1232, b"\0")


ASKED, ANSWERED = syn("ffffffff", "1801", "0b127f15"), syn("0b127f15", "1005", "0f94ea0b")

YES: list[Flow] = [
    (ASKED, ANSWERED),
    (syn("ffffffff", "0001", "0b127f15"), ANSWERED),
]
NO: list[Flow] = [
    (b"", b""),
    (ASKED, b""),
    (ASKED[:100], ANSWERED),
    (ASKED, syn("0b127f16", "1005", "0f94ea0b")),
    (ASKED, syn("0b127f15", "1001", "0f94ea0b")),
    (syn("fffffffe", "1801", "0b127f15"), ANSWERED),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 3389)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("rdpeudp", client, server, proto=17, port=3389)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("rdpeudp", client, server, proto=17, port=3389)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("rdpeudp", *YES[0], proto=6, port=3389)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("rdpeudp", YES, proto=17, port=3389)


def test_any_bytes_survive() -> None:
    survives_anything("rdpeudp", YES, proto=17, port=3389)
