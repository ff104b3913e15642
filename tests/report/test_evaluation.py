import json
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from bundles import tiny_bundle
from labelled import labelled
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError, ConfigError
from redshank.learn.compare import Comparison, compare
from redshank.report.evaluation import chapters, destination, page_title, write
from redshank.report.page import page

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def compared() -> Comparison:
    settings = {"epochs": 2, "units": 8, "blocks": 1}
    return compare(labelled(), "fnn", task="family", settings=settings, command="redshank train drawn")[0]


def shown(comparison: Comparison) -> str:
    return page(page_title(comparison), chapters(comparison))


def test_the_page_carries_what_a_table_of_results_must(compared: Comparison) -> None:
    text = shown(compared)
    for wanted in ("fnn on drawn", "0" * 64, "leakfree", "lightgbm", "constant", "redshank train drawn", "distinct"):
        assert wanted in text
    titles = [chapter.title for chapter in chapters(compared)]
    assert titles == [
        "In short",
        "Beside others",
        "False alarms",
        "Class by class",
        "Which attacks are caught",
        "By pair of devices",
        "Training",
        "Scores",
        "How rows are counted",
        "Where this comes from",
    ]


def test_the_page_needs_nothing_but_itself(compared: Comparison) -> None:
    text = shown(compared)
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "nan" not in text.lower().replace("nanum", "")
    assert len(text) < 200_000


def test_hostile_names_arrive_inert(compared: Comparison) -> None:
    lead = compared.models[0]
    evaluation = lead.evaluations[0]
    vector = replace(evaluation.vector, classes=tuple(replace(c, name=HOSTILE) for c in evaluation.vector.classes))
    families = tuple(replace(f, name=HOSTILE, known=False) for f in evaluation.families)
    hostile = replace(
        lead,
        name=HOSTILE,
        settings={HOSTILE: HOSTILE},
        evaluations=(replace(evaluation, vector=vector, families=families, task_classes=(HOSTILE,) * 3),),
    )
    text = shown(
        replace(compared, dataset=HOSTILE, protocol=HOSTILE, sha256=HOSTILE, notes=(HOSTILE,), models=(hostile,))
    )
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 20


def test_a_model_without_curve_or_threshold_has_a_page_too() -> None:
    few, _, _ = compare(labelled(120), "constant", beside=())
    titles = [chapter.title for chapter in chapters(few)]
    assert "Training" not in titles
    assert "are too few for this rate" in shown(few)


def test_everything_is_written_into_a_new_folder(compared: Comparison, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "run"
    names = write(folder, compared, tiny_bundle())
    assert names == ["evaluation.json", "report.html", "curve.csv", "bundle"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert Comparison.from_json((folder / "evaluation.json").read_text()).to_json() == compared.to_json()
    assert Bundle.load(folder / "bundle").manifest.name == "tiny"
    assert (folder / "curve.csv").read_text().count("\n") == 3
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_other_files_in_the_folder_stay(compared: Comparison, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    (tmp_path / "report.html").write_text("old")
    write(tmp_path, compared)
    assert (tmp_path / "mine.txt").read_text() == "keep"
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert not list(tmp_path.glob(".*"))
    json.loads((tmp_path / "evaluation.json").read_text())


def test_a_write_that_fails_is_one_line(compared: Comparison, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ActionError, match=rf"{tmp_path}: cannot be written \(File too large\)") as caught:
            write(tmp_path, compared)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_destination_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    assert destination(tmp_path / "a" / "b", "-o") == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inside", ["", "deep/er"])
def test_a_destination_that_is_a_file_is_refused(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"-o: cannot write to folder '.*file.*Not a directory\)"):
        destination(tmp_path / "file" / inside, "-o")


def test_what_is_in_the_way_of_a_result_is_named_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("")
    with pytest.raises(ConfigError, match=r"-o: '.*/bundle' is in the way of a result"):
        destination(tmp_path, "-o")
    (tmp_path / "bundle").unlink()
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ConfigError, match=r"-o: '.*/report.html' is in the way of a result"):
        destination(tmp_path, "-o")


def test_rows_that_were_never_merged_are_not_called_vectors(compared: Comparison) -> None:
    paper, _, _ = compare(labelled(200), "constant", beside=(), protocol="paper")
    titles = [chapter.title for chapter in chapters(paper)]
    assert "All measures" in titles
    assert "Figures" in titles
    assert "each distinct vector once" not in shown(paper)
    assert "each distinct vector once" in shown(compared)
