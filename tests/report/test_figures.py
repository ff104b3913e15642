import itertools
import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.report.figures import HEIGHT, WIDTH, Axis, Line, heat_map, line_plot, ticks
from redshank.report.page import Html

HOSTILE = '"><script>x</script>'


def parsed(figure: Html) -> ET.Element:
    """Parse a figure as XML: every tag is closed, every attribute quoted."""
    return ET.fromstring(f"<div>{figure}</div>")


def points(figure: Html, tag: str = "polyline") -> list[list[tuple[float, float]]]:
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in element.attrib["points"].split())]
        for element in parsed(figure).iter(tag)
    ]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.93, 0.97, [0.93, 0.94, 0.95, 0.96, 0.97]), (5, 5, [5]), (0, 0.01, None)],
)
def test_ticks_are_round(low: float, high: float, expected: list[float] | None) -> None:
    found = ticks(low, high)
    assert found == (expected or pytest.approx([0, 0.002, 0.004, 0.006, 0.008, 0.01]))


@settings(max_examples=examples(80), deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.booleans())
def test_ticks_lie_in_the_range_and_are_few(low: float, span: float, whole: bool) -> None:  # noqa: FBT001  drawn
    high = low + span
    found = ticks(low, high, whole=whole)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert len(found) <= 12
    assert all(low - slack <= mark <= high + slack for mark in found)
    if whole:
        assert all(high <= low or mark == round(mark) for mark in found)


def test_higher_values_are_drawn_higher_and_later_ones_further_right() -> None:
    (line,) = points(line_plot([Line("a", [0, 1, 2], [0.1, 0.5, 0.9])], Axis("x"), Axis("y", low=0, high=1)))
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line)


def test_a_logarithmic_axis_gives_each_decade_the_same_room() -> None:
    (line,) = points(line_plot([Line("a", [0.001, 0.01, 0.1, 1], [0, 0, 0, 0])], Axis("x", log=True), Axis("y", 0, 1)))
    steps = [b[0] - a[0] for a, b in itertools.pairwise(line)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.2)
    below = points(line_plot([Line("a", [0, 1], [0, 1])], Axis("x", low=0.01, high=1, log=True), Axis("y", 0, 1)))
    assert below[0][0][0] == line[0][0], "zero is drawn at the edge, not at minus infinity"


def test_a_value_that_is_not_there_breaks_the_line() -> None:
    figure = line_plot([Line("a", [1, 2, 3, 4, 5], [1, 2, math.nan, 4, 5], marks=True)], Axis("x"), Axis("y"))
    assert [len(piece) for piece in points(figure)] == [2, 2]
    assert len(list(parsed(figure).iter("circle"))) == 4
    assert "nan" not in figure


def test_bands_enclose_their_line() -> None:
    band = Line("a", [0, 1], [0.5, 0.6], low=[0.4, 0.5], high=[0.6, 0.7])
    figure = line_plot([band], Axis("x"), Axis("y", 0, 1))
    ((left_high, right_high, right_low, left_low),) = points(figure, "polygon")
    ((left, right),) = points(figure)
    assert left_high[1] < left[1] < left_low[1]
    assert right_high[1] < right[1] < right_low[1]


def test_two_series_differ_by_color_and_by_dash() -> None:
    root = parsed(line_plot([Line("a", [0, 1], [0, 1]), Line("b", [0, 1], [1, 0])], Axis("x"), Axis("y")))
    first, second = root.iter("polyline")
    assert first.attrib["stroke"] != second.attrib["stroke"]
    assert first.attrib.get("stroke-dasharray") != second.attrib.get("stroke-dasharray")
    assert [span.text or "".join(span.itertext()) for span in root.iter("span")] == ["a", "b"]


@settings(max_examples=examples(60), deadline=None)
@example([(5e-324, 0.0)], True, False)  # its tenth is 0, which has no logarithm
@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=8), st.booleans(), st.booleans())
def test_any_numbers_give_a_drawing(rows: list[tuple[float, float]], log: bool, whole: bool) -> None:  # noqa: FBT001  drawn
    kept = [(x, y) for x, y in rows if not abs(x) > 1e100 and not abs(y) > 1e100]
    x, y = [a for a, _ in kept], [b for _, b in kept]
    figure = line_plot([Line("a", x, y, low=y, high=y, marks=True)], Axis("x", log=log), Axis("y", whole=whole))
    parsed(figure)
    assert not re.search(r"[ \"=,](nan|inf|-inf)[\",. ]", figure)


def test_the_diagonal_runs_from_corner_to_corner() -> None:
    assert 'stroke-dasharray="3 4"' in line_plot([], Axis("x", 0, 1), Axis("y", 0, 1), diagonal=True)


def test_cells_are_darker_where_the_value_is_higher() -> None:
    figure = heat_map([[0.9, 0.1], [0.0, 1.0]], ["a", "b"], [["9", "1"], ["0", "5"]], [["w", "x"], ["y", "z"]])
    root = parsed(figure)
    opacity = [float(rect.attrib["fill-opacity"]) for rect in root.iter("rect")]
    assert opacity[3] > opacity[0] > opacity[1] > opacity[2]
    cells = [text for text in root.iter("text") if "cell" in text.attrib.get("class", "")]
    assert [(cell.text, "on" in cell.attrib["class"].split()) for cell in cells] == [
        ("9", True),
        ("1", False),
        ("0", False),
        ("5", True),
    ]


def test_hostile_names_arrive_inert() -> None:
    line = Line(HOSTILE, [0, 1], [0, 1], marks=True)
    matrix = heat_map([[1.0]], [HOSTILE], [[HOSTILE]], [[HOSTILE]])
    for figure in (line_plot([line, line], Axis(HOSTILE), Axis(HOSTILE)), matrix):
        assert not list(parsed(figure).iter("script"))


def test_a_long_name_is_cut_and_whole_on_hover() -> None:
    name = "a-family-with-a-very-long-name"
    figure = heat_map([[1.0]], [name], [["1"]], [[""]])
    assert "a-family-with-a-v…" in figure
    assert f"<title>{name}</title>" in figure
