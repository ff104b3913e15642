from dataclasses import replace

import numpy as np

from explored import surveyed, unlabelled
from redshank.data.explore.survey import Survey, Timeline
from redshank.report.columns import (
    categories,
    classes,
    columns,
    distributions,
    missing,
    numbers,
    timeline,
    together,
)


def text(chapter: object) -> str:
    return "".join(chapter.content)  # type: ignore[attr-defined]


def test_every_column_is_described() -> None:
    shown = text(columns(surveyed()))
    assert "number, identifier" in shown
    assert "text, constant" in shown
    left_out = replace(surveyed(), table=replace(surveyed().table, left_out=("lists",)))
    assert "Left out, because they hold lists or records: lists." in text(columns(left_out))


def test_numbers_have_their_basics() -> None:
    shown = text(numbers(surveyed()))
    assert "kurtosis" in shown
    assert "<td>1.5e+09</td>" in shown
    assert "no column of numbers" in text(numbers(replace(surveyed(), profiles=())))


def test_missing_values_are_shown_by_class_where_classes_differ() -> None:
    assert "where classes differ" not in text(missing(surveyed()))
    apart = replace(surveyed(), missing={name: np.array([0, 0.5, 1]) for name in surveyed().missing})
    assert "where classes differ" in text(missing(apart))
    whole = replace(surveyed(), profiles=tuple(replace(p, missing=0) for p in surveyed().profiles))
    assert text(missing(whole)) == "No value is missing."


def test_classes_are_counted_and_shown_over_time() -> None:
    shown = text(classes(surveyed()))
    assert "600 (50 %)" in shown
    assert "From 2017-07-14 02:40 to 2017-07-14 22:39, in 60 slices." in shown
    assert "Classes over time" in text(classes(unlabelled()))


def test_a_time_that_is_no_date_is_a_number() -> None:
    shown = timeline(surveyed(), Timeline("time", 0, 1e300, np.zeros((3, 60), np.int64)))
    assert "From 0 to 1e+300" in shown


def test_categories_are_crossed_with_classes_or_counted() -> None:
    assert "service “dns”, benign: " in text(categories(surveyed()))
    assert "Rows by service" in text(categories(unlabelled()))


def test_each_number_has_a_histogram_a_density_and_boxes() -> None:
    shown = text(distributions(surveyed()))
    for view in surveyed().views:
        assert f"{view.name}: rows" in shown
    assert shown.count("density of each group") == shown.count("by class") == len(surveyed().views)


def test_what_goes_together_is_shown() -> None:
    shown = text(together(surveyed()))
    assert "size + double" in shown
    assert "of service and class" in shown
    assert "Cramér" in shown
    nothing: Survey = replace(surveyed(), numbers=(), categories=(), scatters=())
    assert text(together(nothing)) == "There are no two columns to compare."
