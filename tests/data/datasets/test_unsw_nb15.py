from pathlib import Path

from published import stand_in
from redshank.data.datasets.unsw_nb15 import CLASSES, PART, UnswNb15

ROWS = [
    {"id": "1", "proto": "udp", "service": "dns", "state": "INT", "dur": "0.000011", "attack_cat": "Normal"},
    {"id": "2", "proto": "tcp", "state": "FIN", "stcpb": "3077387971", "attack_cat": "Exploits", "label": "1"},
]


def example(place: Path) -> UnswNb15:
    """Write a table of two rows into the folder `place`."""
    return UnswNb15(files=(stand_in(place, PART, ROWS, CLASSES),))


def test_a_dash_is_no_service_and_sequence_numbers_identify(tmp_path: Path) -> None:
    own = example(tmp_path).load(tmp_path).own
    assert own is not None
    assert own.table["service"].to_pylist() == ["dns", None]
    assert own.table["is_sm_ips_ports"].to_pylist() == [False, False]
    assert own.identifiers == {"id", "stcpb", "dtcpb"}
    assert own.units["sinpkt"] == "ms"


def test_the_file_is_known_under_both_of_its_names(tmp_path: Path) -> None:
    known = example(tmp_path)
    (tmp_path / PART.name).rename(tmp_path / "UNSW_NB15_testing-set.csv")
    assert len(UnswNb15().files) == 2
    assert not known.here(tmp_path)
    assert UnswNb15().here(tmp_path)
