"""Payloads for the tests of services: one payload to one recognizer, and bytes that nobody meant."""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.flows.service import PAYLOAD, find


def _record(length: int, offset: int, proto: int, port: int) -> npt.NDArray[Any]:
    record = np.zeros(1, PAYLOAD)
    record["offset"], record["length"], record["proto"], record["port"] = offset, length, proto, port
    return record


def found_by(name: str, payload: bytes, *, proto: int, port: int) -> int:
    """Return what the service called `name` finds in a payload that lies between other bytes."""
    data = np.frombuffer(b"\xff\xff" + payload + b"\xff" * 8, np.uint8).copy()
    found = np.zeros(1, np.uint8)
    find(name)[0](data, _record(len(payload), 2, proto, port), found)
    return int(found[0])


def survives_anything(name: str, known: list[bytes], *, proto: int, port: int) -> None:
    """Show cut, changed and random payloads; the answer is valid and never depends on bytes outside the payload."""
    random = np.random.default_rng(3)
    recognize, _ = find(name)
    for number in range(600):
        base = known[number % len(known)] if number % 3 else random.bytes(int(random.integers(1, 80)))
        payload = np.frombuffer(base, np.uint8)[: int(random.integers(1, len(base) + 1))].copy()
        for _ in range(int(random.integers(0, 3))):
            payload[random.integers(len(payload))] = random.integers(256)
        answers = []
        for filler in (0, 255, 13):
            data = np.full(len(payload) + 64, filler, np.uint8)
            data[: len(payload)] = payload
            found = np.zeros(1, np.uint8)
            recognize(data, _record(len(payload), 0, proto, port), found)
            answers.append(int(found[0]))
        assert len(set(answers)) == 1, payload.tobytes()
        assert answers[0] in (0, 1, 2, 3)
