import numpy as np

from hellos import client_hello, extension, numbers, protocols, server_name, sized
from redshank.flows.payload.tls_client import CODES, ROOM, read_client
from redshank.flows.payload.tls_fingerprint import GROUPS, JA3, JA4, PROTOCOLS, SIGNATURES, WHERE, extensions

GREASE = 0x2A2A


def lists(hello: bytes, letter: str = "t") -> dict[int, str]:
    data = np.frombuffer(hello, np.uint8)
    row, spans = np.zeros(ROOM, np.uint8), np.full(18, -1, np.int64)
    read_client(data, len(hello), ord(letter), row, spans, np.zeros(CODES, np.int64))
    return {
        k: row[start:stop].tobytes().decode("latin-1")
        for k, (start, stop) in enumerate(spans.reshape(-1, 2).tolist())
        if start >= 0
    }


def test_the_lists_are_those_of_the_examples() -> None:
    # FoxIO's technical details give these lists, and t13d1516h2_8daaf6152771_e5627efa2ab1 for them.
    suites = [0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014]
    suites += [0x009C, 0x009D, 0x002F, 0x0035]
    signatures = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
    contents = {
        0x0A: sized(numbers([GREASE, 0x1D, 0x17, 0x18]), 2),
        0x0B: b"\x01\x00",
        0x0D: sized(numbers(signatures), 2),
        0x2B: sized(numbers([GREASE, 0x0304, 0x0303]), 1),
    }
    kinds = [0x1B, 0x23, 0x0B, 0x0D, 0x12, 0x33, 0x2D, 0x0A, 0x4469, 0x05, 0x17, 0xFF01, 0x2B, 0x15]
    extensions = [extension(kind, contents.get(kind, b"")) for kind in kinds]
    extensions = [extension(GREASE), server_name(b"x.example"), *extensions, protocols(b"h2", b"http/1.1")]
    read = lists(client_hello([GREASE, *suites], [*extensions, extension(0xFAFA, b"\0")]))
    assert read[JA4].split(" ") == [
        "t13d1516h2",
        "002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9",
        "0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601",
    ]
    assert read[JA3] == (
        "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"
        "0-27-35-11-13-18-51-45-10-17513-5-23-65281-43-21-16,29-23-24,0"
    )


def test_a_plain_hello_has_empty_lists() -> None:
    read = lists(client_hello([GREASE], version=0x0301))
    assert (read[JA3], read[JA4]) == ("769,,,,", "t10i000000  ")


def test_versions_and_protocols_have_two_letters() -> None:
    for version, letters in (
        (0x0300, "s3"),
        (0x0302, "11"),
        (0x0303, "12"),
        (0xFEFF, "d1"),
        (0xFEFD, "d2"),
        (0x0999, "00"),
    ):
        assert lists(client_hello(version=version))[JA4][1:3] == letters
    for name, letters in ((b"h", "hh"), (b"http/1.1", "h1"), (b"\xab\xcd", "ad"), (b"x\xcd", "7d"), (b"\xab", "ab")):
        assert lists(client_hello(extensions=[protocols(name)]))[JA4][8:10] == letters
    datagram = client_hello(extensions=[extension(43, sized(numbers([0xFEFD, 0xFEFC]), 1))], cookie=b"", version=0xFEFD)
    assert lists(datagram[:4] + bytes(8) + datagram[4:], "d")[JA4][:3] == "dd3"


def test_more_than_ninety_nine_are_ninety_nine() -> None:
    assert lists(client_hello(range(1, 201)))[JA4].startswith("t12i990000 ")


def test_what_is_longer_than_anybodys_has_no_fingerprint() -> None:
    assert JA3 in lists(client_hello([0xFFFE] * 256))
    assert JA3 not in lists(client_hello([0xFFFE] * 257))
    assert JA3 not in lists(client_hello(extensions=[extension(0xFFFE)] * 65))
    assert JA3 not in lists(client_hello(extensions=[extension(10, sized(bytes(130), 2))]))


def test_the_longest_there_is_has_room() -> None:
    long = [extension(kind, sized(b"\xff\xfe" * 64, 2)) for kind in (10, 13)]
    long += [extension(11, sized(b"\xff" * 64, 1)), server_name(b"x" * 255), protocols(b"y" * 255)]
    read = lists(client_hello([0xFFFE] * 256, long + [extension(0xFFF0 + k) for k in range(15)] * 3))
    assert sum(map(len, read.values())) < ROOM - 1024
    assert len(read) == 4


def test_an_extension_is_found_by_its_kind() -> None:
    listed = extension(16, b"abc") + extension(10, b"d") + extension(0x0A0A) + extension(10, b"other")
    places = np.zeros(WHERE, np.int64)
    data = np.frombuffer(listed + b"\x00\x0d\x00\x05x", np.uint8)
    assert extensions(data, 0, len(listed), places) == 3  # all but GREASE
    assert extensions(data, 0, len(data), places) == -1  # the last is longer than what is left
    assert places[2 * PROTOCOLS : 2 * PROTOCOLS + 2].tolist() == [4, 3]
    assert places[2 * GROUPS : 2 * GROUPS + 2].tolist() == [11, 1]
    assert places[2 * SIGNATURES : 2 * SIGNATURES + 2].tolist() == [0, -1]
