from pathlib import Path

import numpy as np
import pytest

from redshank.alerts.severity import FAMILIES
from redshank.core.records import FAMILY_NAME
from redshank.detect.sigma.columns import Columns
from redshank.detect.sigma.rule import TECHNIQUE_FAMILIES, strongest_last
from sigma_rules import base, correlation, load, loaded, rows, rule


@pytest.mark.parametrize(
    ("level", "score"), [("informational", None), ("low", None), ("medium", 0.6), ("high", 0.85), ("critical", 0.97)]
)
def test_a_level_is_worth_what_the_table_says(tmp_path: Path, level: str, score: float | None) -> None:
    assert loaded(tmp_path, rule(level=level)).score == score


@pytest.mark.parametrize(
    ("tags", "family"),
    [
        (["attack.t1110", "redshank.family.backdoor"], "backdoor"),
        (["attack.discovery", "attack.t1046"], "scanning"),
        (["attack.t1498.002"], "ddos"),
        (["attack.t1498.001"], "dos"),
        (["attack.t9999"], "attack"),
        ([], "attack"),
    ],
)
def test_a_family_comes_from_tags(tmp_path: Path, tags: list[str], family: str) -> None:
    assert loaded(tmp_path, rule(tags=tags)).family == family


def test_techniques_are_those_of_attack(tmp_path: Path) -> None:
    made = loaded(tmp_path, rule(tags=["attack.tactic", "attack.t1046", "attack.t1021.002", "cve.2024-1", "car.x"]))
    assert made.techniques == ("T1046", "T1021.002")


def test_families_of_techniques_are_families_that_alerts_know() -> None:
    assert set(TECHNIQUE_FAMILIES.values()) <= FAMILIES.keys()
    assert all(FAMILY_NAME.fullmatch(family) for family in TECHNIQUE_FAMILIES.values())


def test_a_reason_says_what_the_rule_saw(tmp_path: Path) -> None:
    made = loaded(tmp_path, rule({"dst_port": 23, "service": None}, tags=["attack.t1110"], name="telnet"))
    columns = Columns(rows(2, dst_port=23))
    assert made.reasons(columns, np.array([1])).to_pylist() == ["telnet (medium, T1110) dst_port=23"]


def test_a_reason_tells_nothing_of_what_was_posted(tmp_path: Path) -> None:
    made = loaded(tmp_path, rule({"http_post_body|contains": "'", "dst_port": 80}, name="quote"))
    columns = Columns(rows(1, dst_port=80, http_post_body="user=ana&pass=it's"))
    assert made.hits(columns, made.window()).tolist() == [True]
    assert made.reasons(columns, np.array([0])).to_pylist() == ["quote (medium) dst_port=80"]


def test_a_reason_of_a_rule_about_nothing_that_is_there_is_its_name(tmp_path: Path) -> None:
    made = loaded(tmp_path, rule({"service": None}))
    assert made.reasons(Columns(rows(1)), np.array([0])).to_pylist() == ["A test (medium)"]


def test_a_correlation_counts_values_of_a_group(tmp_path: Path) -> None:
    made = loaded(tmp_path, base(), correlation(at_least=3))
    window = made.window()
    columns = Columns(rows(6, dst_port=lambda i: [1, 2, 2, 3, 4, 5][i], src_ip=lambda i: "ab"[i == 5]))
    assert made.hits(columns, window).tolist() == [False, False, False, True, True, False]
    assert made.reasons(columns, np.array([3])).to_pylist() == [
        "count (high) at least 3 different dst_port within 10 s by src_ip=a"
    ]


def test_a_correlation_counts_flows_each_once(tmp_path: Path) -> None:
    made = loaded(tmp_path, base(), correlation(at_least=3, field=None))
    columns = Columns(rows(6, uid=lambda i: "AABBCD"[i]))
    assert made.hits(columns, made.window()).tolist() == [False, False, False, False, True, True]
    assert "at least 3 flows within 10 s" in made.reasons(columns, np.array([4]))[0].as_py()


def test_a_correlation_goes_on_from_batch_to_batch_and_forgets_with_time(tmp_path: Path) -> None:
    made = loaded(tmp_path, base(), correlation(at_least=2, field=None))
    window = made.window()
    assert made.hits(Columns(rows(1, uid="A")), window).tolist() == [False]
    assert made.hits(Columns(rows(1, uid="B")), window).tolist() == [True]
    later = rows(1, uid="C", ts=1_800_000_000_000_000_000)
    assert made.hits(Columns(later), window).tolist() == [False]


def test_flows_that_lack_group_value_or_time_do_not_count(tmp_path: Path) -> None:
    made = loaded(tmp_path, base(), correlation(at_least=1))
    columns = Columns(
        rows(
            4,
            src_ip=lambda i: [None, "a", "a", "a"][i],
            dst_port=lambda i: [1, None, 1, 1][i],
            ts=lambda i: [1, 1, None, 1][i],
        )
    )
    assert made.hits(columns, made.window()).tolist() == [False, False, False, True]


def test_times_at_the_end_of_the_world_survive(tmp_path: Path) -> None:
    made = loaded(tmp_path, base(), correlation(at_least=2))
    columns = Columns(rows(3, ts=lambda i: [-(2**63), 2**63 - 1, 0][i], dst_port=lambda i: i))
    assert made.hits(columns, made.window()).tolist() == [False, False, False]


def test_the_gravest_comes_last_and_of_equals_the_first(tmp_path: Path) -> None:
    levels = {"a": "high", "b": "low", "c": "critical", "d": "high", "e": "informational"}
    rules = load(tmp_path, *(rule(title=name, level=level) for name, level in levels.items())).rules
    assert [one.name for one in strongest_last(rules)] == ["e", "b", "d", "a", "c"]
