import json

import pytest

from labelled import labelled
from redshank.learn.compare import Comparison, compare
from redshank.learn.per_group import GroupFigures, OneGroup
from redshank.report.groups import chapter, sections, word
from redshank.report.page import page
from redshank.report.summary import to_json, to_text

LOUD = OneGroup("10.0.0.1 10.0.0.2", 4, 0, {"argmax": 3, "0.01": 1}, {"argmax": 0, "0.01": 0})
QUIET = OneGroup("10.0.0.1 10.0.0.3", 8, 5, {"argmax": 0, "0.01": 0}, {"argmax": 4, "0.01": 2})
FIGURES: dict[str, float | None] = {
    "macro_f1": 0.8,
    "fpr": 0.25,
    "group_fpr": 0.375,
    "worst_share": 1.0,
    "recall": 0.8,
    "fpr_at_0.01": 1 / 12,
    "group_fpr_at_0.01": 0.125,
    "worst_share_at_0.01": 1.0,
    "recall_at_0.01": 0.4,
}
GROUPS = GroupFigures("host_pair", 2, 2, 12, FIGURES, {"group_fpr": (0.0, 0.75)}, (LOUD, QUIET))


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare(labelled(120), "constant", beside=())[0]


def test_a_person_reads_the_rates_and_who_makes_the_alarms() -> None:
    text = to_text("x", sections(GROUPS, as_json=False))
    assert "False alarms by pair of devices" in text
    line = next(line for line in text.splitlines() if line.strip().startswith("likeliest class"))
    assert line.split()[2:6] == ["25", "%", "37.5", "%"]
    line = next(line for line in text.splitlines() if "10.0.0.2" in line)
    assert line.split()[-4:] == ["75", "%", "100", "%"]


def test_json_holds_numbers() -> None:
    found = json.loads(to_json("x", sections(GROUPS, as_json=True)))
    assert found["groups"]["group_fpr"] == 0.375
    assert found["groups"]["group_fpr_high"] == 0.75
    assert found["groups_with_most_false_alarms"][0] == {"name": LOUD.name, "benign": 4, "argmax": 3, "0.01": 1}


def test_the_page_has_a_chapter() -> None:
    made = page("x", [chapter(GROUPS)], subtitle="")
    assert "By pair of devices" in made
    assert "10.0.0.1 10.0.0.3" in made


def test_other_groups_are_called_by_their_name() -> None:
    assert word(GroupFigures("site", 1, 1, 1, {}, {}, ())) == "site"


def test_a_comparison_has_them_where_devices_are_known(compared: Comparison) -> None:
    groups = compared.models[0].evaluations[0].groups
    assert groups is not None
    assert groups.by == "host_pair"
    assert set(groups.intervals) == set(groups.figures)
    assert Comparison.from_json(compared.to_json()) == compared
