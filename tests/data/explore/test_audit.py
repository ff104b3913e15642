import pytest

from explored import surveyed, table
from redshank.data.dataset import read
from redshank.data.explore.audit import Audit, LookUp, audit
from redshank.data.explore.relations import ranks
from redshank.data.explore.survey import survey
from redshank.data.explore.table import Table, from_labelled, identifiers


def audited() -> Audit:
    found = surveyed().audit
    assert found is not None
    return found


def single(found: Audit, name: str) -> LookUp:
    return next(one for one in found.singles if one.columns == (name,))


def test_a_column_that_names_the_side_is_found_and_noise_is_not() -> None:
    assert single(audited(), "src_ip").right.binary == 1
    assert single(audited(), "src_ip").identifier
    assert single(audited(), "state").closes == 1
    assert not single(audited(), "state").identifier
    assert single(audited(), "service").closes < 0.1
    assert single(audited(), "constant").closes == 0


def test_a_running_number_is_found_by_its_ranges() -> None:
    number = single(audited(), "pkSeqID")
    assert number.ranged
    assert number.right.family > 0.97


def test_pairs_close_at_least_as_much_as_noise_beside_a_leak() -> None:
    assert audited().pairs[0].closes == pytest.approx(1, abs=0.05)
    assert len({one.columns for one in audited().pairs}) == len(audited().pairs)


def test_copies_and_ceilings_are_counted_with_fewer_and_fewer_columns() -> None:
    sets = {one.name: one for one in audited().sets}
    assert list(sets) == [
        "all columns",
        "without addresses",
        "without identifiers",
        "without identifiers, each value in one spelling",
    ]
    assert sets["all columns"].copies == 0
    last = sets["without identifiers, each value in one spelling"]
    assert last.copies > 300
    assert last.seen > 0.3
    assert last.ceiling.binary is not None
    assert last.ceiling.binary < 0.95
    assert sets["without identifiers"].ceiling.binary == 1


def test_a_sorted_file_and_its_running_numbers_are_found() -> None:
    order = audited().order
    assert order.blocks == 3
    assert order.shuffled == pytest.approx(1 + 1199 * (1 - (0.25 + 1 / 9 + 1 / 36)))
    assert order.position.family > 0.99
    assert {one.name for one in order.rising} == {"pkSeqID", "ts"}
    assert next(one for one in order.rising if one.name == "pkSeqID").counts == 1


def test_blanks_that_only_one_side_writes_are_found() -> None:
    (spelled,) = audited().spelled
    assert (spelled.name, spelled.merged, spelled.one_sided) == ("state", 2, 1.0)
    assert spelled.written.binary == 1
    assert spelled.plain.binary is not None
    assert spelled.plain.binary < 0.6
    assert {text: (a > 0, b > 0) for text, a, b in spelled.examples} == {
        "high": (False, True),
        "high␣": (True, False),
        "low": (False, True),
        "low␣": (True, False),
    }


def test_without_a_benign_class_the_classes_alone_are_judged() -> None:
    rows = table()
    found = survey(Table(rows.name, rows.fields, rows.y, rows.classes, benign=False)).audit
    assert found is not None
    assert found.parts.binary is None
    assert single(found, "src_ip").right.binary is None
    assert single(found, "src_ip").closes == pytest.approx((5 / 6 - 0.5) / 0.5, abs=0.1)


def explored(name: str) -> Audit:
    rows = from_labelled(read(name))
    named = identifiers(field.name for field in rows.fields)
    return audit(rows, named, ranks)


@pytest.mark.data
def test_ton_iot_leaks_what_is_known_of_it() -> None:
    # The figures that shared/data/README.md tells of the release of 211,043 rows.
    found = explored("ton_iot")
    src_ip = single(found, "src_ip")
    assert src_ip.identifier
    assert src_ip.right.binary == pytest.approx(0.9905, abs=0.002)
    assert src_ip.right.family == pytest.approx(0.648, abs=0.005)
    assert single(found, "dst_port").right.binary == pytest.approx(0.941, abs=0.004)
    pair = next(one for one in found.pairs if set(one.columns) == {"src_ip", "dst_ip"})
    assert pair.right.binary == pytest.approx(0.9998, abs=0.002)
    assert pair.right.family == pytest.approx(0.82, abs=0.005)
    assert found.order.blocks == 10
    assert found.order.closes > 0.99
    sets = {one.name: one for one in found.sets}
    assert sets["all columns"].copies == 20_569
    assert sets["without addresses"].copies == 27_462
    assert sets["without addresses and ports"].copies == 117_317
    assert sets["without addresses and ports"].ceiling.family == pytest.approx(0.9887, abs=1e-4)
    assert sets["without addresses and ports"].ceiling.binary == pytest.approx(0.9998, abs=1e-4)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "column", "left"),
    [("telemetry/fridge", "temp_condition", 0.53), ("telemetry/garage_door", "sphone_signal", 0.52)],
)
def test_formatting_gives_telemetry_away(name: str, column: str, left: float) -> None:
    found = explored(name)
    spelled = next(one for one in found.spelled if one.name == column)
    assert spelled.written.binary == 1
    assert spelled.one_sided > 0.99
    assert spelled.plain.binary is not None
    assert found.parts.binary is not None
    assert spelled.plain.binary < found.parts.binary + 0.02
    assert found.sets[-1].ceiling.family < left
