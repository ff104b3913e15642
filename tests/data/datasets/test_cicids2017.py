from pathlib import Path

from published import stand_in
from redshank.data.datasets.cicids2017 import CLASSES, COLUMNS, SAMPLE, Cicids2017

ROWS = [
    {"Src IP": "192.0.2.1", "Protocol": "17", "ICMP Type": "-1", "Label": "BENIGN"},
    {"Src IP": "192.0.2.2", "Protocol": "6", "Fwd Header Length": "-30036", "Label": "Web Attack - XSS"},
    {"Src IP": "192.0.2.2", "Protocol": "1", "ICMP Type": "8", "Fwd Header Length": "40", "Label": "Portscan"},
]


def example(place: Path) -> Cicids2017:
    """Write a table of three rows into the folder `place`."""
    return Cicids2017(files=(stand_in(place, SAMPLE, ROWS, CLASSES),))


def test_what_overflowed_or_does_not_apply_is_absent(tmp_path: Path) -> None:
    labelled = example(tmp_path).load(tmp_path)
    assert labelled.own is not None
    assert labelled.own.table["Fwd Header Length"].to_pylist() == [0, None, 40]
    assert labelled.own.table["ICMP Type"].to_pylist() == [None, 0, 8]
    assert labelled.own.table["Protocol"].to_pylist() == ["17", "6", "1"]
    assert labelled.raw is not None
    assert labelled.raw["Fwd Header Length"].to_pylist() == [0, -30036, 40]


def test_classes_are_families_and_what_is_made_of_them_is_left_out(tmp_path: Path) -> None:
    labelled = example(tmp_path).load(tmp_path)
    assert labelled.family.tolist() == ["benign", "web_xss", "portscan"]
    assert labelled.own is not None
    assert labelled.own.table.column_names == list(COLUMNS[:-2])
    assert len(COLUMNS) == 91
    assert labelled.own.units["Flow IAT Mean"] == "us"
    assert "Packet Length Variance" not in labelled.own.units
