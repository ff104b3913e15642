import json

import pytest

from labelled import labelled
from redshank.learn.compare import Comparison, compare
from redshank.report.results import sections, written
from redshank.report.summary import to_json, to_text


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare(labelled(), "lightgbm", settings={"rounds": 5})[0]


def test_a_person_reads_figures_with_intervals(compared: Comparison) -> None:
    text = to_text("Training", sections(compared))
    lines = text.splitlines()
    for wanted in ("  dataset           drawn", "  protocol          leakfree"):
        assert wanted in lines
    model = next(line for line in lines if line.startswith("  lightgbm"))
    assert model.count("(") == 3, "macro-F1, accuracy and ROC-AUC have intervals"
    assert model.split()[-2:] == ["-", "-"], "so few benign rows give no threshold, hence neither recall nor FPR"
    assert any(line.startswith("  constant") for line in lines)
    assert any(line.startswith("  threshold for 1 % false alarms") for line in lines)
    assert any(line.startswith("  scanning") for line in lines)
    assert "95 %, bootstrap over test rows (one seed)" in text


def test_json_holds_numbers(compared: Comparison) -> None:
    found = json.loads(to_json("Training", sections(compared, as_json=True)))
    lead = found["models"][0]
    headline = compared.models[0].headline["macro_f1"]
    assert (lead["macro_f1"], lead["macro_f1_low"]) == (headline.mean, headline.low)
    assert found["classes"][0]["class"] == "benign"
    assert {row["rule"] for row in found["decisions"]} == {"argmax", "0.05", "0.01", "0.001", "0.0001"}
    assert found["families_called_attack"][0]["argmax"] is not None
    assert found["data"]["sha256"] == compared.sha256


def test_a_rate_without_threshold_shows_no_figures() -> None:
    few, _, _ = compare(labelled(120), "constant", beside=())
    line = next(line for line in to_text("x", sections(few)).splitlines() if "0.01 %" in line)
    assert line.split("alarms", 1)[1].split()[:4] == ["-", "-", "-", "-"]
    assert "are too few for this rate" in line


def test_the_family_task_lists_families_as_classes_only(compared: Comparison) -> None:
    family, _, _ = compare(labelled(), "constant", beside=(), task="family")
    assert "Families called attack" not in [section.title for section in sections(family)]
    assert "Families called attack" in [section.title for section in sections(compared)]


def test_what_was_written_is_said() -> None:
    assert to_text("x", [written("out/a", ["b", "c"], "none")]).count("b, c") == 1
