"""DNS, mDNS, LLMNR and NetBIOS names, over UDP and TCP: the first query and its answer.

On a port of DNS a message is believed whose questions and answers can be read (Zeek calls all of these dns); elsewhere
the client must ask, or the server answer, exactly one question of the Internet class.
The fields are those of the first line that Zeek's dns.log would have: what was asked comes from the query, and from
the first answer where no query was seen; AA and RA count only in a response with answers; rejected is a response
without any record, or with an error and no question. Names are in lower case, without the last dot; NetBIOS names are
decoded.
Source: RFC 1035, section 4.1; RFC 6762, section 18; RFC 4795, section 2.1.1; RFC 1002, section 4.2.1.1 and RFC 1001,
section 14.1; Zeek's manual, dns.log.
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, settle
from redshank.flows.service import Bytes, Hint, Places, Records

_OPCODES = (0, 1, 2, 4, 5, 6, 7, 8)
_FIRST = (
    None,
    None,
    bytes(flags for flags in range(256) if flags >> 3 & 15 in _OPCODES),
    None,
    b"\x00",  # not more than 25 questions and 100 answers
    bytes(range(26)),
    b"\x00",
    bytes(range(101)),
)
MAYBE = (
    Hint(proto=17, client=_FIRST, server=_FIRST, least=12),
    Hint(proto=6, client=(None, None, *_FIRST[:6]), server=(None, None, *_FIRST[:6]), least=14),
)
FIELDS = {
    "dns_query": "text",
    "dns_qclass": "number",
    "dns_qtype": "number",
    "dns_rcode": "number",
    "dns_AA": "flag",
    "dns_RD": "flag",
    "dns_RA": "flag",
    "dns_rejected": "flag",
}
ROOM = 256
_QCLASS, _QTYPE, _RCODE, _AA, _RD, _RA, _REJECTED = range(7)

_NETBIOS = 137
_MAX_QUESTIONS = 25  # Zeek's bound: what has more is no DNS
_MAX_RECORDS = 100
_MAX_LABELS = 128
_MAX_POINTERS = 16


@lean_kernel
def _usual(port: int) -> bool:
    return port in (53, 5353, 5355, _NETBIOS)


@lean_kernel
def _after_name(data: Bytes, at: int, end: int, longest: int) -> int:
    """Return where the name at `at` ends, or -1 if it does not end inside; never follows a pointer."""
    for _ in range(_MAX_LABELS):
        if at >= end:
            return -1
        size = int(data[at])
        if size == 0:
            return at + 1
        if size >= 192:
            return at + 2
        if size > longest:
            return -1
        at += 1 + size
    return -1


@lean_kernel
def _message(at: int, end: int, proto: int) -> int:
    """Return where the header starts, or -1: TCP puts a length before it."""
    if proto == 6:
        at += 2
    return at if end - at >= 12 else -1


@lean_kernel
def _readable(data: Bytes, at: int, end: int, longest: int) -> bool:
    """Tell whether questions and answers can be read."""
    questions, answers = number(data, at + 4, 2), number(data, at + 6, 2)
    if questions > _MAX_QUESTIONS or answers > _MAX_RECORDS:
        return False
    place = at + 12
    for _ in range(questions):
        place = _after_name(data, place, end, longest)
        if place < 0 or place + 4 > end:
            return False
        place += 4
    for _ in range(answers):
        place = _after_name(data, place, end, longest)
        if place < 0 or place + 10 > end:
            return False
        place += 10 + number(data, place + 8, 2)
        if place > end:
            return False
    return True


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, proto: int, port: int, server: bool) -> bool:  # noqa: FBT001  a kernel takes places
    message = _message(at, end, proto)
    if message < 0 or (proto == 6 and number(data, at, 2) < 12):
        return False
    flags, questions, answers = number(data, message + 2, 2), number(data, message + 4, 2), number(data, message + 6, 2)
    others = number(data, message + 8, 2) + number(data, message + 10, 2)
    opcode, response = flags >> 11 & 15, flags >> 15 == 1
    if questions + answers + others > _MAX_RECORDS or opcode > 8 or opcode == 3:
        return False
    if _usual(port):
        if questions + answers + others == 0 and not response:
            return False
    elif questions != 1 or opcode != 0 or flags & 0x40 or response != server or (answers > 0 and not response):
        return False
    if not _readable(data, message, end, 191 if port == _NETBIOS else 63):
        return False
    after = message + 12 if _usual(port) else _after_name(data, message + 12, end, 63)
    return _usual(port) or number(data, after + 2, 2) == 1


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        stream = streams[which[k]]
        found[k] = _speaks(data, stream.client_at, stream.client_end, stream.proto, stream.resp_port, False) or _speaks(
            data, stream.server_at, stream.server_end, stream.proto, stream.resp_port, True
        )


@lean_kernel
def _put_name(data: Bytes, start: int, at: int, end: int, row: Bytes) -> int:
    """Write the name at `at` of the message at `start` into row, in lower case with dots; return its length.

    Pointers lead backward only, so that it ends; what cannot be read ends the name.
    """
    length, jumps = 0, 0
    for _ in range(_MAX_LABELS + _MAX_POINTERS):
        if at >= end or data[at] == 0:
            break
        size = int(data[at])
        if size >= 192:
            target = start + (number(data, at, 2) & 0x3FFF) if at + 2 <= end else at
            jumps += 1
            if target >= at or jumps > _MAX_POINTERS:
                break
            at = target
            continue
        if at + 1 + size > end or length + size + 1 > len(row):
            break
        here, there = np.uint64(at + 1), np.uint64(length)
        for k in range(np.uint64(size)):
            letter = data[here + k]
            row[there + k] = letter + 32 if 65 <= letter <= 90 else letter
        row[length + size] = 46
        length += size + 1
        at += 1 + size
    return max(length - 1, 0)


@lean_kernel
def _decode(row: Bytes, length: int) -> int:
    """Turn a NetBIOS name, two letters for each byte, into its bytes; return its length.

    A name has 15 bytes, padded with blanks; the sixteenth says what kind of name it is.
    """
    decoded = 0
    while decoded < 15 and 2 * decoded + 1 < length:
        first, second = int(row[2 * decoded]), int(row[2 * decoded + 1])
        if not (97 <= first <= 112 and 97 <= second <= 112):
            break
        value = (first - 97) << 4 | (second - 97)
        if 3 <= value <= 32 or value >= 127:
            break
        row[decoded] = value
        decoded += 1
    return decoded


@lean_kernel
def read(data: Bytes, streams: Records, which: Places, numbers: Places, spans: Places, room: Bytes, place: int) -> int:
    """Read the first query and its response; see service.Read."""
    for k in range(len(which)):
        stream, row, name = streams[which[k]], room[place : place + ROOM], spans[k]
        query, response, query_end, response_end = -1, -1, 0, 0
        for at, end in ((stream.server_at, stream.server_end), (stream.client_at, stream.client_end)):
            message = _message(at, end, stream.proto)
            if message < 0 or data[message + 2] >> 3 & 15 != 0:  # Zeek's log follows only standard queries
                continue
            if data[message + 2] & 128:
                response, response_end = message, end
            else:
                query, query_end = message, end
        if query >= 0 and response >= 0 and number(data, query, 2) != number(data, response, 2):
            response = -1
        if query < 0 and response < 0:
            continue
        for flag in (_AA, _RD, _RA, _REJECTED):
            numbers[k, flag] = 0
        longest = 191 if stream.resp_port == _NETBIOS else 63
        if query >= 0 and number(data, query + 4, 2) > 0:
            after = _after_name(data, query + 12, query_end, longest)
            if 0 <= after <= query_end - 4:
                length = _put_name(data, query, query + 12, query_end, row)
                name[0], name[1] = 0, _decode(row, length) if longest > 63 else length
                numbers[k, _QTYPE], numbers[k, _QCLASS] = number(data, after, 2), number(data, after + 2, 2)
                numbers[k, _RD] = data[query + 2] & 1
        if response >= 0:
            questions, answers = number(data, response + 4, 2), number(data, response + 6, 2)
            others = number(data, response + 8, 2) + number(data, response + 10, 2)
            numbers[k, _RCODE] = data[response + 3] & 15
            numbers[k, _REJECTED] = answers + others == 0 if questions > 0 else numbers[k, _RCODE] != 0
            if answers > 0:
                numbers[k, _AA], numbers[k, _RA] = data[response + 2] >> 2 & 1, data[response + 3] >> 7
            if answers > 0 and name[0] < 0:
                at = response + 12
                for _ in range(min(questions, _MAX_QUESTIONS)):
                    at = _after_name(data, at, response_end, longest) + 4 if at > 0 else -1
                    at = at if at >= response + 12 + 4 else -1
                if at > 0:
                    name[0], name[1] = 0, _put_name(data, response, at, response_end, row)
        place = settle(name, place)
    return place
