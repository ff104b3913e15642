import io
from pathlib import Path

import numpy as np
import pytest

from published import stand_in, text_of
from redshank.core.errors import SourceError
from redshank.data.datasets.bot_iot import CLASSES, MAT, PUBLISHED, BotIot

FLAGGED = [
    {"flgs": " e", "proto": "tcp", "pkts": "10", "dur": "0.5", "category": "Normal"},
    {"flgs": "e    F", "proto": "udp", "pkts": "2", "category": "DoS"},
]
TEN_BEST = [
    {"pkSeqID": "7", "proto": "udp", "sport": "0x0303", "state_number": "4", "category": "DDoS", "attack": "1"},
    {"pkSeqID": "8", "proto": "tcp", "sport": "22", "state_number": "1", "category": "Theft", "attack": "1"},
]


def example(place: Path) -> BotIot:
    """Write a sample of two rows into the folder `place`."""
    return BotIot("feat11", files=(stand_in(place, PUBLISHED["feat11"][0], FLAGGED, CLASSES),))


def test_flags_are_names(tmp_path: Path) -> None:
    labelled = example(tmp_path).load(tmp_path)
    assert labelled.name == "bot_iot/feat11"
    assert labelled.family.tolist() == ["benign", "dos"]
    assert labelled.own is not None
    assert labelled.own.table["flgs"].to_pylist() == ["e", "e    F"]
    assert labelled.own.heavy == {"pkts", "bytes", "dur", "sum", "rate"}
    assert labelled.own.units["mean"] == "s"


def test_the_official_files_are_a_split(tmp_path: Path) -> None:
    train, test = PUBLISHED["10best"]
    known = BotIot(
        "10best",
        files=(
            stand_in(tmp_path, train, TEN_BEST, CLASSES),
            stand_in(tmp_path, test, TEN_BEST[:1], CLASSES, text_of(test, TEN_BEST[:1]).replace(b",", b";")),
        ),
    )
    labelled = known.load(tmp_path)
    assert labelled.official is not None
    assert labelled.official.tolist() == ["train", "train", "test"]
    assert labelled.own is not None
    assert labelled.own.table["sport"].to_pylist() == ["0x0303", "22", "0x0303"]
    assert labelled.own.table["state_number"].to_pylist() == ["4", "1", "4"]
    assert {"pkSeqID", "seq", "saddr", "sport", "daddr", "dport"} == labelled.own.identifiers
    assert not {"attack", "subcategory"} & {*labelled.own.table.column_names}


def test_without_categories_an_attack_is_an_attack(tmp_path: Path) -> None:
    known = PUBLISHED["balanced1000"][0]
    rows = [{"attack": "0", "srcip": "192.0.2.1"}, {"attack": "1", "srcip": "192.0.2.2"}]
    file = stand_in(tmp_path, known, rows, {"0": "benign", "1": "attack"})
    assert BotIot("balanced1000", files=(file,)).load(tmp_path).family.tolist() == ["benign", "attack"]


def test_columns_that_are_empty_everywhere_are_left_out(tmp_path: Path) -> None:
    row = {"proto": "arp", "sport": "", "smac": "", "category": "Normal"}
    labelled = BotIot("raw35", files=(stand_in(tmp_path, PUBLISHED["raw35"][0], [row], CLASSES),)).load(tmp_path)
    assert labelled.own is not None
    assert labelled.own.table["sport"].to_pylist() == [None]
    assert labelled.own.table.num_columns == 26


def test_the_arrays_of_matlab_are_read(tmp_path: Path) -> None:
    from scipy.io import savemat

    out = io.BytesIO()
    samples = np.array([[1, 2], [1, 6], [9, 7], [540, 420], [0.5, 0], [0.1, 0], [16, 0], [0.4, 0]])
    savemat(out, {"Samples": samples, "Labels": np.array([[9.0, 10.0]])})
    rows = [{"category": "Normal"}, {"category": "Theft"}]
    labelled = BotIot(MAT, files=(stand_in(tmp_path, PUBLISHED[MAT][0], rows, CLASSES, out.getvalue()),)).load(tmp_path)
    assert labelled.family.tolist() == ["benign", "theft"]
    assert labelled.own is not None
    assert labelled.own.table.slice(0, 1).to_pylist() == [
        {
            "proto_number": "tcp",
            "flgs_number": "1",
            "pkts": 9,
            "bytes": 540,
            "dur": 0.5,
            "mean": 0.1,
            "rate": 16.0,
            "sum": 0.4,
        }
    ]


def test_other_arrays_are_refused_before_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "botiot_train_8feat_51359.mat").write_bytes(b"MATLAB 5.0\x00\x01\x02")
    with pytest.raises(
        SourceError, match="bot_iot/mat: botiot_train_8feat_51359.mat is no text: sha256 .*, not 6c2411"
    ):
        BotIot(MAT).load(tmp_path)
