from redshank.report.markdown import table


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table(["a|b"], [["c|d"]]) == "| a/b |\n| --- |\n| c/d |\n"
