import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.report.alert_figures import Beside, Dot, beside_benign, flows_over_time

HOSTILE = '<script>"\x1b\u202e'


def test_flows_and_tellings_stand_at_their_times() -> None:
    drawn = flows_over_time([Dot(100.0, 0.5, HOSTILE), Dot(160.0, 1.0, "late")], [(160.0, "told")], 100.0, 160.0)
    svg = ET.fromstring(drawn)
    first, last = (_percent(one, "cx") for one in svg.iter("circle"))
    (line,) = (one for one in svg.iter("line") if one.get("stroke"))
    assert first < last == float(line.get("x1", 0))
    assert "seconds after 1970-01-01 00:01:40 UTC" in drawn
    assert "style=" not in drawn
    assert "\u202e" not in drawn


@pytest.mark.parametrize(
    ("span_s", "unit"), [(0.0, "seconds"), (600.0, "minutes"), (9e4, "hours"), (1e6, "days"), (1e300, "days")]
)
def test_time_is_told_in_a_unit_that_fits(span_s: float, unit: str) -> None:
    assert f">{unit} after " in flows_over_time([], [], 0.0, span_s)


def _percent(mark: ET.Element, name: str) -> float:
    return float(mark.get(name, "0%").removesuffix("%"))


def test_a_value_lies_beside_the_benign_range() -> None:
    drawn = beside_benign([
        Beside("bytes", 4e9, 0.0, 100.0, 40_000.0), Beside("packets", 1.0, 2.0, None, None),
        Beside(HOSTILE, 5.0, None, None, 9.0),
    ])  # fmt: skip
    svg = ET.fromstring(drawn)
    above, below, within = (_percent(one, "cx") for one in svg.iter("circle"))
    assert above > 50 > below
    bands = [_percent(one, "x") + _percent(one, "width") for one in svg.iter("rect")]
    assert bands[0] < above
    assert within < bands[2]
    assert "benign 0 to 40,000" in drawn
    assert "benign from 2" in drawn
    assert "benign up to 9" in drawn
    assert "style=" not in drawn


@given(st.floats(-1e300, 1e300), st.none() | st.floats(-1e300, 1e300), st.none() | st.floats(-1e300, 1e300))
def test_whatever_is_measured_stays_inside(value: float, low: float | None, high: float | None) -> None:
    drawn = beside_benign([Beside("x", value, low, None, high)])
    places = [float(text) for text in re.findall(r' (?:cx|x|x1|x2)="([^"%]+)%"', drawn)]
    assert len(places) >= 4
    assert all(0 <= place <= 100 for place in places)
