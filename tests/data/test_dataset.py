import dataclasses

import numpy as np
import pytest

from redshank.core.errors import ConfigError
from redshank.core.schema import flow_batch
from redshank.data.dataset import DATASETS, Dataset, Labelled


def test_datasets_are_listed_by_file_without_importing_them() -> None:
    assert {"lab", "ton_iot"} <= set(DATASETS.names())


def test_a_dataset_is_found_by_name() -> None:
    assert DATASETS.find("ton_iot").__name__ == "TonIot"


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="dataset: no 'toniot'; did you mean 'ton_iot'"):
        DATASETS.find("toniot")


def test_the_contract_alone_is_no_dataset() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Dataset()  # type: ignore[abstract]


def test_what_was_labelled_stays() -> None:
    read = Labelled(flow_batch({}, 0), np.array([], dtype=np.str_), None, "0" * 64, "none")
    assert read.notes == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        read.name = "other"  # type: ignore[misc]
