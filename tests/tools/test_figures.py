import pytest
from figures import BEGIN, END, between, render

FOUND = {
    "unseen_network_models": [
        {"model": name, "macro_f1": 0.5, "macro_f1_low": 0.4, "macro_f1_high": 0.6, "accuracy": 0.7}
        | {"recall_at_0.01": 0.8, "fpr_at_0.01": 0.0123}
        for name in ("first-light", "lightgbm", "constant")
    ],
    "labels": {"asked": 600, "pool": 2426, "gate": 406, "calibration": 404, "seeds": 3},
    "macro_f1_by_labels_answered": [{"labels": 600, "mixed": 0.784, "random": 0.769}],
}


def test_the_figures_are_those_that_were_printed() -> None:
    text = render(FOUND)
    assert "| BiLSTM, labels asked for | 0.500 (0.400 to 0.600) | 0.700 | 80.0 % | 1.23 % |" in text
    assert "had 600 labels of 2,426 (and 406 more for the gate that keeps new weights and 404 to set" in text
    assert "reached macro-F1 0.784 on held-out\nflows with 600 labels; asking at random, 0.769." in text


def test_what_stands_between_the_marks_is_found() -> None:
    assert between(f"a\n{BEGIN}\nb\nc\n{END}\nd") == "b\nc"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="figures of make run.* are not there"):
        between("nothing")
