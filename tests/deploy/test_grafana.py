"""The dashboard shows metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from redshank.core.metrics import COUNTERS, GAUGES, Metrics

BOARD: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "redshank.json").read_text()
)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
METRIC = re.compile(r"(?:redshank|process)_[a-z0-9_]+")
PROCESS = set(re.findall(r"^process_\w+", Metrics().text(), re.MULTILINE))
GROWING = {*COUNTERS, "process_cpu_seconds_total"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_every_metric_of_a_panel_is_declared_with_the_labels_that_it_asks_for(panel: dict[str, Any]) -> None:
    assert panel["description"]
    for target in panel["targets"]:
        names = set(METRIC.findall(target["expr"]))
        assert names
        assert names <= set(COUNTERS | GAUGES) | PROCESS
        labels = {label for name in names - PROCESS for label in (COUNTERS | GAUGES)[name][1]} | {"instance", "job"}
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        for group in re.findall(r" (?:by|on) \(([^)]+)\)", target["expr"]):
            wanted |= {label.strip() for label in group.split(",")}
        assert wanted <= labels, target["expr"]


def test_every_metric_that_a_service_has_is_on_the_board() -> None:
    assert set(METRIC.findall(json.dumps(PANELS))) >= set(COUNTERS | GAUGES)


def test_other_programs_that_prometheus_watches_are_not_on_the_board() -> None:
    # They have process_* too, and an instance may be any.
    for panel in PANELS:
        for target in panel["targets"]:
            if "process_" in target["expr"]:
                assert target["expr"].endswith(" and on (instance, job) redshank_waiting_rows")


def test_a_counter_is_shown_by_how_it_grows() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            for name in METRIC.findall(target["expr"]):
                grows = re.search(rf"(rate|increase)\({name}\{{", target["expr"]) is not None
                assert grows == (name in GROWING), target["expr"]


def test_panels_lie_beside_each_other_and_have_numbers_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def test_the_variables_of_the_board_are_those_that_panels_use() -> None:
    names = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?(\w+)\}?", json.dumps(BOARD["panels"]))) == names
    query = BOARD["templating"]["list"][1]["query"]["query"]
    assert set(METRIC.findall(query)) <= set(GAUGES)
