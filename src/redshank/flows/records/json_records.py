r"""JSON lines -> columns of text.

In: whole lines as UTF-8, one object each, and the members wanted. Out: an Arrow table whose leaves are all text: a
number keeps the digits that stand in the file, so that a time never passes through a float. Arrow reads text only where
text stands, so a first pass puts every number, `true` and `false` in quotes. Lines that Arrow refuses are found by
halving and read one by one; a line that is no object is counted as `broken_json`.
Source: RFC 8259, https://jsonlines.org/.
"""

import functools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import json as arrow_json

from redshank.core.kernel import lean_kernel
from redshank.flows.records.log_file import Count

_ONE_BY_ONE = 16
"""Lines that are read one by one where Arrow refuses their stretch."""
_DEEPEST = 64
"""Objects and lists inside each other that Arrow is shown: it calls itself for each, until the stack is full."""
_PLACES = 4_093
# Numbers stay text: a time must not pass through a float.
_JSON = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_QUOTE, _BACKSLASH = ord('"'), ord("\\")
_TRUE, _FALSE = (np.frombuffer(word, np.uint8) for word in (b"true", b"false"))


def read_objects(rows: bytes, schema: pa.Schema, count: Count, *, infer: bool = False) -> Iterator[pa.Table]:
    r"""Read members of JSON lines, all as text.

    Args:
        rows: Whole lines, UTF-8.
        schema: The members wanted: strings, lists of strings, structs of these; others are passed over. A list where
            a string is wanted is joined by commas; what does not fit at all is null and counted as `nested_value`.
        count: Called with the name of an anomaly and how many rows had it.
        infer: Whether members that the schema does not name come too, behind those that it names.

    Example:
        >>> schema = pa.schema([("ts", pa.string()), ("up", pa.string())])
        >>> next(read_objects(b'{"ts":1.50,"x":[1]}\n{"up":true}\n', schema, print)).to_pylist()
        [{'ts': '1.50', 'up': None}, {'ts': None, 'up': 'true'}]
    """
    if not rows.strip():
        return
    try:
        quoted, seen = _quoted(rows)
        # Arrow takes time for every member that it looks for, there or not.
        there = pa.schema([field for field in schema if seen[_place(field.name)]])
        table = arrow_json.read_json(
            pa.BufferReader(quoted),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=2 * len(rows) + 64),
            parse_options=arrow_json.ParseOptions(
                explicit_schema=there, unexpected_field_behavior="infer" if infer else "ignore"
            ),
        )
        columns = [table.column(field.name) if field in there else pa.nulls(len(table), field.type) for field in schema]
        others = [name for name in table.schema.names if name not in schema.names]
        yield pa.table([*columns, *(table.column(name) for name in others)], names=[*schema.names, *others])
    except (pa.ArrowInvalid, UnicodeDecodeError):
        lines = rows.split(b"\n")
        if len(lines) > _ONE_BY_ONE:
            middle = len(lines) // 2
            for half in (lines[:middle], lines[middle:]):
                yield from read_objects(b"\n".join(half), schema, count, infer=infer)
            return
        objects = [found for line in lines if line.strip() and (found := _object(line, count)) is not None]
        if objects:
            arrays = [
                pa.array([_fit(found.get(field.name), field.type, count) for found in objects], field.type)
                for field in schema
            ]
            others = sorted({name for found in objects for name in found} - set(schema.names)) if infer else []
            nulls = [pa.nulls(len(objects), pa.string())] * len(others)
            yield pa.table([*arrays, *nulls], names=[*schema.names, *others])


def _object(line: bytes, count: Count) -> dict[str, Any] | None:
    try:
        found = _JSON.decode(line.decode())
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return {key.encode("utf-8", "backslashreplace").decode(): value for key, value in found.items()}
    count("broken_json", 1)
    return None


def _fit(value: object, kind: pa.DataType, count: Count) -> object:
    """Return what fits the type; null, counted, in place of what does not."""
    if value is None:
        return None
    if pa.types.is_struct(kind) and isinstance(value, dict):
        return {field.name: _fit(value.get(field.name), field.type, count) for field in kind}
    if pa.types.is_list(kind):
        return [_fit(item, kind.value_type, count) for item in (value if isinstance(value, list) else [value])]
    if pa.types.is_string(kind):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ",".join(value)
        if isinstance(value, str):
            return value.encode("utf-8", "backslashreplace").decode()
    count("nested_value", 1)
    return None


@functools.cache
def _place(name: str) -> int:
    """Return where `_quote` notes that a member of this name was there; several names may share a place."""
    place = 0
    for byte in name.encode():
        place = (place * 31 + byte) % _PLACES
    return place


def _quoted(rows: bytes) -> tuple[pa.Buffer, npt.NDArray[np.bool_]]:
    """Return the lines with every number, `true` and `false` in quotes, and by `_place` which members may be there.

    Raises:
        pa.ArrowInvalid: If a line is something else than one object, or one too deep: Arrow 26 crashes on a line `null`
            and on ten thousand lists inside each other.
    """
    source = np.frombuffer(rows, np.uint8)
    target = np.empty(2 * len(source) + 2, np.uint8)
    seen = np.zeros(_PLACES, np.bool_)
    size = _quote(source, target, seen)
    if size < 0:
        raise pa.ArrowInvalid("a line that is not one object")
    return pa.py_buffer(target[:size]), seen


@lean_kernel
def _quote(source: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8], seen: npt.NDArray[np.bool_]) -> int:
    """Copy `source`, quotes around values that have none; return its new length, or -1 if a line is not for Arrow.

    A value of one byte takes three, with what parts it from the next four: twice the room is enough.
    """
    end = len(source)
    at = to = 0
    depth = name = 0
    inside = closed = False  # inside a string; behind the object of this line
    while at < end:
        byte = source[at]
        if inside:
            target[to] = byte
            at += 1
            to += 1
            if byte == _BACKSLASH and at < end and source[at] != 10:
                seen[:] = True  # a name may be spelled in escapes
                target[to] = source[at]
                at += 1
                to += 1
            elif byte == _QUOTE:
                inside = False
                after = at
                while after < end and (source[after] == 32 or source[after] == 9 or source[after] == 13):
                    after += 1
                if after < end and source[after] == 58:
                    seen[name] = True
            elif byte == 10:
                return -1
            else:
                name = (name * 31 + byte) % _PLACES
            continue
        if byte == 10:
            if depth != 0:
                return -1
            closed = False
        elif depth == 0 and byte != 32 and byte != 9 and byte != 13 and (byte != 123 or closed):  # noqa: PLR1714  no sets here
            return -1
        if byte == 45 or 48 <= byte <= 57 or byte == 116 or byte == 102:  # noqa: PLR1714  as above
            stop = at + 1
            while stop < end and _in_value(source[stop]):
                stop += 1
            quoted = byte <= 57 or _is_word(source, at, stop, _TRUE) or _is_word(source, at, stop, _FALSE)
            if quoted:
                target[to] = _QUOTE
                to += 1
            for place in range(at, stop):
                target[to] = source[place]
                to += 1
            if quoted:
                target[to] = _QUOTE
                to += 1
            at = stop
            continue
        if byte == 123 or byte == 91:  # noqa: PLR1714  as above
            depth += 1
            if depth > _DEEPEST:
                return -1
        elif byte == 125 or byte == 93:  # noqa: PLR1714  as above
            depth -= 1
            closed = depth == 0
        inside = byte == _QUOTE
        name = 0
        target[to] = byte
        at += 1
        to += 1
    return -1 if inside or depth != 0 else to


@lean_kernel
def _in_value(byte: int) -> bool:
    return 48 <= byte <= 57 or 97 <= byte <= 122 or 65 <= byte <= 90 or byte == 43 or 45 <= byte <= 46


@lean_kernel
def _is_word(source: npt.NDArray[np.uint8], at: int, stop: int, word: npt.NDArray[np.uint8]) -> bool:
    if stop - at != len(word):
        return False
    same = True
    for place in range(len(word)):
        same = same and source[at + place] == word[place]
    return same
