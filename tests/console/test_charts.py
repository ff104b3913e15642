from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.console.charts import KINDS, REST, Amounts, by_hour, stacked

HOUR_S = 3_600.0


def test_bars_stand_on_each_other_and_tell_what_they_are() -> None:
    chart = stacked([(0.0, "dos", 3), (0.0, "xss", 1), (HOUR_S, "dos", 4)], 0.0, 2 * HOUR_S, HOUR_S, "alerts")
    first, second = chart.bars
    assert (chart.kinds, chart.totals) == (("dos", "xss"), (7.0, 1.0))
    assert [piece.hint for piece in first.pieces] == ["00:00 dos: 3 alerts", "00:00 xss: 1 alerts"]
    lower, upper = first.pieces
    assert lower.y + lower.height == 100
    assert upper.y + upper.height == lower.y
    assert (second.total, second.label) == (4.0, "01:00")
    assert first.x + first.width < second.x
    assert chart.said == "alerts in 2 steps: dos 7, xss 1"


def test_kinds_beyond_what_can_be_told_apart_are_drawn_together() -> None:
    values = [(0.0, f"k{n}", n + 1.0) for n in range(KINDS + 2)]
    chart = stacked(values, 0.0, HOUR_S, HOUR_S, "alerts")
    assert len(chart.kinds) == KINDS
    assert (chart.kinds[0], chart.kinds[-1]) == (f"k{KINDS + 1}", REST)
    assert chart.totals[-1] == 1 + 2 + 3
    assert sum(chart.totals) == sum(number for _, _, number in values)


def test_nothing_at_all_is_a_chart_that_says_so() -> None:
    chart = stacked([], 0.0, 24 * HOUR_S, HOUR_S, "alerts")
    assert chart.empty
    assert (len(chart.bars), chart.said) == (24, "alerts in 24 steps: nothing")
    assert [text for _, text in chart.moments] == ["00:00", "06:00", "12:00", "18:00"]


def test_a_week_is_told_by_days() -> None:
    chart = stacked([(86_400.0, "dos", 1)], 0.0, 7 * 86_400.0, 3 * HOUR_S, "alerts")
    assert [text for _, text in chart.moments][:2] == ["01 Jan", "02 Jan"]
    assert next(bar for bar in chart.bars if bar.total).pieces[0].hint == "02 Jan 00:00 dos: 1 alerts"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-(10**6), 10**6), st.sampled_from("abcdefghijkl"), st.integers(0, 10**9)), max_size=8
    ),
    st.integers(0, 10**5),
)
def test_every_bar_stays_on_the_drawing(values: list[tuple[int, str, int]], since_s: int) -> None:
    chart = stacked(values, since_s, since_s + 86_400.0, HOUR_S, "flows")
    for bar in chart.bars:
        assert 0 <= bar.x < bar.x + bar.width <= 100 + 1e-6
        for piece in bar.pieces:
            assert piece.y >= -1e-6
            assert piece.y + piece.height <= 100 + 1e-6


def test_what_is_usual_stands_from_the_least_to_the_most_with_what_is_now() -> None:
    drawn = by_hour([Amounts(1.0, 2.0, 4.0, 5.0, odd=True), *[Amounts(None, None, None, None)] * 23], "MiB")
    first, unknown = drawn.ranges[:2]
    assert (first.y, first.height, first.middle, first.now, first.odd) == (20, 60, 60, 0, True)
    assert first.x + first.width < unknown.x
    assert (unknown.height, unknown.middle, unknown.now) == (0, None, None)
    assert [text for _, text in drawn.moments] == ["00:00", "06:00", "12:00", "18:00"]
    assert drawn.said == "MiB by hour of the day, usual and now; unusual: 00:00"
    assert by_hour([], "MiB").ranges == ()
    assert by_hour([Amounts(0.0, 0.0, 0.0, 0.0)], "MiB").ranges[0].now == 100
