from frames import arp, ethernet, icmp, internet_checksum, ipv4, ipv6, pcap, tcp, udp, vlan


def test_the_checksum_of_a_published_header_is_right() -> None:
    # The IPv4 header example of Wikipedia's "Internet checksum" page: its checksum is 0xB861.
    header = bytes.fromhex("45000073000040004011" + "0000" + "c0a80001c0a800c7")
    assert internet_checksum(header) == 0xB861


def test_an_ipv4_header_sums_to_zero_and_carries_its_length() -> None:
    packet = ipv4(udp(b"abc"), 17, options=b"\x01\x01\x01\x00")
    assert internet_checksum(packet[:24]) == 0
    assert int.from_bytes(packet[2:4], "big") == 24 + 8 + 3


def test_the_udp_checksum_covers_the_pseudo_header() -> None:
    packet = ipv4(udp(b"abc"), 17)
    assert internet_checksum(packet[12:20] + b"\0\x11\0\x0b" + packet[20:]) == 0


def test_the_tcp_checksum_over_ipv6_covers_the_pseudo_header() -> None:
    packet = ipv6(tcp(b"abc"), 6)
    assert internet_checksum(packet[8:40] + b"\0\0\0\x17\0\0\0\x06" + packet[40:]) == 0


def test_ethernet_sees_the_version_of_its_payload() -> None:
    assert ethernet(ipv4(b""))[12:14] == b"\x08\x00"
    assert ethernet(ipv6(b""))[12:14] == b"\x86\xdd"
    assert ethernet(vlan(ipv4(b""), 7), 0x8100)[12:18] == b"\x81\x00\x00\x07\x08\x00"


def test_lengths_of_the_small_messages_are_those_of_their_rfcs() -> None:
    assert (len(arp()), len(icmp()), len(tcp()), len(udp())) == (28, 8, 20, 8)


def test_a_capture_file_starts_with_its_magic_in_its_byte_order() -> None:
    frames = [(1_500_000_000, b"x" * 10)]
    assert pcap(frames)[:4] == b"\xd4\xc3\xb2\xa1"
    assert pcap(frames, big_endian=True, nanoseconds=True)[:4] == b"\xa1\xb2\x3c\x4d"
    assert pcap(frames, snap_length=4)[24:] == bytes.fromhex("01000000 20a10700 04000000 0a000000") + b"xxxx"
