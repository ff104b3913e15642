import json
import math
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from redshank.learn import provenance as module
from redshank.learn.provenance import commit, plain, provenance, versions
from tables import parts


def test_provenance_names_data_rows_and_versions() -> None:
    made = replace(parts(40), notes={"conflicts": np.int64(3), "ceiling": np.float32("nan")})
    found = provenance(made, 7, "redshank train table")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["dataset"] == "table"
    assert found["sha256"] == "0" * 64
    assert (found["protocol"], found["task"], found["seed"], found["partition_seed"]) == ("leakfree", "family", 7, 0)
    assert found["rows"] == {"train": 40, "validation": 10, "calibration": 20, "test": 20}
    assert found["notes"] == {"conflicts": 3, "ceiling": None}
    assert found["command"] == "redshank train table"


def test_versions_are_those_installed() -> None:
    assert versions()["numpy"] == np.__version__
    assert "onnxruntime" in versions()


def test_the_commit_is_the_one_checked_out() -> None:
    git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if git.returncode:
        assert commit() is None
    else:
        assert (commit() or "").removesuffix("+changes") == git.stdout.strip()


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert commit() is None


def test_an_installed_package_does_not_take_the_commit_of_the_repository_it_lies_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "__file__", module.__file__.replace("/src/", "/.venv/lib/site-packages/"))
    assert commit() is None


def test_plain_values_are_what_json_can_hold() -> None:
    given = {"a": (1, np.float32(0.5)), 2: math.inf, "b": np.arange(2), "c": None, "d": parts}
    found = plain(given)
    assert found["a"] == [1, 0.5]
    assert found["2"] is None
    assert found["b"] == [0, 1]
    assert isinstance(found["d"], str)
