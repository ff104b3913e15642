"""First bytes of flows for the tests of services: a few flows as STREAMs, and bytes that nobody meant."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.flows.service import NAMES, STREAM, Recognizer, find

Flow = tuple[bytes, bytes]
"""The first bytes of the client and of the server."""


def streams_of(
    flows: Sequence[Flow], *, proto: int, port: int, filler: int = 255, orig_port: int = 40000
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Lay out flows between filling bytes; return the bytes and the STREAMs."""
    gap = bytes([filler]) * 64
    parts, place = [gap], len(gap)
    streams = np.zeros(len(flows), STREAM)
    for k, (client, server) in enumerate(flows):
        at = place
        parts += [client, gap, server, gap]
        streams[k] = (at, at + len(client), at + len(client) + 64, at + len(client) + 64 + len(server), proto, 0, port)
        place = at + len(client) + len(server) + 128
    streams["orig_port"] = orig_port
    return np.frombuffer(b"".join(parts), np.uint8).copy(), streams  # as the meter gives it: kernels compile once


def speaks(name: str, client: bytes = b"", server: bytes = b"", *, proto: int, port: int) -> bool:
    """Tell whether the Recognizer, hint included, finds the service called `name` in a flow."""
    data, streams = streams_of([(client, server)], proto=proto, port=port)
    return bool(int(Recognizer().look(data, streams)[0]) >> NAMES.index(name) & 1)


def fields_of(name: str, client: bytes = b"", server: bytes = b"", *, proto: int, port: int) -> dict[str, Any]:
    """Return the fields that the service called `name` reads in a flow that it recognizes; nulls are left out."""
    data, streams = streams_of([(client, server)], proto=proto, port=port)
    services = Recognizer().look(data, streams) & np.uint64(1 << NAMES.index(name))
    assert services[0], f"{name} does not recognize it"
    columns: dict[str, pa.Array] = Recognizer().fields(data, streams, services)
    return {column: values[0].as_py() for column, values in columns.items() if values[0].is_valid}


def found_in(name: str, flows: Sequence[Flow], *, proto: int, port: int, filler: int = 255) -> list[int]:
    """Return what the kernel of the service called `name` finds in flows, without its hint."""
    data, streams = streams_of(flows, proto=proto, port=port, filler=filler)
    found = np.zeros(len(flows), np.uint8)
    find(name).recognize(data, streams, np.arange(len(flows)), found)
    return [int(value) for value in found]


def survives_anything(name: str, known: list[Flow], *, proto: int, port: int) -> None:
    """Show cut, changed and random flows; the answer never depends on bytes outside of them."""
    random = np.random.default_rng(3)
    flows: list[Flow] = []
    for number in range(600):
        sides = []
        for base in known[number % len(known)]:
            start = base if number % 3 else random.bytes(int(random.integers(0, 80)))
            side = bytearray(start[: int(random.integers(0, len(start) + 1))])
            for _ in range(int(random.integers(0, 3)) if side else 0):
                side[random.integers(len(side))] = int(random.integers(256))
            sides.append(bytes(side))
        flows.append((sides[0], sides[1]))
    answers = [found_in(name, flows, proto=proto, port=port, filler=filler) for filler in (0, 13, 255)]
    assert answers[0] == answers[1] == answers[2]
    assert set(answers[0]) <= {0, 1}


def survives_cuts(name: str, known: list[Flow], *, proto: int, port: int) -> None:
    """Show flows cut after each of their first bytes; the answer never depends on what follows, and none is nothing."""
    flows: list[Flow] = []
    for client, server in known:
        flows += [(client[:length], server) for length in range(min(len(client), 64))]
        flows += [(client, server[:length]) for length in range(min(len(server), 64))]
    answers = [found_in(name, flows, proto=proto, port=port, filler=filler) for filler in (0, 255)]
    assert answers[0] == answers[1]
    assert found_in(name, [(b"", b"")], proto=proto, port=port) == [0]
