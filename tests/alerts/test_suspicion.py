import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.alerts.suspicion import Suspicion


def enough(marks: str, *, devices: str = "", batch: int = 1000, chance: float = 1e-6, most: int = 100) -> str:
    """Tell of each row whether it is enough: "x" is an alarm, "." none, " " neither; devices are letters."""
    one = Suspicion(0.01, 0.5, chance, most)
    devices = devices or "a" * len(marks)
    found: list[bool] = []
    for start in range(0, len(marks), batch):
        some = np.array(list(marks[start : start + batch]))
        found += one.take(pa.array(list(devices[start : start + batch])), some == "x", some == ".").tolist()
    return "".join("!" if row else "-" for row in found)


def test_four_alarms_in_a_row_are_enough() -> None:
    # ln(0.5 / 0.01) = 3.912; ln(1e6) = 13.816: three give 11.7, four 15.6.
    assert enough("xxxx") == "---!"
    assert enough("xxx", chance=1e-5) == "--!"


def test_flows_without_an_alarm_speak_for_a_device() -> None:
    # ln(0.99 / 0.5) = 0.683: four alarms have 1.83 to spare, which is two and a half flows.
    assert enough("x.x.xx") == "-----!"
    assert enough("x.x.x.x") == "-------"
    assert enough("." * 100 + "xxxx") == "-" * 103 + "!"


def test_flows_that_nobody_could_judge_say_nothing() -> None:
    assert enough("x x x x") == "------!"


def test_what_was_enough_is_soon_forgiven() -> None:
    assert enough("x" * 100 + "." + "x") == "---" + "!" * 97 + "-!"
    assert enough("x" * 100 + "." * 21 + "xxxx") == "---" + "!" * 97 + "-" * 24 + "!"


def test_each_device_has_its_own_balance() -> None:
    assert enough("xxxxxx", devices="ababab") == "------"
    assert enough("xxxxxxx", devices="abababa") == "------!"
    assert enough("x.x.x.x", devices="abababa") == "------!"


def test_quiet_flows_of_one_device_say_nothing_of_another() -> None:
    one = Suspicion(0.01, 0.5, 1e-6, 10)
    for marks, devices in (("xxxx", "aaaa"), (".." + "." * 9 + "x", "aa" + "b" * 10)):
        some = np.array(list(marks))
        one.take(pa.array(list(devices)), some == "x", some == ".")
    assert one._balances == {"a": 13_815_511 - 2 * 683_097, "b": 3_912_023}


def test_devices_past_the_bound_are_forgotten_and_counted() -> None:
    one = Suspicion(0.01, 0.5, 1e-6, 2)
    rows = pa.array(["a", "a", "a", "b", "c", "a"])
    yes = np.ones(6, np.bool_)
    assert not one.take(rows, yes, ~yes).any()
    assert one.forgotten == 2  # a for c, then b for a


def test_a_device_that_is_forgiven_begins_anew() -> None:
    one = Suspicion(0.01, 0.5, 1e-6, 2)
    yes = np.ones(3, np.bool_)
    one.take(pa.array(["a"] * 3), yes, ~yes)
    one.forget("a")
    one.forget("nobody")
    assert not one.take(pa.array(["a"] * 3), yes, ~yes).any()


ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xx. ")), max_size=60)


def one_by_one(rows: list[tuple[str, str]], most: int) -> tuple[list[bool], dict[str, int]]:
    """Say the same one row after the other."""
    balances: dict[str, int] = {}
    found = []
    for device, mark in rows:
        balance = balances.get(device, 0)
        if mark == "x":
            balances.pop(device, None)
            balances[device] = min(balance + 3_912_023, 9_210_340)
            if len(balances) > most:
                del balances[next(iter(balances))]
        elif mark == "." and device in balances:
            balances[device] = max(0, balance - 683_097)
        found.append(mark == "x" and balance + 3_912_023 >= 9_210_340)
    return found, balances


@given(ROWS, st.integers(1, 60), st.integers(1, 3))
@settings(max_examples=examples(200), deadline=None)
def test_many_rows_at_once_are_as_one_by_one(rows: list[tuple[str, str]], batch: int, most: int) -> None:
    one = Suspicion(0.01, 0.5, 1e-4, most)
    found: list[bool] = []
    for start in range(0, len(rows), batch):
        devices, marks = zip(*rows[start : start + batch], strict=True)
        some = np.array(marks)
        found += one.take(pa.array(devices), some == "x", some == ".").tolist()
    assert (found, one._balances) == one_by_one(rows, most)


def test_benign_flows_complete_the_evidence_no_oftener_than_stated() -> None:
    rng = np.random.default_rng(7)
    alarm = rng.random(400_000) < 0.01
    one = Suspicion(0.01, 0.5, 1e-3, 10)
    found = one.take(pa.array(["a"] * len(alarm)), alarm, ~alarm)
    # At most 400 by the bound; begun anew after each, so that what was enough is not counted again.
    assert 0 < found.sum() < 400
