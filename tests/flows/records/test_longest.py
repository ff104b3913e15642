import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redshank.flows.payload.rooms import text_column
from redshank.flows.records.columns import typed
from redshank.flows.records.longest import LONGEST, OTHERS, cut


def shown(data: bytes) -> str:
    """Return what our sensor writes of bytes."""
    column = text_column(np.frombuffer(data, np.uint8), np.array([[0, len(data)]]), 0, np.array([0]), 1)
    assert column is not None
    return str(column[0])


PARTS = (b"a", "é".encode(), "€".encode(), "\U0001f600".encode(), b"\xff", b"\x00", b"\xe2\x82")


@given(st.lists(st.sampled_from(PARTS), min_size=1).map(lambda parts: b"".join(parts) * 200))
@example(b"\x00" * 1_024)
@example(b"a" * 1_023 + "€".encode())
def test_a_text_is_what_the_sensor_would_have_kept_of_it(data: bytes) -> None:
    texts, cuts = cut("http_uri", pa.array([shown(data), shown(data[:1_024]), None]))
    assert texts.to_pylist() == [shown(data[:1_024]), shown(data[:1_024]), None]
    assert cuts == (len(data) > 1_024)


@pytest.mark.parametrize(
    ("name", "longest"), [("http_uri", 1_024), ("http_host", 256), ("http_user_agent", 480), ("dns_query", 256),
                          ("mqtt_client_id", 128), ("uid", OTHERS), ("src_mac", OTHERS)]
)  # fmt: skip
def test_what_is_cut_is_counted_by_its_column(name: str, longest: int) -> None:
    counts: dict[str, int] = {}
    texts = typed(name, pa.array(["x" * 5_000, "x" * longest]), lambda what, rows: counts.update({what: rows}))
    assert texts.to_pylist() == ["x" * longest] * 2
    assert counts == {f"{name}_cut": 1}
    assert LONGEST.get(name, OTHERS) == longest
