import numpy as np
import pytest

from redshank.flows.service import FROM_CLIENT, FROM_SERVER, NAMES, PAYLOAD, Recognizer, find, note
from redshank.flows.table import ROW


def _bits(**found: int) -> int:
    return sum(what << 2 * NAMES.index(name) for name, what in found.items())


@pytest.mark.parametrize(
    ("client", "server", "text"),
    [
        ({}, {}, None),
        ({"http": FROM_CLIENT}, {}, "http"),
        ({}, {"http": FROM_SERVER}, "http"),
        ({"ssl": FROM_CLIENT}, {}, None),  # both must have been heard
        ({"ssl": FROM_CLIENT}, {"ssl": FROM_SERVER}, "ssl"),
        ({"ssl": FROM_SERVER}, {"ssl": FROM_CLIENT}, None),
        ({"smtp": FROM_CLIENT}, {"smtp": FROM_SERVER, "ftp": FROM_SERVER}, "smtp"),
    ],
)
def test_a_flow_is_named_by_who_said_what(client: dict[str, int], server: dict[str, int], text: str | None) -> None:
    services = np.array([[_bits(**client), _bits(**server)]], np.uint64)
    assert Recognizer().texts(services).to_pylist() == [text]


def test_every_service_has_its_bits() -> None:
    assert 2 * len(NAMES) <= 64
    assert all(callable(find(name)[0]) for name in NAMES)


def test_a_flow_that_ended_before_the_look_is_named_too() -> None:
    rows, ended = np.zeros(2, ROW), np.zeros(2, ROW)
    rows["serial"], rows["live"] = (7, 9), 1
    ended["serial"] = 5, 3
    payloads = np.zeros(4, PAYLOAD)
    payloads["row"], payloads["serial"], payloads["side"] = (0, 0, 1, 1), (7, 3, 5, 4), (0, 1, 0, 0)
    note(rows, ended, payloads, np.array([1, 2, 4, 8], np.uint64))
    assert rows["services"].tolist() == [[1, 0], [0, 0]]
    assert ended["services"].tolist() == [[4, 0], [0, 2]]
