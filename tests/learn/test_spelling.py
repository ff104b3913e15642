from redshank.learn.compare import Figure
from redshank.learn.spelling import number, reach, spelled


def test_an_interval_that_says_no_more_than_its_figure_is_left_out() -> None:
    assert spelled("fpr", Figure(0.0, 0.0, 0.0)) == "0 %"
    assert spelled("fpr", Figure(0.0, 0.0, 0.001)) == "0 % (0 to 0.1 %)"
    assert reach("accuracy", Figure(0.5, 0.49999, 0.50001)) == ""


def test_what_is_almost_certain_is_not_written_as_certain() -> None:
    assert spelled("accuracy", Figure(0.999996, 0.9999, 1.0)) == "0.99999 (0.9999 to 1.000)"
    assert spelled("fpr", Figure(0.99999)) == "> 99.99 %"


def test_what_is_not_known_is_a_dash() -> None:
    assert number("fpr", None) == spelled("labels", Figure(None)) == "-"
