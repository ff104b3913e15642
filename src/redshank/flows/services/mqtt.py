"""MQTT 3.1, 3.1.1 and 5.0: recognized by CONNECT, or by control packets that fit; what is said to whom is read.

Without CONNECT (a capture that began later) all whole packets of what was kept must be valid, and there must be
one that says something: on MQTT's port of one side, elsewhere of both.
Fields are read from the packets that begin in the first 4,096 bytes of each side; topics, distinct, in order, at most
8, first those of the client. MQTT inside TLS is ssl.
Source: MQTT 3.1.1 and 5.0 (OASIS), sections 2 and 3; MQTT V3.1 (IBM), section 3.1 for the older name.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import byte_at, copy, number, same, settle, starts
from redshank.flows.service import Bytes, Hint, Places, Records

FIELDS = {
    "mqtt_client_id": "text",
    "mqtt_level": "number",
    "mqtt_connect_code": "number",
    "mqtt_topics": "text",
    "mqtt_publishes": "number",
    "mqtt_subscribes": "number",
}
ROOM = 640

_PORT = 1883
_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 1, 2, 3, 8, 10
_FLAGS = (0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0)  # by kind of packet; those of PUBLISH say something
_PUBLISHED = bytes(first for first in range(0x30, 0x40) if first & 6 != 6)
_FIRST = _PUBLISHED + bytes(kind << 4 | flags for kind, flags in enumerate(_FLAGS) if kind not in (0, _PUBLISH))
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST)
_LEAST = (0, 10, 2, 2, 2, 2, 2, 2, 5, 3, 4, 2, 0, 0, 0, 0)
_MOST = (
    0,
    1 << 28,
    1 << 28,
    1 << 28,
    1 << 16,
    1 << 16,
    1 << 16,
    1 << 16,
    1 << 28,
    1 << 28,
    1 << 28,
    1 << 16,
    0,
    0,
    1 << 16,
    1 << 16,
)
_VERSION_5 = 5
_LEVEL, _CODE, _PUBLISHES, _SUBSCRIBES = range(4)
_CLIENT_ID, _TOPICS = range(2)
_ID_ROOM = 128
LONGEST = {"mqtt_client_id": _ID_ROOM, "mqtt_topics": ROOM - _ID_ROOM}
"""Bytes of each text at most."""
_MOST_TOPICS = 8


@lean_kernel
def _variable(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number of 1 to 4 bytes at `at`, 7 bits in each, and where it ends; (0, -1) if it does not."""
    value = 0
    for k in range(4):
        if at + k >= end:
            break
        value |= int(data[at + k] & 127) << 7 * k
        if data[at + k] < 128:
            return value, at + k + 1
    return 0, -1


@lean_kernel
def _is_connect(data: Bytes, at: int, end: int) -> int:
    """Return where the level stands in the CONNECT at `at`, or -1 if there is none."""
    if at >= end or data[at] != _CONNECT << 4:
        return -1
    _, start = _variable(data, at + 1, end)
    level = start + 8 if starts(data, start, end, b"\x00\x06MQIsdp") else start + 6
    if start < 0 or level >= end or not (level == start + 8 or starts(data, start, end, b"\x00\x04MQTT")):
        return -1
    return level if 3 <= data[level] & 127 <= _VERSION_5 else -1  # bridges set the highest bit


@lean_kernel
def _begins(first: int, size: int) -> bool:
    """Tell whether a packet may begin with that byte and be so long."""
    kind, flags = first >> 4, first & 15
    if kind == 0 or not _LEAST[kind] <= size <= _MOST[kind]:
        return False
    return flags & 6 != 6 if kind == _PUBLISH else flags == _FLAGS[kind]


@lean_kernel
def _fits(data: Bytes, at: int, start: int, stop: int) -> bool:
    """Tell whether the packet at `at`, whose content is data[start:stop], may be one."""
    kind, flags = data[at] >> 4, data[at] & 15
    size = stop - start
    if not _begins(data[at], size):
        return False
    if kind == _CONNECT:
        return _is_connect(data, at, stop) >= 0
    if kind != _PUBLISH:
        return bool(kind != _CONNACK or data[start] <= 1)
    length = number(data, start, 2)
    if length == 0 or 2 + length + (2 if flags & 6 else 0) > size:
        return False
    wrong = 0
    for place in range(start + 2, start + 2 + length):
        wrong += data[place] < 32 or data[place] in (35, 43, 127)  # no wildcards in the topic of a message
    return wrong == 0


@lean_kernel
def _valid(data: Bytes, at: int, end: int) -> int:
    """Return how many whole packets a side begins with, 100 more if one says something; -1 if one is not valid."""
    count, speaks = 0, 0
    while at < end:
        length, start = _variable(data, at + 1, end)
        if start < 0:
            return -1 if end - at > 5 else count + speaks  # cut off; but a number that goes on for ever is none
        if start + length > end:
            return count + speaks if _begins(data[at], length) else -1
        if not _fits(data, at, start, start + length):
            return -1
        if data[at] >> 4 in (_CONNACK, _PUBLISH, _SUBSCRIBE):
            speaks = 100
        count += 1
        at = start + length
    return count + speaks


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto != 6:
            continue
        if _is_connect(data, flow.client_at, flow.client_end) >= 0:
            found[k] = 1
            continue
        client = _valid(data, flow.client_at, flow.client_end)
        server = _valid(data, flow.server_at, flow.server_end)
        if client < 0 or server < 0:
            continue
        usual = _PORT in (flow.orig_port, flow.resp_port)
        found[k] = client + server > 100 and (usual or (client > 0 and server > 0 and (client + server) % 100 > 2))


@lean_kernel
def read(data: Bytes, streams: Records, which: Places, numbers: Places, spans: Places, room: Bytes, place: int) -> int:
    """Read the control packets of both sides; see service.Read."""
    for k in range(len(which)):
        flow, row = streams[which[k]], room[place : place + ROOM]
        numbers[k, _PUBLISHES] = numbers[k, _SUBSCRIBES] = 0
        topics, last, before = 0, _ID_ROOM, -1
        for at, end in ((flow.client_at, flow.client_end), (flow.server_at, flow.server_end)):
            spot = at
            while spot < end:
                length, start = _variable(data, spot + 1, end)
                if start < 0:
                    break
                kind, stop = data[spot] >> 4, min(start + length, end)
                if kind == _CONNECT and spot == at:
                    _read_connect(data, spot, stop, numbers[k], spans[k], row)
                elif kind == _CONNACK and start + 2 <= stop:
                    numbers[k, _CODE] = data[start + 1]
                elif kind == _PUBLISH:
                    numbers[k, _PUBLISHES] += 1
                    if not _again(data, start, stop, before):
                        topics, last = _add_topic(data, start, stop, row, topics, last)
                    before = start
                elif kind == _SUBSCRIBE:
                    inner = _first_filter(data, start, stop, numbers[k, _LEVEL] == _VERSION_5)
                    while inner >= 0 and inner + 3 <= stop:
                        numbers[k, _SUBSCRIBES] += 1
                        topics, last = _add_topic(data, inner, stop, row, topics, last)
                        inner += 3 + number(data, inner, 2)
                spot = start + length
        if topics > 0:
            spans[k, 2 * _TOPICS], spans[k, 2 * _TOPICS + 1] = _ID_ROOM, last
            for letter in range(_ID_ROOM, last):
                row[letter] = 44 if row[letter] == 0 else row[letter]
        place = settle(spans[k], place)
    return place


@lean_kernel
def _read_connect(data: Bytes, at: int, end: int, numbers: Places, spans: Places, row: Bytes) -> None:
    place = _is_connect(data, at, end)
    if place < 0:
        return
    numbers[_LEVEL] = data[place] & 127
    place += 4  # flags of one byte and an interval of two follow the level
    if numbers[_LEVEL] == _VERSION_5:
        size, place = _variable(data, place, end)
        place += size if place >= 0 else end
    if place + 2 > end or place + 2 + number(data, place, 2) > end:
        return
    length = copy(data, place + 2, min(number(data, place, 2), _ID_ROOM), row, 0)
    spans[2 * _CLIENT_ID], spans[2 * _CLIENT_ID + 1] = 0, length


@lean_kernel
def _first_filter(data: Bytes, start: int, stop: int, version_5: bool) -> int:  # noqa: FBT001  a kernel takes places
    if not version_5 and start + 4 <= stop and number(data, start + 2, 2) > 0:
        return start + 2  # no topic is empty: two zeros are properties of version 5, and its CONNECT was not seen
    size, place = _variable(data, start + 2, stop)
    return place + size if place >= 0 else -1


@lean_kernel
def _again(data: Bytes, at: int, end: int, before: int) -> bool:
    """Tell whether the topic at `at` is the one at `before`, where there was one; most say the same over and over."""
    if before < 0 or at + 2 > end:
        return False
    length = number(data, at, 2)
    return at + 2 + length <= end and same(data, at, data, before, 2 + length)


@lean_kernel
def _add_topic(data: Bytes, at: int, end: int, row: Bytes, topics: int, last: int) -> tuple[int, int]:
    """Append the topic at `at`, whose length comes first, to those in `row`, parted by zeros, unless it is there.

    Returns:
        How many topics there are now, and where they end.
    """
    if at + 2 > end:
        return topics, last
    length = number(data, at, 2)
    start = last + 1 if topics > 0 else last
    if length == 0 or at + 2 + length > end or topics == _MOST_TOPICS or start + length > len(row):
        return topics, last
    place = _ID_ROOM
    for _ in range(topics):
        stop = byte_at(row, place, last, 0)
        if stop - place == length and same(row, place, data, at + 2, length):
            return topics, last
        place = stop + 1
    if topics > 0:
        row[last] = 0
    return topics + 1, copy(data, at + 2, length, row, start)
