from xml.etree import ElementTree as ET

import pytest

from redshank.report.figures import Axis
from redshank.report.page import Html
from redshank.report.plots import Bar, bars, box_plot, color_key, histogram, matrix

HOSTILE = '"><script>x</script>'


def parsed(figure: Html) -> ET.Element:
    """Parse a figure as XML: every tag is closed, every attribute quoted."""
    return ET.fromstring(f"<div>{figure}</div>")


def hints(figure: Html) -> list[str]:
    return [element.text or "" for element in parsed(figure).iter("title")]


def widths(figure: Html) -> list[float]:
    return [float(element.attrib["width"]) for element in parsed(figure).iter("rect")]


def test_a_bar_is_as_long_as_its_value_and_tells_it() -> None:
    drawn = bars([Bar("a", 1.0, "all"), Bar("b", 0.25, "a quarter"), Bar("c", 9.0, "too much")], "shares", most=1.0)
    long, short, over = widths(drawn)
    assert short == pytest.approx(long / 4, abs=0.1)
    assert over == long
    assert hints(drawn) == ["a: all", "b: a quarter", "c: too much"]


def test_a_mark_stands_where_its_value_is() -> None:
    drawn = bars([Bar("a", 1.0, "")], "shares", most=1.0, mark=(0.5, "half"))
    (line,) = parsed(drawn).iter("line")
    (rect,) = parsed(drawn).iter("rect")
    left, width = float(rect.attrib["x"]), float(rect.attrib["width"])
    assert float(line.attrib["x1"]) == pytest.approx(left + width / 2, abs=0.6)


def test_a_histogram_stacks_groups_and_leaves_empty_bins_out() -> None:
    drawn = histogram([0, 1, 2, 3], [[2, 0, 1], [2, 0, 0]], ["benign", "attack"], Axis("size"))
    inner = [h for h in hints(drawn) if "rows from" in h]
    assert inner == [
        "benign: 2 rows from 0 to 1",
        "benign: 1 rows from 2 to 3",
        "attack: 2 rows from 0 to 1",
    ]
    rects = [r for r in parsed(drawn).iter("rect") if "y" in r.attrib]
    below, above = rects[0], rects[2]
    assert float(above.attrib["y"]) + float(above.attrib["height"]) == pytest.approx(float(below.attrib["y"]), abs=0.11)


def test_a_box_lies_between_its_quartiles() -> None:
    drawn = box_plot([("a", (0, 1, 2, 3, 10), "said"), ("b", (5, 5, 5, 5, 5), "one value")], Axis("size"))
    assert hints(drawn) == ["said", "one value"]
    rects = list(parsed(drawn).iter("rect"))
    lines = [line for line in parsed(drawn).iter("line") if "stroke-width" in line.attrib]
    assert float(lines[0].attrib["x1"]) < float(rects[0].attrib["x"]) < float(lines[1].attrib["x1"])
    assert float(rects[1].attrib["width"]) == 1.5


def test_a_matrix_is_darker_further_from_0_and_empty_where_nothing_is_known() -> None:
    drawn = matrix(
        [[1.0, -0.5], [float("nan"), 0.0]],
        ["a", "b"],
        ["c", "d"],
        [["1", "-.5"], ["", "0"]],
        [["h"] * 2] * 2,
        label="m",
    )
    fills = [(r.attrib["fill"], float(r.attrib["fill-opacity"])) for r in parsed(drawn).iter("rect")]
    assert [fill for fill, _ in fills] == ["var(--s1)", "var(--s2)", "var(--s1)", "var(--s1)"]
    assert fills[0][1] > fills[1][1] > fills[2][1] == fills[3][1]


def test_many_columns_or_slices_of_time_carry_no_text() -> None:
    names = [f"c{i}" for i in range(30)]
    wide = matrix([[0.5] * 30], ["a"], names, [["x"] * 30], [["h"] * 30], label="m")
    flat = matrix([[0.5] * 30], ["a"], [""] * 30, [["x"] * 30], [["h"] * 30], label="m", flat=True)
    assert ">x</text>" not in wide + flat


@pytest.mark.parametrize(
    "drawn",
    [
        bars([Bar(HOSTILE, 1.0, HOSTILE)], HOSTILE, mark=(1.0, HOSTILE)),
        histogram([0, 1], [[1]], [HOSTILE], Axis(HOSTILE)),
        box_plot([(HOSTILE, (0, 0, 0, 0, 0), HOSTILE)], Axis(HOSTILE)),
        matrix([[1.0]], [HOSTILE], [HOSTILE], [[HOSTILE]], [[HOSTILE]], label=HOSTILE),
        color_key([HOSTILE]),
        bars([], "none"),
        box_plot([], Axis("none")),
        matrix([], [], [], [], [], label="none"),
    ],
)
def test_hostile_text_and_nothing_at_all_give_a_drawing(drawn: Html) -> None:
    assert "<script" not in drawn
    parsed(drawn)
