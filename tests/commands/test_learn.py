import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bundles import flows, tiny_bundle
from program import ended
from redshank.core.bundle import Bundle
from redshank.detect.detectors.anomaly import Anomaly
from redshank.learn import habits


@pytest.fixture
def period(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a table of a period: 700 benign flows of ten devices and a scan."""
    monkeypatch.setattr(habits, "STEPS", 40)
    kinds = ["benign"] * 700 + ["scanning"] * 30
    sources = ["10.0.0.66" if kind == "scanning" else f"10.0.0.{at % 10}" for at, kind in enumerate(kinds)]
    batch = flows(kinds, src_ip=sources, duration=[0.1 + at / 1000 for at in range(730)])
    path = tmp_path / "week.parquet"
    with pq.ParquetWriter(path, batch.schema) as writer:
        writer.write_batch(batch)
    return path


def test_a_period_becomes_a_bundle_that_judges_and_a_list_of_what_was_left_out(
    period: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = period.parent
    tiny_bundle().save(folder / "tiny")
    command = ("learn", "--from", "table", period, "-m", folder / "tiny", "--quarantine", 0, "-o", folder / "out")
    assert ended(monkeypatch, *command, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["flows"]["flows"] == 730
    assert told["flows"]["benign_says"] == "tiny"
    assert told["written"]["setting"] == f'detectors.anomaly.bundle = "{folder / "out" / "bundle"}"'
    assert told["left_out_by_device"][0] == {"device": "10.0.0.66", "screened": 30, "quarantined": 0}
    assert json.loads((folder / "out" / "left_out.json").read_text()) == told["left_out_by_device"]
    made = Bundle.load(folder / "out" / "bundle")
    assert made.manifest.name == "habits"
    assert str(folder) not in json.dumps(made.manifest.provenance)
    assert Anomaly(made, warm_up=0).judge(flows(["benign"] * 5)).num_rows == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "input: none given; name exactly one"),
        ((), "input: none given; name exactly one, with -r PATH, --from TOOL PATH or --dataset NAME"),
        (("--dataset", "lab", "--from", "table", "x.csv"), "--dataset: 'lab' is one input, and -r or --from another"),
        (("--clean", "ana", "-m", "tiny", "--dataset", "lab"), "-m: 'tiny' would screen what 'ana' declares clean"),
        (("--dataset", "lba"), "no 'lba'; did you mean 'lab'"),
        (("--dataset", "lab", "--features", "con"), "feature set: no 'con'; did you mean 'conn'"),
        (("--from", "table", "x.parquet", "--features", "con"), "feature set: no 'con'; did you mean 'conn'"),
        (("--from", "table", "x.parquet", "--judge", "lba"), "no 'lba'; did you mean 'lab'"),
    ],
)
def test_wrong_usage_is_one_line(
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(monkeypatch, "learn", *options, "-o", tmp_path / "out") == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert len(shown.splitlines()) == 1
    assert not (tmp_path / "out").exists()
