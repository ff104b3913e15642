import json
from pathlib import Path

import pytest

from bundles import tiny_bundle
from labelled import DRAWN
from program import ended
from redshank.learn.compare import Comparison


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in a folder with a bundle and the drawn dataset."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("redshank.data.dataset.DATASETS", DRAWN)
    (tmp_path / "rows").write_text("300 0")
    tiny_bundle(provenance={"dataset": "drawn", "sha256": "0" * 64, "protocol": "leakfree", "seed": 0}).save(
        tmp_path / "tiny"
    )


def test_a_bundle_is_judged_on_the_test_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "evaluate", "tiny", "drawn", "--data", "rows") == 0
    out = capsys.readouterr().out
    assert "Evaluation of tiny on drawn" in out
    assert "  protocol   leakfree" in out
    assert "very dataset" not in out
    assert sorted(path.name for path in Path().iterdir()) == ["rows", "tiny"], "nothing is written unless asked"


def test_training_rows_are_never_tested_silently(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "evaluate", "tiny", "drawn", "--data", "rows", "--whole") == 0
    assert "the bundle was trained on rows of this very dataset" in capsys.readouterr().out


def test_json_and_a_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows").write_text("300 4")
    arguments = ("--data", "rows", "--whole", "--json", "-o", "out/judged", "--flows-per-s", "10")
    assert ended(monkeypatch, "evaluate", "tiny", "drawn", *arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["data"]["protocol"] == "whole"
    assert found["models"][0]["model"] == "tiny"
    assert found["models"][0]["seconds"] is None
    assert sorted(path.name for path in Path("out/judged").iterdir()) == ["evaluation.json", "report.html"]
    comparison = Comparison.from_json(Path("out/judged/evaluation.json").read_text())
    assert comparison.provenance["command"] == "redshank evaluate tiny drawn --whole"
    assert comparison.models[0].evaluations[0].flows_per_s == 10


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent", "drawn"], 1, "bundle absent: not a folder with model.onnx and manifest.json"),
        (["tiny", "nothing"], 2, "dataset: no 'nothing'; (there are: "),
        (["tiny", "drawn", "--data", "absent"], 1, "drawn: 'absent' is not a file of two numbers"),
        (["tiny", "drawn", "-o", "rows"], 2, "-o: cannot write to folder 'rows'"),
        (["tiny"], 2, "Missing argument 'dataset'"),
        (["tiny", "drawn", "--flows-per-s", "0"], 2, "Invalid value for '--flows-per-s'"),
    ],
)
def test_a_mistake_is_one_clear_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    given = arguments if "--data" in arguments else [*arguments, "--data", "rows"]
    assert ended(monkeypatch, "evaluate", *given) == code
    out, err = capsys.readouterr()
    said = [line for line in err.splitlines() if not line.startswith("INFO")]
    assert len(said) == 1
    assert message in said[0]
    assert out == ""
    assert sorted(path.name for path in Path().iterdir()) == ["rows", "tiny"]
