import pyarrow as pa

from redshank.flows.ended import ended

PARTS = pa.table({"part": pa.array(["interim", None, "final"], pa.string())})


def test_every_row_but_an_interim_one_ends_its_flow() -> None:
    assert ended(PARTS).to_pylist() == [False, True, True]
    assert ended(PARTS.to_batches()[0]).to_pylist() == [False, True, True]


def test_no_rows_give_no_marks() -> None:
    assert len(ended(PARTS.slice(0, 0))) == 0
