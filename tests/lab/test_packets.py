import struct

from hypothesis import given
from hypothesis import strategies as st

from redshank.lab import packets

A, B = ("10.0.0.1", 40000), ("10.0.0.2", 80)


def test_checksum_is_the_one_worked_out_in_rfc_1071_section_3() -> None:
    # The RFC's example sums 0001 f203 f4f5 f6f7 to ddf2; the checksum is its complement.
    assert packets.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF ^ 0xDDF2


@given(st.binary(max_size=80), st.integers(0, 2**32 - 1), st.sampled_from([packets.SYN, packets.ACK]))
def test_a_segment_checks_to_zero_with_its_pseudo_header(payload: bytes, seq: int, flags: int) -> None:
    segment = packets.tcp(A, B, flags, seq=seq, payload=payload)
    pseudo = bytes([10, 0, 0, 1, 10, 0, 0, 2, 0, 6]) + struct.pack("!H", len(segment))
    assert packets.checksum(pseudo + segment) == 0
    assert segment[13] == flags
    assert segment.endswith(payload)


def test_a_syn_carries_its_segment_size_and_an_ack_none() -> None:
    assert len(packets.tcp(A, B, packets.SYN, seq=1)) == 24
    assert len(packets.tcp(A, B, packets.ACK, seq=1)) == 20


def test_an_ip_packet_says_its_length_and_addresses() -> None:
    packet = packets.ipv4(A[0], B[0], 6, b"abc", ident=7)
    assert packet[0] == 0x45
    assert struct.unpack("!H", packet[2:4]) == (23,)
    assert packet[12:20] == bytes([10, 0, 0, 1, 10, 0, 0, 2])


@given(st.binary(max_size=60))
def test_an_echo_request_checks_to_zero(payload: bytes) -> None:
    message = packets.echo(1, 2, payload)
    assert message[:2] == b"\x08\x00"
    assert packets.checksum(message) == 0


def test_an_arp_reply_claims_what_it_was_told_to() -> None:
    frame = packets.arp_reply("02:00:00:00:00:09", (A[0], "02:00:00:00:00:09"), (B[0], "02:00:00:00:00:02"))
    assert frame.hex() == (
        "020000000002020000000009080600010800060400020200000000090a0000010200000000020a000002"
    )  # fmt: skip  written out by hand after RFC 826
