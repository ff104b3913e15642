import json
from pathlib import Path

import pytest

from labelled import DRAWN
from program import ended
from redshank.core.bundle import Bundle
from redshank.learn.compare import Comparison

QUICK = ["--model", "fnn", "--preset", "paper", "--set", "epochs=1", "--set", "units=8", "--set", "blocks=1"]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder, with the drawn dataset."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("redshank.data.dataset.DATASETS", DRAWN)
    (tmp_path / "rows").write_text("400 0")


def test_a_model_is_trained_measured_and_bundled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", "--task", "family", *QUICK) == 0
    out, err = capsys.readouterr()
    assert "Training fnn on drawn" in out
    assert "lightgbm" in out
    assert "constant" in out
    assert "training fnn, seed 0" in err
    folder = Path("out/drawn-leakfree-family-fnn")
    assert sorted(path.name for path in folder.iterdir()) == [
        "bundle",
        "card.html",
        "card.md",
        "curve.csv",
        "evaluation.json",
        "report.html",
    ]
    manifest = Bundle.load(folder / "bundle").manifest
    comparison = Comparison.from_json((folder / "evaluation.json").read_text())
    assert manifest.name == "drawn-leakfree-family-fnn"
    assert (manifest.settings["inputs"], manifest.settings["units"]) == ("minmax", 8)
    assert manifest.figures["macro_f1"] == comparison.models[0].evaluations[0].vector.headline["macro_f1"]
    assert manifest.provenance["command"] == (
        "redshank train drawn --protocol leakfree --model fnn --task family --seeds 1 --seed 0 "
        "--preset paper --set epochs=1 --set units=8 --set blocks=1"
    )


def test_json_ends_with_one_object_and_the_paper_protocol_gives_no_bundle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data", "rows", "--protocol", "paper", "--model", "constant", "--no-compare", "-o", "here", "--json")
    assert ended(monkeypatch, "train", "drawn", *arguments, "--seeds", "2", "--seed", "5") == 0
    found = json.loads(capsys.readouterr().out)
    assert [model["model"] for model in found["models"]] == ["constant"]
    assert found["data"]["seeds"] == "5, 6"
    assert found["written"]["bundle"].startswith("none: trained on columns that no sensor gives")
    assert sorted(path.name for path in Path("here").iterdir()) == ["evaluation.json", "report.html"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 2, "dataset: no 'nothing'; (there are: "),
        (["drawn", "--model", "bilsm"], 2, "model: no 'bilsm'; did you mean 'bilstm'?"),
        (["drawn", "--protocol", "leak"], 2, "protocol: no 'leak'; "),
        (["drawn", "--protocol", "leak", "--data", "absent"], 2, "protocol: no 'leak'; "),
        (["drawn", "--task", "families"], 2, "task: no 'families'; did you mean 'family'?"),
        (["drawn", "--features", "con"], 2, "feature set: no 'con'; did you mean 'conn'?"),
        (["drawn", "--set", "epoch=1"], 2, "--set epoch: bilstm has no such setting; did you mean 'epochs'?"),
        (
            ["drawn", "--preset", "papr"],
            2,
            "--preset: bilstm has no 'papr'; did you mean 'paper'? (there are: paper, many_rows)",
        ),
        (["drawn", "--set", "epochs=-1"], 2, "epochs: -1 is not 0 or more"),
        (["drawn", "--seeds", "0"], 2, "Invalid value for '--seeds': Input should be greater than or equal to 1"),
        (
            ["drawn", "--seed", "99999999999"],
            2,
            "Invalid value for '--seed': Input should be less than or equal to 20000",
        ),
        (["drawn", "-o", "rows"], 2, "-o: cannot write to folder 'rows' (rows: Not a directory); name a folder"),
        (["drawn", "--data", "absent"], 1, "drawn: 'absent' is not a file of two numbers"),
        (["ton_iot", "--data", "absent.csv"], 1, "ton_iot: "),
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
    assert ended(monkeypatch, "train", *given) == code
    out, err = capsys.readouterr()
    said = [line for line in err.splitlines() if not line.startswith("INFO")]
    assert len(said) == 1
    assert said[0].startswith("redshank: ")
    assert message in said[0]
    assert out == ""
    assert [path.name for path in Path().iterdir()] == ["rows"]


def test_an_interrupted_training_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("redshank.learn.compare.compare", interrupt)
    assert ended(monkeypatch, "train", "drawn", "--data", "rows") != 0
    assert [path.name for path in Path().iterdir()] == ["rows"]


def test_the_same_command_gives_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("one", "two"):
        assert ended(monkeypatch, "train", "drawn", "--data", "rows", *QUICK, "--no-compare", "-o", folder) == 0
    one, two = (json.loads(Path(folder, "evaluation.json").read_text()) for folder in ("one", "two"))
    for run in (one, two):
        run["models"][0].pop("seconds")
    assert one == two
    assert Path("one/bundle/model.onnx").read_bytes() == Path("two/bundle/model.onnx").read_bytes()


def test_cleaning_steps_become_part_of_the_bundle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = ["--clean", "missing:median", "--clean", "outliers:quantile", "--clean", "skew:log"]
    arguments = ["--data", "rows", "--model", "lightgbm", "--set", "rounds=3", "--no-compare", *steps]
    assert ended(monkeypatch, "train", "drawn", *arguments) == 0
    assert "outliers:quantile: " in capsys.readouterr().err
    manifest = Bundle.load(Path("out/drawn-leakfree-binary-lightgbm/bundle")).manifest
    assert manifest.settings["clean"] == ["missing:median", "outliers:quantile", "skew:log"]
    assert manifest.provenance["command"].endswith(
        "--set rounds=3 --clean missing:median --clean outliers:quantile --clean skew:log"
    )


def test_a_cleaning_step_that_is_not_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", "--clean", "mising") == 2
    assert "cleaning step: no 'mising'; did you mean 'missing'?" in capsys.readouterr().err
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", "--clean", "spelling") == 2
    assert "cleaning step spelling: works on a dataset's own columns" in capsys.readouterr().err
    arguments = ["--data", "rows", "--protocol", "paper", "--clean", "spelling", "--clean", "scale"]
    assert ended(monkeypatch, "train", "drawn", "--model", "constant", "--no-compare", *arguments) == 0
    assert "spelling (raw columns): values in one spelling" in capsys.readouterr().err


def test_a_model_without_a_graph_is_measured_and_not_bundled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", "--model", "lookup", "--no-compare") == 0
    assert "none: lookup has no graph; it is only measured" in " ".join(capsys.readouterr().out.split())
    assert not Path("out/drawn-leakfree-binary-lookup/bundle").exists()


def test_what_learns_from_benign_rows_alone_is_trained_measured_and_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = ["--model", "recurrent_autoencoder", "--set", "epochs=2", "--set", "units=8", "--no-compare"]
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", *quick, "-o", "here") == 0
    assert Bundle.load(Path("here/bundle")).manifest.classes == ["benign", "attack"]
    page = Path("here/report.html").read_text()
    assert "Loss per epoch" in page
    assert "Accuracy per epoch" not in page


def test_features_are_selected_and_the_state_kept_while_training_is_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--select", "mutual_information", "--no-compare", "-o", "out/few"]
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", *QUICK, *words) == 0
    capsys.readouterr()
    settings = Bundle.load(Path("out/few/bundle")).manifest.settings
    assert settings["select"] == "mutual_information"
    assert settings["selected"] > 0
    assert [path.name for path in Path("out").iterdir()] == ["few"]
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", "--select", "reptile") == 2
    assert "select: no 'reptile'; did you mean 'reptile_search'?" in capsys.readouterr().err


def test_a_protocol_takes_settings_and_says_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data", "rows", "--protocol", "zero_day", "--with", "family=dos", "--model", "constant")
    assert ended(monkeypatch, "train", "drawn", *arguments, "--no-compare", "-o", "here") == 0
    out, _ = capsys.readouterr()
    assert "zero_day (family=dos)" in out
    comparison = Comparison.from_json(Path("here/evaluation.json").read_text())
    assert comparison.protocol_settings == {"family": "dos"}
    assert "--with family=dos" in comparison.provenance["command"]
    assert ended(monkeypatch, "train", "drawn", "--data", "rows", "--protocol", "group", "--with", "buy=x") == 2
    assert "protocol group: no setting 'buy'; did you mean 'by'?" in capsys.readouterr().err
