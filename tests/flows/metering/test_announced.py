import ipaddress
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from redshank.capture.packet import PACKET
from redshank.flows.metering.announced import (
    ANNOUNCED,
    EXPECTED,
    FIRST,
    FTP_DATA,
    IRC_DCC_DATA,
    ROOM,
    announce,
    announced,
)
from redshank.flows.metering.table import ROW

CLIENT, SERVER, THIRD = "192.0.2.1", "198.51.100.2", "203.0.113.3"
CLIENT_6, SERVER_6 = "2001:db8::1", "2001:db8::5:6:2"
NOW = 10**18


def make() -> npt.NDArray[Any]:
    return np.zeros(ROOM, EXPECTED)


def halves(address: str) -> tuple[int, int, int]:
    value = ipaddress.ip_address(address)
    return int(value) >> 64, int(value) & (1 << 64) - 1, value.version


def said(line: bytes, source: str, target: str, table: Any, ts_ns: int = NOW) -> Any:
    packet = np.zeros(1, PACKET)
    packet["src_hi"], packet["src_lo"], packet["version"] = halves(source)
    packet["dst_hi"], packet["dst_lo"], _ = halves(target)
    packet["ts_ns"], packet["payload_offset"], packet["payload_captured"] = ts_ns, 3, len(line)
    if FIRST[line[0]]:
        announce(table, packet[0], np.frombuffer(b"227" + line + b"9,9,9,9,9,9)", np.uint8).copy())
    return table


def expected(table: Any, source: str, target: str, port: int, clock_ns: int = NOW + 1) -> int:
    found = []
    for orig, resp, orig_is_a in (("a", "b", 1), ("b", "a", 0)):  # whichever end comes first in the key
        row = np.zeros(1, ROW)
        row[f"{orig}_hi"], row[f"{orig}_lo"], row["version"] = halves(source)
        row[f"{resp}_hi"], row[f"{resp}_lo"], _ = halves(target)
        row[f"{orig}_port"], row[f"{resp}_port"], row["orig_is_a"] = 40000, port, orig_is_a
        found.append(int(announced(table, row[0], clock_ns)))
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("line", "source", "target"),
    [
        (b"227 Entering Passive Mode (198,51,100,2,78,32)\r\n", SERVER, CLIENT),  # RFC 959, section 4.1.2
        (b"227 =198,51,100,2,78,32\r\n", SERVER, CLIENT),
        (b"200 Type set\r\n227 Passive 3 (0,0,0,0,78,32).\r\n", SERVER, CLIENT),
        (b"229 Entering Extended Passive Mode (|||20000|)\r\n", SERVER, CLIENT),  # RFC 2428, section 3
        (b"229 OK (|1|198.51.100.2|20000|)\r\n", SERVER, CLIENT),
        (b"229 OK (!!!20000!)\r\n", SERVER, CLIENT),
    ],
)
def test_a_passive_server_says_where_it_waits_for_the_client(line: bytes, source: str, target: str) -> None:
    table = said(line, source, target, make())
    assert expected(table, CLIENT, SERVER, 20000) == FTP_DATA
    assert expected(table, THIRD, SERVER, 20000) == 0
    assert expected(table, SERVER, CLIENT, 20000) == 0
    assert expected(table, CLIENT, SERVER, 20001) == 0


@pytest.mark.parametrize("line", [b"PORT 192,0,2,1,78,32\r\n", b"eprt |1|192.0.2.1|20000|\r\n"])
def test_an_active_client_says_where_it_waits_for_the_server(line: bytes) -> None:
    table = said(line, CLIENT, SERVER, make())
    assert expected(table, SERVER, CLIENT, 20000) == FTP_DATA


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("2001:db8::1", True),
        ("2001:DB8:0:0:0:0:0:1", True),
        ("2001:db8:0:0::1", True),
        ("2001:db8::00001", False),
        ("2001:db8::1::", False),
        ("2001:db8:0:0:0:0:1", False),
        ("2001:db8:0:0:0:0:0:0::1", False),
        ("2001:db8::x", False),
    ],
)
def test_addresses_of_ipv6_are_read_as_they_are_written(address: str, *, valid: bool) -> None:
    table = said(f"EPRT |2|{address}|5282|\r\n".encode(), CLIENT_6, SERVER_6, make())
    assert expected(table, SERVER_6, CLIENT_6, 5282) == (FTP_DATA if valid else 0)


@pytest.mark.parametrize("address", ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "::2:3", "fe80::1:2:3:4", "a:b::c:0:d"])
def test_every_form_of_an_ipv6_address_is_its_number(address: str) -> None:
    table = said(f"EPRT |2|{address}|5282|\r\n".encode(), CLIENT_6, SERVER_6, make())
    assert expected(table, SERVER_6, address, 5282) == FTP_DATA


def test_a_file_offered_in_irc_may_be_fetched_by_anybody() -> None:
    line = b':sue!s@x PRIVMSG tim :\x01DCC SEND "my file.txt" 3405803779 59130 41709\x01\r\n'  # 203.0.113.3
    table = said(line, SERVER, CLIENT, make())
    assert expected(table, CLIENT, THIRD, 59130) == expected(table, SERVER, THIRD, 59130) == IRC_DCC_DATA
    assert ANNOUNCED[IRC_DCC_DATA - 1] == "irc-dcc-data"


@pytest.mark.parametrize(
    "line",
    [
        b"227 Entering Passive Mode (198,51,100,2,78\r\n",
        b"227 Entering Passive Mode (198,51,256,2,78,32)\r\n",
        b"227 Entering Passive Mode (198,51,100,2,78,",  # the six numbers go on behind the captured bytes
        b"227 Entering Passive Mode (198,51,100,2,78,3",  # nor is it known whether a number ends where they do
        b"226 Entering Passive Mode (198,51,100,2,78,32)\r\n",
        b"229 Entering Extended Passive Mode (|||200000|)\r\n",
        b"229 Entering Extended Passive Mode (|||20000",
        b"229 Entering Extended Passive Mode (|3|x|20000|)\r\n",
        b"EPRT |1|198.51.100|20000|\r\n",
        b"EPRT |1|198.51.100.2.9|20000|\r\n",
        b"PRIVMSG tim :\x01DCC CHAT chat 3325256706 20000\x01\r\n",
        b"PRIVMSG tim :\x01DCC SEND file x 20000 5\x01\r\n",
        b"PRIVMSG tim :\x01DCC SEND",
    ],
)
def test_what_is_no_announcement_is_not_waited_for(line: bytes) -> None:
    table = said(line, SERVER, CLIENT, make())
    assert not table["until_ns"].any()


def test_nobody_waits_longer_than_five_minutes() -> None:
    table = said(b"PORT 192,0,2,1,78,32\r\n", CLIENT, SERVER, make())
    assert expected(table, SERVER, CLIENT, 20000, NOW + 300 * 10**9 - 1) == FTP_DATA
    assert expected(table, SERVER, CLIENT, 20000, NOW + 300 * 10**9) == 0


def test_the_fifth_of_a_set_takes_the_place_of_the_oldest() -> None:
    table = make()
    for turn in range(5):
        said(f"229 Extended ({'|' * 3}{turn * 256 + 9}|)\r\n".encode(), SERVER, CLIENT, table, NOW + turn)
    assert [expected(table, CLIENT, SERVER, turn * 256 + 9) for turn in range(5)] == [0, 1, 1, 1, 1]
    said(b"229 Extended (|||1033|)\r\n", SERVER, CLIENT, table, NOW + 9)  # said again: it takes no second place
    assert [expected(table, CLIENT, SERVER, turn * 256 + 9) for turn in range(5)] == [0, 1, 1, 1, 1]


def test_any_bytes_survive() -> None:
    random = np.random.default_rng(7)
    lines = (b"227 (1,2,3,4,5,6)\r\n", b"EPRT |2|::1|5|\r\n", b'PRIVMSG :\x01DCC SEND "a" 1 2 3\x01\r\n')
    table = make()
    for turn in range(600):
        line = bytearray(lines[turn % 3] * 2)
        for _ in range(4):
            line[random.integers(len(line))] = int(random.integers(256))
        said(bytes(line[: int(random.integers(1, len(line)))]), SERVER, CLIENT, table)
    assert len(table) == 1024
