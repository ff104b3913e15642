import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.flows.meter import MeterSettings
from redshank.flows.metering import interim
from redshank.flows.metering.table import ROW

_SECOND = 10**9


def _row(settings: MeterSettings) -> np.void:
    row: np.void = np.zeros(1, ROW)[0]
    row["first_ns"] = 5 * _SECOND
    interim.begin(row, settings.limits()[0])
    return row


def test_packets_and_ages_double_but_ages_by_at_most_five_minutes() -> None:
    settings = MeterSettings(interim_packets=32, interim_s=10)
    limits, row = settings.limits()[0], _row(settings)
    ages, packets = [], []
    for _ in range(9):
        ages.append((int(row["due_ns"]) - 5 * _SECOND) // _SECOND)
        packets.append(int(row["due_packets"]))
        row["packets"] = row["due_packets"]
        interim.told(row, row["due_ns"], limits)
    assert ages == [10, 20, 40, 80, 160, 320, 620, 920, 1220]
    assert packets == [32 << k for k in range(9)]


def test_a_row_by_packets_at_an_early_age_leaves_the_first_age_as_it_was() -> None:
    settings = MeterSettings(interim_packets=32, interim_s=10)
    row = _row(settings)
    row["packets"] = 32
    interim.told(row, 6 * _SECOND, settings.limits()[0])
    assert (int(row["due_ns"]), int(row["due_packets"]), int(row["said"])) == (15 * _SECOND, 64, 32)


def test_zero_is_never() -> None:
    settings = MeterSettings(interim_packets=0, interim_s=0)
    row = _row(settings)
    interim.told(row, 6 * _SECOND, settings.limits()[0])
    interim.pass_over(row, 1 << 62, settings.limits()[0])
    assert (int(row["due_ns"]), int(row["due_packets"])) == (interim.NEVER, interim.NEVER)


@settings(max_examples=examples(80), deadline=None)
@given(looks=st.lists(st.integers(0, 10**13), min_size=1, max_size=8), late=st.integers(0, 1 << 61))
def test_the_series_of_ages_is_the_same_however_often_anybody_looks(looks: list[int], late: int) -> None:
    settings = MeterSettings(interim_s=0.5)
    limits, often, once = settings.limits()[0], _row(settings), _row(settings)
    clock = 5 * _SECOND
    for step in looks:
        clock += step
        interim.pass_over(often, clock, limits)
    clock += late
    interim.pass_over(often, clock, limits)
    interim.pass_over(once, clock, limits)
    assert often["due_ns"] == once["due_ns"] > clock
