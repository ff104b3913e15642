"""Ways to spoil bytes: what fuzzing does to seeds.

In: bytes and a random number generator. Out: other bytes, most of them almost right: a parser's mistakes lie where a
field contradicts another. Lengths, types and counts get the values at their borders; headers are hit more than payload.
"""

import random
import struct

MOST = 4096
"""No mutation makes more bytes than this."""

_BYTES = (0, 1, 2, 3, 4, 5, 15, 16, 31, 63, 64, 127, 128, 192, 240, 254, 255)
_SHORTS = (0, 1, 7, 8, 19, 20, 255, 256, 1500, 32767, 32768, 65534, 65535)
_LONGS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
# Places of fields in an Ethernet frame that decide how the rest is read: ethertype, version, lengths, fragment,
# protocol, TCP's data offset and flags, UDP's length, IPv6's next header; and where tunnels over UDP have theirs.
_FIELDS = (12, 13, 14, 16, 17, 18, 20, 21, 23, 34, 36, 38, 39, 42, 43, 44, 46, 47, 50, 54, 58, 62)
_HEADERS = 80


def mutated(draw: random.Random, seeds: list[bytes]) -> bytes:
    """Return one seed with one to six changes.

    Args:
        draw: Where chance comes from.
        seeds: What to change; at least one.
    """
    data = bytearray(draw.choice(seeds))
    for _ in range(1 + min(5, int(draw.expovariate(0.8)))):
        _WAYS[int(draw.random() * len(_WAYS))](draw, data, seeds)
    return bytes(data[:MOST])


def _place(draw: random.Random, data: bytearray) -> int:
    if draw.random() < 0.5:
        return int(draw.random() * min(len(data), _HEADERS))
    return int(draw.random() * len(data))


def _flip(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    if data:
        data[_place(draw, data)] ^= 1 << draw.getrandbits(3)


def _byte(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    if data:
        data[_place(draw, data)] = draw.choice(_BYTES) if draw.random() < 0.7 else draw.getrandbits(8)


def _field(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    place = draw.choice(_FIELDS)
    if place < len(data):
        data[place] = draw.choice(_BYTES) if draw.random() < 0.5 else draw.getrandbits(8)


def _short(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    if len(data) >= 2:
        place = min(_place(draw, data), len(data) - 2)
        value = draw.choice((*_SHORTS, len(data), len(data) - place, len(data) - place - 2, len(data) - 14))
        struct.pack_into(draw.choice((">H", "<H")), data, place, value & 0xFFFF)


def _long(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    if len(data) >= 4:
        place = min(_place(draw, data), len(data) - 4)
        value = draw.choice((*_LONGS, len(data), len(data) - place, draw.getrandbits(32)))
        struct.pack_into(draw.choice((">I", "<I")), data, place, value & 0xFFFFFFFF)


def _cut(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    del data[_place(draw, data) if data else 0 :]


def _take_out(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    if data:
        place = _place(draw, data)
        del data[place : place + 1 + int(draw.expovariate(0.2))]


def _repeat(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    if data:
        place = _place(draw, data)
        stretch = data[place : place + 1 + int(draw.expovariate(0.05))]
        data[place:place] = stretch * (1 + draw.getrandbits(2))
        del data[MOST:]


def _splice(draw: random.Random, data: bytearray, seeds: list[bytes]) -> None:
    other = draw.choice(seeds)
    place = _place(draw, data) if data else 0
    data[place:] = other[int(draw.random() * len(other)) if draw.random() < 0.5 else place :]


def _noise(draw: random.Random, data: bytearray, _: list[bytes]) -> None:
    place = _place(draw, data) if data else 0
    data[place:place] = draw.randbytes(1 + int(draw.expovariate(0.1)))


_WAYS = (_flip, _byte, _field, _short, _long, _cut, _take_out, _repeat, _splice, _noise, _flip, _byte, _field, _field)
