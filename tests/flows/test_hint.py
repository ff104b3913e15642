import numpy as np
import pytest

from payloads import streams_of
from redshank.flows.hint import LONGEST, Hint, Hints, fits, listed

NOTHING = np.zeros(1, np.uint64)


@pytest.mark.parametrize(
    ("hint", "client", "server", "fit"),
    [
        (Hint(client=b"AB", server=b""), b"B", b"", True),
        (Hint(client=b"AB", server=b""), b"C", b"A", False),
        (Hint(client=b"", server=b"A"), b"A", b"A", True),
        (Hint(client=b"", server=b""), b"A", b"A", False),
        (Hint(), b"", b"x", True),
        (Hint(), b"", b"", False),
        (Hint(client=(b"A", None, b"C"), server=b""), b"AxC", b"", True),
        (Hint(client=(b"A", None, b"C"), server=b""), b"Ax", b"", False),
        (Hint(client=(b"A", None), server=b""), b"A", b"", True),
        (Hint(client=(None, b"B"), server=b""), b"xB", b"", True),
        (Hint(client=(None, b"B"), server=b""), b"x", b"", False),
        (Hint(least=3), b"ab", b"ab", False),
        (Hint(least=3), b"ab", b"abc", True),
        (Hint(least=LONGEST), b"a" * 255, b"", False),
        (Hint(least=LONGEST), b"a" * 999, b"", True),
        (Hint(client=b"A", server=b"B", both=True), b"A", b"x", False),
        (Hint(client=b"A", server=b"B", both=True), b"A", b"B", True),
        (Hint(both=True), b"A", b"", False),
    ],
)
def test_a_flow_fits_by_its_first_bytes(hint: Hint, client: bytes, server: bytes, *, fit: bool) -> None:
    assert fits(hint, client, server, 6) is fit
    assert fits(hint, client, server, 17) is fit


def test_a_hint_may_be_of_one_transport() -> None:
    assert [fits(Hint(proto=6), b"x", proto=proto) for proto in (6, 17, 1)] == [True, False, False]
    assert [fits(Hint(proto=17), b"x", proto=proto) for proto in (6, 17, 1)] == [False, True, False]


def test_each_service_has_its_bit_and_those_known_have_none() -> None:
    hints = Hints([[Hint(client=b"A")], [Hint(6, client=b"B"), Hint(17, client=b"A")], *[[]] * 61, [Hint(6)]])
    data, streams = streams_of([(b"A", b""), (b"B", b""), (b"", b"")], proto=6, port=1)
    look = hints.look(data, streams, np.zeros(3, np.uint64))
    assert look.tolist() == [1 << 63 | 1, 1 << 63 | 2, 0]
    assert hints.look(data, streams, np.array([1, 2, 3], np.uint64)).tolist() == [1 << 63, 1 << 63, 0]


def test_every_bit_has_its_list() -> None:
    bits = np.array([1 << 63, 0, 1 << 63 | 1 << 17 | 1, (1 << 64) - 1], np.uint64)
    ends, which = listed(bits)
    assert [which[ends[s] : ends[s + 1]].tolist() for s in (0, 1, 17, 63)] == [[2, 3], [3], [2, 3], [0, 2, 3]]
    assert ends[64] == len(which) == 64 + 1 + 3
    assert listed(bits[:0])[0] == [0] * 65
