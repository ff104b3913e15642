from console.evaluations import CLASSES, evaluation
from redshank.console.facts.drawings import MOST_CLASSES, calibration, confusion


def test_calibration_and_confusion_are_drawn_from_what_was_kept() -> None:
    found = evaluation()
    assert "measured: 0.1, 0.12" in (calibration(found) or "")
    drawn = confusion(found) or ""
    assert "truly benign, called dos: 1 of 10 rows" in drawn
    assert ">90</text>" in drawn
    assert "style=" not in drawn


def test_what_cannot_be_drawn_is_not() -> None:
    found = evaluation()
    assert calibration({**found, "reliability": []}) is None
    assert confusion({**found, "task_classes": CLASSES * MOST_CLASSES}) is None
    empty = confusion({**found, "vector": {"confusion": [[0.0, 0.0], [1.0, 9.0]]}}) or ""
    assert "called dos: 0 of 0 rows" in empty
