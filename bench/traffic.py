"""A capture of made-up traffic, as large as asked for: the load of the speed measurements.

In: how many packets, at how many bytes each is cut, a seed. Out: a pcap file (microseconds, Ethernet).
Flows begin at a steady rate and overlap in time, 75 for every 1,000 packets: TCP sessions of 9 to 900 packets with
handshake, acknowledgements and FIN, RST or no end; DNS questions with answers; single datagrams, scans of single SYNs,
pings, telemetry. First payloads are real (DNS, HTTP, TLS, MQTT, CoAP, NTP, SSDP), what follows is filler. A tenth of
the flows is IPv6, another tenth has a VLAN tag. IPv4 header checksums are right, those of TCP and UDP are left zero.
The same seed gives the same packets, and a smaller capture is the beginning of a larger one. Memory does not grow with
the file: flows are made some thousands at a time, and what lies beyond the next ones' begin waits.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

START_US = 1_700_000_000_000_000
FLOWS_PER_S = 800
FLOWS_AT_ONCE = 8_000
FILLER = 1_448
LINK, VLAN, IPV4, IPV6, TCP, SHORT = 14, 4, 20, 40, 32, 8
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass(frozen=True)
class Kind:
    """One sort of flow: how often, what it says first and then, how many packets it has, and how far apart."""

    share: float
    proto: int
    port: int
    packets: tuple[int, int]
    gap_s: float
    client: tuple[bytes, ...] = ()
    server: tuple[bytes, ...] = ()
    later: tuple[int, int, int] = (0, 0, 0)
    """Payload lengths of the third and later messages in turn; negative: from the responder, 0: an acknowledgement."""
    then: tuple[bytes, bytes] = (b"", b"")
    """How later messages begin, by side; what follows is filler."""


def _name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def _question(text: str) -> bytes:
    return b"\0\0\1\0\0\1\0\0\0\0\0\0" + _name(text) + b"\0\1\0\1"


def _answer(text: str, last: int) -> bytes:
    found = b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x0a\1\0" + bytes([last])
    return b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + _name(text) + b"\0\1\0\1" + found


def _hello(server: str) -> bytes:
    name = server.encode()
    listed = b"\0" + len(name).to_bytes(2, "big") + name
    sni = len(listed).to_bytes(2, "big") + listed
    extensions = b"\0\0" + len(sni).to_bytes(2, "big") + sni + bytes.fromhex("000a00040002001d0010000b00090868747470")
    extensions += b"/1.1" + bytes.fromhex("000d000400020403002b0003020304")
    body = b"\3\3" + bytes(range(32)) + b"\0" + bytes.fromhex("0006130113021303") + b"\1\0"
    body += len(extensions).to_bytes(2, "big") + extensions
    return _record(22, b"\1" + len(body).to_bytes(3, "big") + body)


def _record(kind: int, body: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def _data(client: int, server: int) -> tuple[bytes, bytes]:
    return _record(23, bytes(max(client - 5, 0)))[:5], _record(23, bytes(server - 5))[:5]


def _server_hello() -> bytes:
    body = b"\3\3" + bytes(range(32, 64)) + b"\0\xc0\x2f\0\0\0"
    return _record(22, b"\2" + len(body).to_bytes(3, "big") + body) + _record(
        22, b"\x0b\0\x03\x00\0\x02\xfd" + bytes(300)
    )


def _connect(client: str) -> bytes:
    body = b"\0\4MQTT\4\2\0\x3c" + len(client).to_bytes(2, "big") + client.encode()
    return bytes([0x10, len(body)]) + body


def _publish(size: int) -> bytes:
    return bytes([0x32, size - 2]) + b"\0\x0chome/hall/01\0\1" + b'{"temperature":21.5,"humidity":40,"battery":97}'


def _get(number: int) -> bytes:
    return (
        f"GET /api/v1/state/{number} HTTP/1.1\r\nHost: hub-{number % 7}.example.net\r\n"
        f"User-Agent: plug/{number % 3}.1\r\nAccept: application/json\r\n\r\n"
    ).encode()


_NAMES = [f"device-{number}.example.net" for number in range(40)]
_HELLOS = tuple(map(_hello, _NAMES))
_OK = (
    b"HTTP/1.1 200 OK\r\nServer: hub\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n"
    b'{"state":"on","watt":12}'
)
_SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n'

KINDS = (
    Kind(0.130, 6, 23, (1, 1), 0.05),  # a scan: one SYN
    Kind(0.050, 6, 2323, (2, 2), 0.05),  # refused
    Kind(0.070, 17, 9999, (1, 1), 0.05, (b'{"temperature":21.5,"humidity":40,"battery":97}',)),
    Kind(0.050, 17, 1900, (1, 1), 0.05, (_SEARCH,)),
    Kind(0.050, 17, 5683, (2, 2), 0.05, (b"\x40\1\x12\x34\xb4temp",), (b"\x60\x45\x12\x34\xc0\xff21.5",)),
    Kind(
        0.280, 17, 53, (2, 2), 0.02,
        tuple(map(_question, _NAMES)), tuple(_answer(name, number) for number, name in enumerate(_NAMES)),
    ),
    Kind(0.030, 17, 123, (2, 2), 0.03, (b"\x23\0\6\xec" + bytes(44),), (b"\x24\2\6\xec" + bytes(range(44)),)),
    Kind(0.050, 1, 0, (2, 8), 1.0, (bytes(range(56)),), (bytes(range(56)),)),
    Kind(0.060, 17, 5005, (4, 60), 0.5, (b'{"power":12.25,"on":true}',), (b"ok",), (90, 120, -16)),
    Kind(
        0.080, 6, 1883, (11, 80), 0.3,
        tuple(_connect(f"sensor-{number:04}") for number in range(40)), (b"\x20\2\0\0",), (60, -4, 0),
        (_publish(60), b"\x40\2\0\1"),
    ),
    Kind(0.080, 6, 80, (9, 40), 0.02, tuple(map(_get, range(40))), (_OK,), (-FILLER, -FILLER, 0)),
    Kind(0.065, 6, 443, (10, 90), 0.03, _HELLOS, (_server_hello(),), (-900, 0, 120), _data(120, 900)),
    Kind(0.002, 6, 443, (300, 900), 0.01, _HELLOS, (_server_hello(),), (-FILLER, -FILLER, 0), _data(0, FILLER)),
)  # fmt: skip


class Traffic:
    """Packets in order of time, some thousands of flows after the other.

    Args:
        seed: The same seed gives the same packets.
    """

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        texts = [bytes(self._random.integers(0, 256, FILLER, np.uint8))]
        self._first = np.zeros((len(KINDS), 2, 2), np.int64)  # by kind and side: its first text, and how many there are
        for number, kind in enumerate(KINDS):
            for side, said in enumerate((kind.client, kind.server)):
                self._first[number, side] = len(texts), len(said)
                texts += said
        self._then = np.zeros((len(KINDS), 2), np.int64)
        for number, kind in enumerate(KINDS):
            for side, begin in enumerate(kind.then):
                self._then[number, side] = len(texts)
                texts.append(begin + texts[0][len(begin) :])
        self._pool = np.zeros((len(texts), FILLER), np.uint8)
        self._length = np.array([len(text) for text in texts], np.int64)
        for number, text in enumerate(texts):
            self._pool[number, : len(text)] = np.frombuffer(text, np.uint8)

    def packets(self) -> Iterator[dict[str, Ints]]:
        """Give columns of packets, in order of time, without end."""
        waiting: dict[str, Ints] = {}
        made = 0
        while True:
            begins = (made + np.arange(FLOWS_AT_ONCE)) * 1_000_000 // FLOWS_PER_S
            made += FLOWS_AT_ONCE
            new = self._flows(begins, made)
            both = {name: np.concatenate([waiting.get(name, column[:0]), column]) for name, column in new.items()}
            order = np.argsort(both["us"], kind="stable")
            due = int(np.searchsorted(both["us"][order], made * 1_000_000 // FLOWS_PER_S))
            yield {name: column[order[:due]] for name, column in both.items()}
            waiting = {name: column[order[due:]] for name, column in both.items()}

    def _flows(self, begins: Ints, number: int) -> dict[str, Ints]:
        random, flows = self._random, len(begins)
        shares = np.array([kind.share for kind in KINDS])
        kind = random.choice(len(KINDS), flows, p=shares / shares.sum())
        low, high = (np.array([one.packets[side] for one in KINDS])[kind] for side in (0, 1))
        count = random.integers(low, high + 1)
        proto = np.array([one.proto for one in KINDS])[kind]
        flow = {
            "proto": proto,
            "client": random.integers(1, 4_000, flows),
            "server": random.integers(1, 400, flows) + np.where(kind == 0, random.integers(0, 1 << 22, flows), 0),
            "client_port": np.where(proto == 1, 8, 32_768 + (number + np.arange(flows)) % 28_000),
            "server_port": np.array([one.port for one in KINDS])[kind],
            "ipv6": (random.random(flows) < 0.1).astype(np.int64),
            "vlan": np.where(random.random(flows) < 0.1, random.integers(2, 6, flows), 0),
            "id": random.integers(0, 1 << 16, flows),
        }
        of = np.repeat(np.arange(flows), count)
        at = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        packet = {name: column[of] for name, column in flow.items()}
        gaps = np.where(at == 0, 0, random.exponential(np.array([one.gap_s for one in KINDS])[kind][of]) * 1e6)
        elapsed = np.cumsum(gaps)
        packet["us"] = begins[of] + (elapsed - elapsed[np.cumsum(count) - count][of]).astype(np.int64)
        packet["at"] = at
        ending = random.choice(3, flows, p=(0.8, 0.1, 0.1))  # FIN both ways, RST, none
        self._say(packet, of, at, count, kind, ending)
        return packet

    def _say(self, packet: dict[str, Ints], of: Ints, at: Ints, count: Ints, kind: Ints, ending: Ints) -> None:
        """Add who sends each packet, which flags, numbers and text it has, and how long its payload is."""
        tcp = packet["proto"] == 6
        session = tcp & (count[of] > 2)
        last = count[of] - np.where(tcp, np.array([3, 1, 0])[ending][of], 0)
        told = np.where(tcp, at - 3, at)  # number of the message, behind the handshake
        turn = np.array([one.later for one in KINDS])[kind[of], told % 3]
        turn = np.where(packet["proto"] == 1, np.where(told % 2 == 0, 56, -56), turn)
        speaks = np.where(tcp, session & (told >= 0) & (at < last), True)
        side = np.where(told < 2, np.maximum(told, 0), turn < 0).astype(np.int64)
        only_asked = ~tcp & (kind[of] == 8)  # telemetry: its second message is another report
        side = np.where(only_asked, turn < 0, side)
        first, choices = np.moveaxis(self._first[kind[of], side], -1, 0)
        opening = speaks & (told < 2) & (choices > 0)
        text = np.where(opening, first + packet["id"] % np.maximum(choices, 1), self._then[kind[of], side])
        size = np.where(opening, self._length[text], np.where(speaks, np.abs(turn), 0))
        flags = np.where(size > 0, PSH | ACK, ACK)
        for place, sender, what in ((0, 0, SYN), (1, 1, SYN | ACK), (2, 0, ACK)):
            flags = np.where(tcp & (at == place), what, flags)
            side = np.where(tcp & (at == place), sender, side)
        flags = np.where(tcp & (count[of] == 2) & (at == 1), RST | ACK, flags)
        closing = np.where(session, at - last, -1)
        for place, sender, what in ((0, 0, FIN | ACK), (1, 1, FIN | ACK), (2, 0, ACK)):
            flags = np.where(closing == place, what, flags)
            side = np.where(closing == place, sender, side)
        reset = (closing == 0) & (ending[of] == 1)
        flags, side = np.where(reset, RST | ACK, flags), np.where(reset, 1, side)
        taken = size + ((flags & (SYN | FIN)) > 0)
        begin = (np.cumsum(count) - count)[of]
        for whose, name in ((0, "client_seq"), (1, "server_seq")):
            before = np.cumsum(np.where(side == whose, taken, 0))
            sent = before - np.where(side == whose, taken, 0)
            packet[name] = 1_000 + packet["id"] * 64 + sent - sent[begin]
        packet |= {"side": side, "flags": flags, "text": text, "size": size}

    def frames(self, packet: dict[str, Ints], snap_bytes: int) -> tuple[Bytes, Ints]:
        """Return [n, 16 + snap_bytes] records, header and frame, and how many bytes of each frame there are."""
        link = LINK + VLAN * (packet["vlan"] > 0)
        wide = np.where(packet["ipv6"] == 1, IPV6, IPV4)
        own = np.where(packet["proto"] == 6, TCP, SHORT)
        wire = link + wide + own + packet["size"]
        kept = np.minimum(wire, snap_bytes)
        out = np.zeros((len(wire), 16 + snap_bytes), np.uint8)
        us = packet["us"] + START_US
        head = np.stack([us // 1_000_000, us % 1_000_000, kept, wire], axis=1).astype("<u4")
        out[:, :16] = head.view(np.uint8)
        group = (
            (packet["vlan"] > 0) * 8
            + packet["ipv6"] * 4
            + np.select([packet["proto"] == 6, packet["proto"] == 17], [0, 1], 2)
        )
        for one in np.unique(group):
            rows = np.flatnonzero(group == one)
            part = {name: column[rows] for name, column in packet.items()}
            header = np.concatenate([*_link(part), _internet(part, own[rows] + part["size"]), _transport(part)], axis=1)
            width = header.shape[1]
            room = min(snap_bytes - width, FILLER)
            body = self._pool[part["text"], :room]
            if part["proto"][0] == 17:
                named = np.flatnonzero(part["server_port"] == 53)
                body[named, :2] = _big(part["id"][named], 2)
            out[rows, 16 : 16 + width] = header
            out[rows, 16 + width : 16 + width + room] = body
        return out, kept


def _big(values: Ints, size: int) -> Bytes:
    """Return [n, size] bytes of numbers, highest byte first."""
    return np.ascontiguousarray(values.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - size :])


def _link(part: dict[str, Ints]) -> list[Bytes]:
    back = part["side"] == 1
    ours, theirs = 0x020000000000 + part["client"], np.full(len(back), 0x02FFFF000001)
    kind = np.where(part["ipv6"] == 1, 0x86DD, 0x0800)
    addresses = [_big(np.where(back, ours, theirs), 6), _big(np.where(back, theirs, ours), 6)]
    if part["vlan"][0] > 0:
        return [*addresses, _big(np.full(len(back), 0x8100), 2), _big(part["vlan"], 2), _big(kind, 2)]
    return [*addresses, _big(kind, 2)]


def _internet(part: dict[str, Ints], size: Ints) -> Bytes:
    count, back = len(size), part["side"] == 1
    near, far = np.where(back, part["server"], part["client"]), np.where(back, part["client"], part["server"])
    if part["ipv6"][0] == 1:
        proto = np.where(part["proto"] == 1, 58, part["proto"])
        lead = [_big(np.full(count, 0x60000000), 4), _big(size, 2), _big(proto, 1), _big(np.full(count, 64), 1)]
        net = _big(np.full(count, 0xFD00 << 48), 8)
        return np.concatenate([*lead, net, _big(near, 8), net, _big(far, 8)], axis=1)
    near, far = 0x0A000000 + near + np.where(back, 1 << 16, 0), 0x0A000000 + far + np.where(back, 0, 1 << 16)
    fixed = [np.full(count, 0x4500), IPV4 + size, part["id"], np.full(count, 0x4000), 0x4000 | part["proto"]]
    words = [*fixed, near >> 16, near & 0xFFFF, far >> 16, far & 0xFFFF]
    total = np.sum(words, axis=0)
    total = (total & 0xFFFF) + (total >> 16)
    check = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return np.concatenate([_big(word, 2) for word in [*fixed, check, *words[5:]]], axis=1)


def _transport(part: dict[str, Ints]) -> Bytes:
    count, back = len(part["size"]), part["side"] == 1
    near = np.where(back, part["server_port"], part["client_port"])
    far = np.where(back, part["client_port"], part["server_port"])
    if part["proto"][0] == 1:
        kind = np.where(part["ipv6"] == 1, np.where(back, 129, 128), np.where(back, 0, 8))
        return np.concatenate(
            [_big(kind, 1), np.zeros((count, 3), np.uint8), _big(part["id"], 2), _big(part["at"] // 2, 2)], axis=1
        )
    ports = [_big(near, 2), _big(far, 2)]
    if part["proto"][0] == 17:
        return np.concatenate([*ports, _big(SHORT + part["size"], 2), np.zeros((count, 2), np.uint8)], axis=1)
    seq = np.where(back, part["server_seq"], part["client_seq"])
    ack = np.where(part["flags"] & ACK, np.where(back, part["client_seq"], part["server_seq"]), 0)
    stamps = [_big(np.full(count, 0x0101080A), 4), _big(part["us"] // 1_000, 4), _big(part["us"] // 1_000, 4)]
    rest = [_big(np.full(count, 0x80), 1), _big(part["flags"], 1), _big(np.full(count, 0xFFFF), 2)]
    return np.concatenate([*ports, _big(seq, 4), _big(ack, 4), *rest, np.zeros((count, 4), np.uint8), *stamps], axis=1)


def write(path: Path, packets: int, snap_bytes: int = 128, seed: int = 1) -> tuple[int, int]:
    """Write a capture.

    Args:
        path: The file.
        packets: How many packets it has.
        snap_bytes: Bytes kept of each packet; 1514 keeps all.
        seed: The same seed gives the same packets.

    Returns:
        Flows that began, bytes of the file.
    """
    traffic, left, flows = Traffic(seed), packets, 0
    at_once = (32 << 20) // (snap_bytes + 16)
    with path.open("wb") as file:
        file.write(np.array([0xA1B2C3D4, 0x00040002, 0, 0, snap_bytes, 1], "<u4").tobytes())
        for some in traffic.packets():
            count = min(left, len(some["us"]))
            for begin in range(0, count, at_once):
                part = {name: column[begin : min(begin + at_once, count)] for name, column in some.items()}
                records, kept = traffic.frames(part, snap_bytes)
                file.write(records[np.arange(records.shape[1]) < 16 + kept[:, None]].tobytes())
                flows += int((part["at"] == 0).sum())
            left -= count
            if not left:
                return flows, file.tell()
    raise AssertionError


def main() -> None:
    """Write one capture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--packets", type=int, default=10_000_000)
    parser.add_argument("--snap-bytes", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    flows, size = write(asked.path, asked.packets, asked.snap_bytes, asked.seed)
    print(f"{asked.packets:,} packets, {flows:,} flows, {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
