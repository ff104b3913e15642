"""HTTP/1: a request line or a status line; the first request and its response are read.

A request line that is longer than what was captured is believed if it starts with a known method.
The fields are those of Zeek's http.log for the first transaction, with these differences: a body's length is what its
Content-Length says, and without one the bytes seen of it; MIME types are those that the sender claims in Content-Type,
without parameters (Zeek looks at the content); trans_depth counts the requests in the bytes at hand. Informational
responses (1xx) are passed over. Percent signs in a URI are resolved, as Zeek does. Longer texts are cut at _LONGEST.
Of a body that is posted as text the beginning is read, percent signs resolved, and told only if it has a character in
it that words and numbers in a form have not (_ACTIVE): what people type, passwords above all, stays where it is.
Source: RFC 9112, sections 2 to 7; RFC 9110, section 6.4.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import byte_at, put, settle, starts, starts_word
from redshank.flows.service import Bytes, Hint, Places, Records

_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\t\r\n "
MAYBE = Hint(proto=6, client=(_CAPITALS, _CAPITALS + b"-_", _CAPITALS + b"-_"), server=(b"H", b"T", b"T", b"P", b"/"))
FIELDS = {
    "http_method": "text",
    "http_uri": "text",
    "http_version": "text",
    "http_host": "text",
    "http_user_agent": "text",
    "http_orig_mime_types": "text",
    "http_resp_mime_types": "text",
    "http_post_body": "text",
    "http_trans_depth": "number",
    "http_status_code": "number",
    "http_request_body_len": "number",
    "http_response_body_len": "number",
}
ROOM = 2560
_METHOD, _URI, _VERSION, _HOST, _AGENT, _ORIG_MIME, _RESP_MIME, _BODY = range(8)
_DEPTH, _STATUS, _REQUEST_LENGTH, _RESPONSE_LENGTH = range(4)
_LONGEST = (20, 1024, 8, 256, 480, 128, 128, 512)
LONGEST = dict(zip((name for name, kind in FIELDS.items() if kind == "text"), _LONGEST, strict=True))
"""Bytes of each text at most."""
_ACTIVE = tuple(b"<>'`;|$(")
"""Characters that begin markup, end a text of SQL, or mean something to a shell."""

_LINE = 4096
_MAX_REQUESTS = 100
_MAX_HEADERS = 200
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"TRACE ", b"PATCH ")


@lean_kernel
def _known_method(data: Bytes, at: int, end: int) -> bool:
    known = False
    for method in _METHODS:
        known |= starts(data, at, end, method)
    return known


@lean_kernel
def _after_blanks(data: Bytes, at: int, end: int) -> int:
    """Return where the first of at most 16 blanks and empty lines ends."""
    stop = min(at + 16, end)
    while at < stop and data[at] in (9, 10, 13, 32):
        at += 1
    return at


@lean_kernel
def _request_line(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return where the target starts and ends, and where the line's end stands; the first is -1 if it is no request.

    What was not captured of the line is not missed if the method is known.
    """
    target = at
    while target < end and (65 <= data[target] <= 90 or data[target] in (45, 95)):
        target += 1
    if target - at < 3 or target - at > 20 or target >= end or data[target] != 32:
        return -1, -1, -1
    target += 1
    stop = min(end, at + _LINE)
    place = byte_at(data, target, byte_at(data, target, stop, 10), 13)
    version = place - 1
    while version >= target and not (data[version] == 32 and starts(data, version + 1, end, b"HTTP/")):
        version -= 1
    if version < target:
        version = -1
    if version < 0 and (place < stop or not _known_method(data, at, end)):
        return -1, -1, -1
    return target, version if version >= 0 else place, place


@lean_kernel
def _is_response(data: Bytes, at: int, end: int) -> bool:
    return starts(data, at, end, b"HTTP/1.") or starts(data, at, end, b"HTTP/0.")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        stream = streams[which[k]]
        if stream.proto != 6:
            continue
        asks = _request_line(data, _after_blanks(data, stream.client_at, stream.client_end), stream.client_end)[0] >= 0
        found[k] = asks or _is_response(data, stream.server_at, stream.server_end)


@lean_kernel
def _decimal(data: Bytes, at: int, end: int) -> int:
    """Return the number at `at`, at most 15 digits, or -1."""
    value, place = 0, at
    while place < min(end, at + 15) and 48 <= data[place] <= 57:
        value = 10 * value + int(data[place]) - 48
        place += 1
    return value if place > at else -1


@lean_kernel
def _after_line(data: Bytes, at: int, end: int) -> int:
    return min(byte_at(data, at, end, 10) + 1, end)


@lean_kernel
def _headers(data: Bytes, at: int, end: int) -> tuple[int, int, int, int, int, int, int, int]:
    """Read the header lines from `at` on.

    Returns:
        Where the values of Host and User-Agent lie (start, end; start 0: none), where Content-Type starts, the content
        length (-1: unknown, -2: chunked), whether the protocol is to be changed, and where the body starts (-1: later).
    """
    host, host_end, agent, agent_end, kind, length, upgrade = 0, 0, 0, 0, 0, -1, 0
    for _ in range(_MAX_HEADERS):
        stop = byte_at(data, at, end, 10)
        if stop >= end:
            break
        last = stop
        while last > at and data[last - 1] in (9, 13, 32):
            last -= 1
        if last == at:
            return host, host_end, agent, agent_end, kind, length, upgrade, stop + 1
        value = byte_at(data, at, last, 58) + 1
        while value < last and data[value] in (9, 32):
            value += 1
        letter = data[at] & 0xDF
        if letter == 72 and starts_word(data, at, last, b"HOST:"):
            host, host_end = value, last
        elif letter == 85 and starts_word(data, at, last, b"USER-AGENT:"):
            agent, agent_end = value, last
        elif letter == 85 and starts_word(data, at, last, b"UPGRADE:"):
            upgrade = 1
        elif letter == 67 and starts_word(data, at, last, b"CONTENT-TYPE:"):
            kind = value
        elif letter == 67 and starts_word(data, at, last, b"CONTENT-LENGTH:") and length != -2:
            length = _decimal(data, value, last)
        elif starts_word(data, at, last, b"TRANSFER-ENCODING:") and starts_word(data, last - 7, last, b"CHUNKED"):
            length = -2
        at = stop + 1
    return host, host_end, agent, agent_end, kind, length, upgrade, -1


@lean_kernel
def _chunked(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return how many bytes the chunks at `at` carry, as far as they were captured, and where they end (-1: later)."""
    total = 0
    for _ in range(_LINE):
        size, place = 0, at
        while place < min(end, at + 8) and (
            48 <= data[place] <= 57 or 65 <= data[place] <= 70 or 97 <= data[place] <= 102
        ):
            letter = int(data[place])
            size = 16 * size + (letter - 48 if letter <= 57 else (letter & 0xDF) - 55)
            place += 1
        if place == at:
            break
        while place < end and data[place] != 10:
            place += 1
        place += 1
        if size == 0:
            while place < end and data[place] != 10:
                place += 1
            return total, place + 1 if place < end else -1
        total += max(min(size, end - place), 0)
        at = place + size + 2
        if at >= end:
            break
    return total, -1


@lean_kernel
def _body(data: Bytes, at: int, end: int, length: int, open_end: bool) -> tuple[int, int]:  # noqa: FBT001  a kernel takes places
    """Return a body's length, and where the next message starts (-1: later)."""
    if length == -2:
        return _chunked(data, at, end) if at >= 0 else (0, -1)
    if length < 0:
        return (max(end - at, 0), -1) if open_end and at >= 0 else (0, at)
    return length, at + length if at >= 0 and at + length <= end else -1


@lean_kernel
def _nibble(letter: int) -> int:
    if 48 <= letter <= 57:
        return letter - 48
    letter &= 0xDF
    return letter - 55 if 65 <= letter <= 70 else -1


@lean_kernel
def _put_resolved(
    data: Bytes,
    at: int,
    end: int,
    row: Bytes,
    spans: Places,
    field: int,
    place: int,
) -> int:
    """Copy the target of a request, or what is posted, percent signs resolved; return where it ends."""
    start = place
    while at < end and place < start + _LONGEST[field]:
        value = int(data[at])
        if value == 37 and at + 2 < end:
            high, low = _nibble(int(data[at + 1])), _nibble(int(data[at + 2]))
            if high >= 0 and low >= 0:
                value = high << 4 | low
                at += 2
        row[place] = value
        place += 1
        at += 1
    spans[2 * field], spans[2 * field + 1] = start, place
    return place


@lean_kernel
def _put_body(data: Bytes, at: int, end: int, row: Bytes, spans: Places, place: int) -> int:
    """Copy what is posted if it is text that may do something; return where it ends, or `place` if it may not."""
    last = _put_resolved(data, at, end, row, spans, _BODY, place)
    active = False
    for k in range(place, last):
        letter = int(row[k])
        if letter < 9:
            active = False
            break
        for mark in _ACTIVE:
            active |= letter == mark
    if active:
        return last
    spans[2 * _BODY], spans[2 * _BODY + 1] = -1, -1
    return place


@lean_kernel
def _put_type(
    data: Bytes,
    at: int,
    end: int,
    row: Bytes,
    spans: Places,
    field: int,
    place: int,
) -> int:
    """Copy a MIME type in lower case, without its parameters; return where it ends."""
    stop = at
    while stop < end and data[stop] not in (9, 10, 13, 32, 44, 59):
        stop += 1
    if stop == at:
        return place
    start, place = place, put(data, at, stop, row, spans, field, place, _LONGEST[field])
    for k in range(start, place):
        if 65 <= row[k] <= 90:
            row[k] += 32
    return place


@lean_kernel
def read(data: Bytes, streams: Records, which: Places, numbers: Places, spans: Places, room: Bytes, place: int) -> int:
    """Read the first request and its response; see service.Read."""
    for k in range(len(which)):
        stream, row, texts = streams[which[k]], room[place : place + ROOM], spans[k]
        at, end, last = _after_blanks(data, stream.client_at, stream.client_end), stream.client_end, 0
        numbers[k, _REQUEST_LENGTH], numbers[k, _RESPONSE_LENGTH], numbers[k, _DEPTH] = 0, 0, 1
        head = starts(data, at, end, b"HEAD ")
        depth = 0
        while depth < _MAX_REQUESTS:
            target, target_end, line_end = _request_line(data, at, end)
            if target < 0:
                break
            depth += 1
            tunnel = starts(data, at, end, b"CONNECT ")
            host, host_end, agent, agent_end, kind, length, upgrade, body = _headers(
                data, _after_line(data, line_end, end), end
            )
            size, following = _body(data, body, end, length, False)
            if depth == 1:
                last = put(data, at, target - 1, row, texts, _METHOD, last, _LONGEST[_METHOD])
                last = _put_resolved(data, target, target_end, row, texts, _URI, last)
                if line_end - target_end >= 7:
                    last = put(data, target_end + 6, line_end, row, texts, _VERSION, last, _LONGEST[_VERSION])
                if host > 0:
                    last = put(data, host, host_end, row, texts, _HOST, last, _LONGEST[_HOST])
                if agent > 0:
                    last = put(data, agent, agent_end, row, texts, _AGENT, last, _LONGEST[_AGENT])
                if kind > 0 and size > 0:
                    last = _put_type(data, kind, end, row, texts, _ORIG_MIME, last)
                if body >= 0 and size > 0:
                    last = _put_body(data, body, min(end, body + size), row, texts, last)
                numbers[k, _REQUEST_LENGTH] = size
            if tunnel or upgrade or following < 0:
                break
            at = _after_blanks(data, following, end)
        numbers[k, _DEPTH] = max(depth, 1)
        at, end = stream.server_at, stream.server_end
        for _ in range(_MAX_REQUESTS):
            if not _is_response(data, at, end) or end - at < 12:
                break
            status = _decimal(data, at + 9, at + 12)
            version = at + 5
            _, _, _, _, kind, length, _, body = _headers(data, _after_line(data, at, end), end)
            if 100 <= status < 200 and status != 101 and body >= 0:
                at = body
                continue
            if status >= 0:
                numbers[k, _STATUS] = status
            last = put(data, version, version + 3, row, texts, _VERSION, last, _LONGEST[_VERSION])
            if not head and status not in (101, 204, 304):
                numbers[k, _RESPONSE_LENGTH], _ = _body(data, body, end, length, True)
            if kind > 0 and numbers[k, _RESPONSE_LENGTH] > 0:
                last = _put_type(data, kind, end, row, texts, _RESP_MIME, last)
            break
        place = settle(texts, place)
    return place
