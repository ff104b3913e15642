from dataclasses import replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.features.feature_set import UNKNOWN, Column, FeatureSet


class Plain(FeatureSet):
    name: ClassVar[str] = "plain"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[Column, ...]] = (Column("proto", "category", ("tcp", "udp")), Column("duration", "s"))

    def encode(self, flows: pa.RecordBatch) -> npt.NDArray[np.float32]:
        return np.zeros((len(flows), 2), np.float32)


def _with(columns: tuple[Column, ...], version: int = 1) -> str:
    changed: type[FeatureSet] = type("Changed", (Plain,), {"columns": columns, "version": version})
    return changed.fingerprint()


def test_a_category_has_a_code_for_absent_one_for_unknown_and_one_for_each_value() -> None:
    assert UNKNOWN == 1
    assert Plain.columns[0].codes == 4
    assert Plain.columns[1].codes == 0


def test_the_fingerprint_is_sixteen_hex_digits_and_stays() -> None:
    assert len(Plain.fingerprint()) == 16
    int(Plain.fingerprint(), 16)
    assert Plain.fingerprint() == _with(Plain.columns)


def test_any_change_of_meaning_changes_the_fingerprint() -> None:
    proto, duration = Plain.columns
    changed = [
        _with((duration, proto)),
        _with((proto,)),
        _with((proto, replace(duration, name="seconds"))),
        _with((proto, replace(duration, unit="ms"))),
        _with((proto, replace(duration, heavy_tail=True))),
        _with((replace(proto, vocabulary=("udp", "tcp")), duration)),
        _with(Plain.columns, version=2),
    ]
    assert len({Plain.fingerprint(), *changed}) == len(changed) + 1
