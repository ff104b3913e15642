import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bundles import START_NS
from drawn import examples
from redshank.alerts.allow import AllowList
from redshank.alerts.gathered import Gathered
from redshank.alerts.group import Groups, GroupSettings
from redshank.core.allowance import Allowance
from redshank.core.records import Alert, Evidence
from redshank.core.schema import flow_batch, verdict_batch

S = 1_000_000_000
START_S = START_NS // S
VERDICTS = ("uid", "score", "family", "unknown", "alarm", "detector", "rules")
QUIET: dict[str, Any] = {"alarm": False, "family": "benign", "score": 0.01}
SERVICE = GroupSettings(early=True, chance=1e-6)


def rows(*given_rows: dict[str, Any]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Make FLOW and VERDICT rows; what a row does not say is an alarm of family dos at START_NS."""
    usual = {
        "at_s": 0.0, "src_ip": "10.0.0.66", "dst_ip": "10.0.0.1", "score": 0.99, "family": "dos", "unknown": False,
        "alarm": True, "uid": "C1", "detector": "classifier", "rules": None, "proto": "tcp",
    }  # fmt: skip
    full = [{**usual, **row} for row in given_rows]
    ts = [None if row["at_s"] is None else START_NS + round(row["at_s"] * S) for row in full]
    flows = flow_batch(
        {
            "ts": ts,
            "src_port": [40_000] * len(full),
            "dst_port": [80] * len(full),
            **{name: [row[name] for row in full] for name in ("uid", "proto", "src_ip", "dst_ip")},
        },
        len(full),
    )
    verdicts = {name: [row[name] for row in full] for name in VERDICTS}
    columns = {**verdicts, "ts": ts, "bundle": ["tiny"] * len(full)}
    return flows, verdict_batch(columns, len(full))


def alerts(given_rows: Sequence[dict[str, Any]], of: GroupSettings | None = None, batch: int = 1000) -> list[Alert]:
    groups = Groups(of)
    found: list[Alert] = []
    for start in range(0, len(given_rows), batch):
        found += groups.add(*rows(*given_rows[start : start + batch]))
    return found + groups.finish()


def test_flows_of_one_device_family_and_window_are_one_alert() -> None:
    (alert,) = alerts([{"at_s": 10, "score": 0.8}, {"at_s": 5, "score": 0.9}, {"at_s": 299}])
    assert (alert.device, alert.family, alert.count, alert.score) == ("10.0.0.66", "dos", 3, 0.99)
    assert (alert.first_seen_s, alert.last_seen_s) == (START_S + 5, START_S + 299)
    assert alert.bundle == "tiny"
    assert alert.severity == "medium"
    assert "10.0.0.66" in alert.measure


def test_other_device_family_or_window_is_another_alert() -> None:
    found = alerts([{}, {"src_ip": "10.0.0.67"}, {"family": "scanning"}, {"at_s": 300}])
    assert [(a.device, a.family, a.first_seen_s - START_S) for a in found] == [
        ("10.0.0.66", "dos", 0),
        ("10.0.0.66", "scanning", 0),
        ("10.0.0.67", "dos", 0),
        ("10.0.0.66", "dos", 300),
    ]
    assert len({a.id for a in found}) == 4


def test_benign_flows_make_no_alert() -> None:
    assert alerts([{"alarm": False, "family": "benign", "score": 0.1}] * 50) == []


def test_verdict_that_cannot_tell_makes_no_alert() -> None:
    assert alerts([{"alarm": False, "family": None, "score": None, "unknown": None}] * 50) == []


def test_identifier_is_sixteen_hex_digits_of_device_family_and_window() -> None:
    # printf '10.0.0.66\ndos\n1700000100000000000' | sha256sum
    assert alerts([{"at_s": 7}])[0].id == alerts([{"at_s": 200, "score": 0.5}])[0].id == "b0d709d2a3cf4497"


def test_alert_comes_when_packet_time_passes_the_end_of_its_window_and_the_grace() -> None:
    groups = Groups(GroupSettings(window_s=300, late_s=60))
    assert groups.add(*rows({"at_s": 10})) == []
    assert groups.add(*rows({**QUIET, "at_s": 359.9})) == []
    assert [a.count for a in groups.add(*rows({**QUIET, "at_s": 360}))] == [1]
    assert groups.finish() == []


def test_flow_that_ends_after_its_window_closed_counts_in_the_oldest_open_one() -> None:
    found = alerts([{"at_s": 10}, {"at_s": 700}, {"at_s": 20}, {"at_s": 20}])
    assert [(a.count, a.first_seen_s - START_S) for a in found] == [(1, 10), (3, 20)]
    assert len({a.id for a in found}) == 2


def test_unknown_flows_below_the_minimum_are_silent() -> None:
    strange = {"alarm": False, "family": None, "unknown": True, "score": 0.01}
    assert alerts([strange] * 19, GroupSettings(unknown_minimum=20)) == []
    (alert,) = alerts([strange] * 20, GroupSettings(unknown_minimum=20))
    assert (alert.family, alert.severity, alert.count) == ("unknown", "low", 20)


def test_unknown_flow_that_is_an_alarm_needs_no_minimum() -> None:
    (alert,) = alerts([{"family": None, "unknown": True}])
    assert (alert.family, alert.severity, alert.count) == ("unknown", "low", 1)


def test_odd_flow_of_a_known_attack_makes_no_alert_of_its_own() -> None:
    odd = {"family": None, "unknown": True}
    assert [a.family for a in alerts([{}, odd, {"src_ip": "10.0.0.67", **odd}])] == ["dos", "unknown"]
    assert [a.family for a in alerts([{}, *[odd] * 20])] == ["dos", "unknown"]


def test_targets_come_most_frequent_first_and_are_capped() -> None:
    targets = [f"10.0.1.{i}" for i in range(30) for _ in range(1 + (i == 7) + 2 * (i == 3))]
    (alert,) = alerts([{"dst_ip": target} for target in targets])
    assert alert.targets[:3] == ("10.0.1.3", "10.0.1.7", "10.0.1.0")
    assert (len(alert.targets), alert.target_count) == (10, 30)


def test_targets_are_counted_up_to_a_bound() -> None:
    (alert,) = alerts([{"dst_ip": f"10.0.{i // 200}.{i % 200}"} for i in range(500)], GroupSettings(most_targets=100))
    assert alert.target_count == 100
    assert alert.count == 500


def test_targets_of_all_groups_have_one_room_and_each_group_some_for_itself() -> None:
    groups = Groups(GroupSettings(most_targets=100, most_targets_in_all=150))
    for device in range(4):
        targets = [f"10.1.{device}.{n}" for n in range(120)]
        groups.add(*rows(*({"src_ip": f"10.0.0.{device}", "dst_ip": target} for target in targets)))
    # 90 and 60 beside the ten of each, then no more; past the bound of a group nothing is missed.
    assert [len(group._targets) for group in groups._open.values()] == [100, 70, 10, 10]
    assert (groups.room.left, groups.room.missed) == (0, 50 + 110 + 110)
    found = groups.finish()
    assert [(alert.target_count, len(alert.targets)) for alert in found] == [(100, 10), (70, 10), (10, 10), (10, 10)]
    assert groups.room.left == 150


def test_places_for_targets_are_free_again_when_a_group_is_put_out_or_dropped() -> None:
    groups = Groups(GroupSettings(most_open=2, most_targets_in_all=30))
    for device in range(8):
        groups.add(*rows(*({"src_ip": f"10.0.0.{device}", "dst_ip": f"10.1.0.{n}"} for n in range(20))))
    assert groups.room.left == 30 - 2 * 10
    assert groups.room.missed == 0
    groups.drop(lambda alert: bool(alert.id))
    assert groups.room.left == 30
    after = Groups(GroupSettings(early=True, most_targets_in_all=30))
    (told,) = alerts([{"dst_ip": f"10.1.0.{n}"} for n in range(20)], GroupSettings(shown=15))
    after.resume([replace(told, over=False)])
    assert after.room.left == 25
    after.finish()
    assert after.room.left == 30


def test_a_target_for_which_there_is_no_room_is_still_what_it_is_worth() -> None:
    of = GroupSettings(most_targets_in_all=0, assets={"10.1.0.15": "critical"})
    (alert,) = alerts([{"dst_ip": f"10.1.0.{n}"} for n in range(20)], of)
    assert (alert.target_count, alert.severity) == (10, "critical")
    (known,) = alerts([{"dst_ip": f"10.1.0.{n}"} for n in range(20)], replace(of, assets={}))
    assert known.severity == "high"


def test_evidence_is_the_first_flow_and_then_the_strongest() -> None:
    given_rows = [{"uid": f"C{i}", "score": 0.5 + i / 100, "at_s": i} for i in range(30)]
    (alert,) = alerts(given_rows)
    assert [e.uid for e in alert.evidence] == ["C0", *(f"C{i}" for i in range(29, 20, -1))]
    assert alert.evidence[0].ts_s == START_S
    assert (alert.evidence[0].src_port, alert.evidence[0].dst_port, alert.evidence[0].proto) == (40_000, 80, "tcp")


def test_group_that_is_put_out_of_a_full_table_is_emitted_and_not_lost() -> None:
    found = alerts([{"src_ip": f"10.0.0.{i}"} for i in (1, 2, 3, 1)], GroupSettings(most_open=2), batch=1)
    assert [(a.device, a.count) for a in found] == [("10.0.0.1", 1), ("10.0.0.2", 1), ("10.0.0.1", 1), ("10.0.0.3", 1)]
    assert found[0].id == found[2].id


def test_table_of_groups_never_grows_past_its_bound() -> None:
    groups = Groups(GroupSettings(most_open=5))
    for i in range(50):
        groups.add(*rows({"src_ip": f"10.0.0.{i}"}))
        assert len(groups._open) <= 5


def test_flows_without_a_time_are_grouped_all_the_same() -> None:
    (alert,) = alerts([{"at_s": None}] * 3)
    assert (alert.count, alert.first_seen_s, alert.last_seen_s) == (3, 0.0, 0.0)
    found = alerts([{"at_s": 500}, {"at_s": None}])
    assert [(a.count, a.first_seen_s - START_S) for a in found] == [(2, 500)]


def test_flow_without_addresses_is_grouped_all_the_same() -> None:
    (alert,) = alerts([{"src_ip": None, "dst_ip": None, "uid": None}])
    assert (alert.device, alert.targets, alert.evidence[0].uid) == ("", ("",), "")


def test_no_flows_change_nothing() -> None:
    groups = Groups()
    assert groups.add(*rows()) == []
    assert groups.finish() == []


def test_clock_that_jumps_to_the_end_of_time_harms_nothing() -> None:
    far = (2**63 - 1 - START_NS) / S - 1
    found = alerts([{"at_s": 1}, {"at_s": far}, {"at_s": 2}, {"at_s": -far}])
    assert sum(a.count for a in found) == 4


def test_one_record_of_next_year_neither_closes_a_window_nor_holds_one_open() -> None:
    groups = Groups()
    year = {"at_s": 365 * 86_400.0, "src_ip": "10.0.0.9"}
    assert groups.add(*rows({"at_s": 0}, year, {"at_s": 10})) == []
    (alert,) = [one for one in groups.add(*rows({"at_s": 400})) if one.device == "10.0.0.66"]
    assert (alert.count, alert.last_seen_s) == (2, START_S + 10)
    assert groups.clock.events == {"time_not_believed": 1}


def test_a_clock_that_was_set_back_ends_windows_and_another_leap_goes_on_with_their_alerts() -> None:
    groups = Groups()
    quiet = [QUIET | {"at_s": -86_400.0 + n} for n in range(20)]
    assert groups.add(*rows({"at_s": 0}, {"at_s": 1})) == []
    (first,) = groups.add(*rows(*quiet))
    assert (first.count, first.revision, first.over) == (2, 0, True)
    again = [{"at_s": 5.0 + n} for n in range(4)]
    (stray,) = groups.add(*rows(*again))  # until the leap is believed, rows count a day before
    assert (stray.id != first.id, stray.count) == (True, 2)
    told = {one.id: one.revision for one in groups.finish()}
    assert told[first.id] == 1
    assert groups.clock.events["time_went_back"] == groups.clock.events["time_jumped_ahead"] == 1


def counts(found: Sequence[Alert]) -> list[tuple[int, int, bool]]:
    return [(alert.revision, alert.count, alert.over) for alert in found]


def test_a_service_tells_an_alert_with_the_row_that_makes_the_evidence_enough_and_when_its_window_is_over() -> None:
    found = alerts([{"uid": f"C{i}"} for i in range(5)], SERVICE)
    assert counts(found) == [(0, 4, False), (1, 5, True)]
    assert len({alert.id for alert in found}) == 1


def test_a_service_tells_an_alert_again_when_it_has_grown_tenfold() -> None:
    assert counts(alerts([{}] * 450, SERVICE)) == [
        (0, 4, False),
        (1, 40, False),
        (2, 104, False),  # a hundred flows are a step up in severity, seen with the eighth more
        (3, 450, True),
    ]


def test_a_service_tells_an_alert_again_when_it_spreads() -> None:
    found = alerts([{"dst_ip": f"10.0.0.{min(i, 12)}"} for i in range(30)], SERVICE)
    assert [(a.revision, a.count, a.severity, a.target_count) for a in found] == [
        (0, 4, "medium", 4),
        (1, 10, "high", 10),
        (2, 30, "high", 13),
    ]


def test_a_service_tells_an_alert_again_when_another_detector_sees_it_too() -> None:
    found = alerts([*[{}] * 5, {"detector": "anomaly,classifier"}, *[{}] * 5], SERVICE)
    assert [(a.count, a.detectors) for a in found] == [
        (4, ("classifier",)),
        (6, ("anomaly", "classifier")),
        (11, ("anomaly", "classifier")),
    ]


def test_a_few_alarms_among_many_benign_flows_are_not_told_but_counted() -> None:
    groups = Groups(SERVICE)
    for _ in range(3):
        assert groups.add(*rows({}, *[QUIET] * 97)) == []
    assert groups.finish() == []
    assert groups.unsaid == 1


def test_one_alarm_of_a_grave_rule_is_told_at_once_and_one_of_a_lesser_is_not() -> None:
    grave = {"detector": "signatures", "rules": ["telnet sweep"], "score": 0.85}
    assert counts(alerts([grave], SERVICE)) == [(0, 1, False), (1, 1, True)]
    assert alerts([{**grave, "score": 0.6}], SERVICE) == []
    assert alerts([{"score": 0.999}], SERVICE) == []
    (first, _) = alerts([{**grave, "detector": "classifier,signatures"}], SERVICE)
    assert (first.rules, first.detectors) == (("telnet sweep",), ("classifier", "signatures"))


def test_claims_to_addresses_that_anybody_may_send_add_nothing_to_what_a_model_says_of_a_device() -> None:
    claim = {"detector": "signatures", "rules": ["arp"], "score": 0.85, "family": "mitm", "proto": "arp"}
    found = alerts([*[claim] * 9, *[{}] * 2], SERVICE)
    assert {alert.family for alert in found} == {"mitm"}


def test_a_stray_family_of_a_device_that_attacks_is_not_told() -> None:
    found = alerts([*[{}] * 6, {"family": "xss"}, *[{}] * 6], SERVICE)
    assert {alert.family for alert in found} == {"dos"}
    assert {alert.family for alert in alerts([*[{}] * 6, *[{"family": "xss"}] * 2], SERVICE)} == {"dos", "xss"}


def test_evidence_that_was_enough_still_is_in_the_next_window() -> None:
    found = alerts([*[{}] * 5, *[{"at_s": 300}] * 3], SERVICE)
    assert counts(found) == [(0, 4, False), (0, 2, False), (1, 5, True), (1, 3, True)]


def test_a_capture_with_a_chance_tells_of_what_is_proven_once() -> None:
    of = GroupSettings(chance=1e-6)
    assert counts(alerts([{}] * 450, of)) == [(0, 450, True)]
    assert alerts([{}] * 3, of) == []


def test_a_service_without_a_chance_tells_the_first_alarm() -> None:
    assert counts(alerts([{}, {}], GroupSettings(early=True))) == [(0, 1, False), (1, 2, True)]


def test_unknown_flows_need_to_be_many_and_more_than_chance_brings() -> None:
    strange: dict[str, Any] = {"alarm": False, "family": None, "unknown": True, "score": 0.01}
    assert counts(alerts([strange] * 25, SERVICE)) == [(0, 20, False), (1, 25, True)]
    assert alerts([row for _ in range(30) for row in (strange, *[QUIET] * 20)], SERVICE) == []
    assert counts(alerts([{"family": None, "unknown": True}] * 4, SERVICE)) == [(0, 4, False), (1, 4, True)]


def test_an_alert_that_was_put_out_goes_on_with_the_next_revision() -> None:
    of = GroupSettings(early=True, chance=1e-6, most_open=1)
    found = alerts([*[{}] * 4, {"src_ip": "10.0.0.1"}, *[{}] * 4], of, batch=1)
    assert counts(found) == [(0, 4, False), (1, 4, True), (2, 2, False), (3, 4, True)]
    assert len({alert.id for alert in found}) == 1


def test_an_alert_that_is_allowed_ends_at_once_and_its_evidence_counts_no_more() -> None:
    groups = Groups(SERVICE)
    groups.add(*rows(*[{}] * 4, *[{"src_ip": "10.0.0.67"}] * 3))
    assert groups.drop(lambda alert: alert.device == "10.0.0.1") == []
    assert counts(groups.drop(lambda _: True)) == [(1, 4, True)]
    assert groups.add(*rows(*[{}] * 3, *[{"src_ip": "10.0.0.67"}] * 3)) == []
    assert counts(groups.add(*rows({}))) == [(2, 4, False)]
    assert counts(groups.finish()) == [(3, 4, True)]


def test_a_precious_target_makes_an_alert_graver() -> None:
    of = GroupSettings(assets={"10.0.0.1": "critical"})
    assert [alert.severity for alert in alerts([{}, {}], of)] == ["critical"]


def test_the_evidence_of_devices_past_the_bound_is_forgotten_and_counted() -> None:
    groups = Groups(GroupSettings(chance=1e-6, most_devices=1))
    groups.add(*rows({}, {"src_ip": "10.0.0.67"}))
    assert groups.forgotten == 1
    assert Groups().forgotten == 0


def kept() -> Counter[str]:
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects() if type(one) in (Gathered, Alert, Evidence))


def test_an_alert_leaves_memory_with_its_window_and_before_what_was_told_of_it_is_not_kept() -> None:
    groups, devices = Groups(SERVICE), 25
    before = kept()
    for window_s in range(0, 1_200, 300):
        flows = [{"at_s": window_s, "uid": f"C{i}", "src_ip": f"10.0.1.{i % devices}"} for i in range(5 * devices)]
        assert len(groups.add(*rows(*flows))) == devices
        assert kept() - before == {"Gathered": devices, "Evidence": 5 * devices}
        assert len(groups.add(*rows({"at_s": window_s + 361, "src_ip": "10.0.2.1", **QUIET}))) == devices
        assert kept() == before


ROW = st.fixed_dictionaries(
    {
        "at_s": st.one_of(st.none(), st.floats(0, 2000)),
        "src_ip": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        "dst_ip": st.sampled_from(["10.0.1.1", "10.0.1.2", "10.0.1.3"]),
        "score": st.sampled_from([0.5, 0.7, 0.99]),
        "family": st.sampled_from(["dos", "scanning"]),
        "alarm": st.booleans(),
    }
)


@given(st.lists(ROW, max_size=40), st.integers(1, 9))
@settings(max_examples=examples(60), deadline=None)
def test_alerts_do_not_depend_on_how_rows_are_cut_into_batches(given_rows: list[dict[str, Any]], batch: int) -> None:
    named = [{**row, "uid": f"C{i}"} for i, row in enumerate(given_rows)]
    whole = alerts(named)
    assert alerts(named, batch=batch) == whole
    assert len({alert.id for alert in whole}) == len(whole)
    assert sum(alert.count for alert in whole) == sum(row["alarm"] for row in given_rows)
    assert all(Alert.from_json(alert.to_json()) == alert for alert in whole)


SERVED = st.fixed_dictionaries(
    {
        "at_s": st.one_of(st.none(), st.floats(0, 700)),
        "src_ip": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        "dst_ip": st.sampled_from([f"10.0.1.{i}" for i in range(12)]),
        "score": st.sampled_from([0.5, 0.9, None]),
        "family": st.sampled_from(["dos", "dos", "scanning", None]),
        "unknown": st.sampled_from([False, False, True]),
        "alarm": st.sampled_from([True, True, True, False]),
        "detector": st.sampled_from(["classifier", "classifier", "anomaly", "anomaly,classifier", "signatures"]),
    }
)


@given(
    given_rows=st.lists(SERVED, max_size=80),
    batch=st.integers(1, 9),
    chance=st.sampled_from([None, 1e-2, 1e-6]),
    early=st.booleans(),
)
@settings(max_examples=examples(150), deadline=None)
def test_what_a_service_tells_does_not_depend_on_batches_and_every_alert_ends_once(
    *, given_rows: list[dict[str, Any]], batch: int, chance: float | None, early: bool
) -> None:
    of = GroupSettings(early=early, chance=chance, unknown_minimum=5, growth=3.0)
    named = [{**row, "uid": f"C{i}"} for i, row in enumerate(given_rows)]
    whole = alerts(named, of)
    assert alerts(named, of, batch=batch) == whole
    for key in {alert.id for alert in whole}:
        own = [alert for alert in whole if alert.id == key]
        assert [alert.revision for alert in own] == list(range(len(own)))
        assert [alert.over for alert in own] == [False] * (len(own) - 1) + [True]
        assert [alert.count for alert in own] == sorted(alert.count for alert in own)


@given(st.lists(SERVED, max_size=40), st.sampled_from(["10.0.0.1", "10.0.0.2"]))
@settings(max_examples=examples(60), deadline=None)
def test_a_flow_that_is_allowed_never_alerts(given_rows: list[dict[str, Any]], device: str) -> None:
    allowances = AllowList([Allowance.of("ana", "known", 0.0, source=device)])
    groups = Groups(GroupSettings(early=True))
    flows, verdicts = rows(*given_rows)
    allowed, _ = allowances.allowed(flows, verdicts, at_s=1.0)
    found = groups.add(flows.filter(pa.array(~allowed)), verdicts.filter(pa.array(~allowed))) + groups.finish()
    assert device not in {alert.device for alert in found}
    loud = sum(bool(row["alarm"] or row["unknown"]) for row in given_rows if row["src_ip"] == device)
    assert sum(quieted.flows for quieted in allowances.snapshot()) == loud


def test_what_another_process_had_open_goes_on_under_its_id() -> None:
    flood = [{"at_s": at, "dst_ip": f"10.0.0.{at % 20}"} for at in range(60)]
    whole = alerts(flood, SERVICE, batch=7)
    before, after = Groups(SERVICE), Groups(SERVICE)
    told = [*before.add(*rows(*flood[:20]))]
    assert after.resume(told[-1:]) == 1
    told += [*after.add(*rows(*flood[20:])), *after.finish()]
    assert {alert.id for alert in told} == {whole[0].id}
    assert [alert.revision for alert in told] == list(range(len(told)))
    assert [alert.over for alert in told] == [False] * (len(told) - 1) + [True]
    last = told[-1]
    assert (last.target_count, last.first_seen_s, last.last_seen_s) == (20, START_S, START_S + 59)
    assert last.count <= 60


def test_an_alert_of_a_window_of_another_length_is_left_alone() -> None:
    (alert,) = alerts([{"at_s": 400}], GroupSettings(window_s=300))
    assert Groups(GroupSettings(window_s=7)).resume([alert]) == 0


def test_what_a_start_has_no_room_for_is_counted_and_its_next_revision_is_newer() -> None:
    given_rows = [[{"src_ip": f"10.0.0.{i}"}] * 4 for i in range(3)]
    told = Groups(SERVICE).add(*rows(*(row for four in given_rows for row in four)))
    for over in (False, True):
        after = Groups(replace(SERVICE, most_open=2))
        assert after.resume([replace(alert, over=over) for alert in told]) == (0 if over else 2)
        assert after.crowded_out == 1
        assert [(alert.id, alert.revision) for alert in after.add(*rows(*given_rows[2]))][-1] == (told[2].id, 1)
