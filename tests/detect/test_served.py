import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pytest

from bundles import Flows, flows, graph, many, tiny_bundle, watching_bundle
from redshank.core.bundle import Bundle
from redshank.core.errors import ConfigError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.served import BOTH, ONLY_CHAMPION, ONLY_SHADOW, RENAMED, Served
from redshank.detect.shelf import CHAMPION, Shelf
from redshank.pipeline.run import run

KINDS = ["benign"] * 6 + ["scanning"] * 3 + ["dos"]


def wary() -> Bundle:
    """Make a bundle that takes every flow for an attack of one of its two classes."""
    calibration = {**tiny_bundle(2).manifest.calibration, "thresholds": {"0.01": 0.0, "0.05": 0.0}}
    return tiny_bundle(2, name="wary", calibration=calibration)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "models")
    for bundle in (tiny_bundle(name="tiny"), tiny_bundle(2, name="binary"), wary()):
        made.put(bundle)
    made.promote("tiny", "the first")
    return made


def test_the_champion_judges_as_it_would_alone(shelf: Shelf) -> None:
    served, batch = Served(shelf), flows(KINDS)
    assert served.judge(batch) == Classifier(tiny_bundle(name="tiny")).judge(batch)
    assert (served.name, served.false_alarm_rate, served.events) == ("tiny", "0.01", {})


def test_without_a_champion_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no bundle is in service; put one in service with `redshank models promote`"
    ):
        Served(Shelf(tmp_path))


class Acting(Flows):
    """A source that does something between two batches."""

    def __init__(self, batches: Sequence[pa.RecordBatch], acts: Mapping[int, Callable[[], object]]) -> None:
        super().__init__(batches)
        self._acts = acts

    def batches(self) -> Iterator[pa.RecordBatch]:
        for at, batch in enumerate(super().batches()):
            if at in self._acts:
                self._acts[at]()
            yield batch


def test_a_running_pipeline_follows_a_switch_between_two_batches(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    metrics = Metrics()
    served = Served(shelf, metrics=metrics)
    seen = list[Alert]()
    batches = [flows(KINDS, seed=seed) for seed in range(4)]
    acts = {1: lambda: shelf.promote("binary", "better"), 3: lambda: shelf.rollback("false alarms")}
    run(Acting(batches, acts), [served], tell=seen.append)
    assert {alert.family for alert in seen} == {"scanning", "dos", "attack"}
    assert {alert.bundle for alert in seen} == {"tiny", "binary"}
    assert served.events == {"champion_switched": 2}
    assert metrics.labelled("redshank_model_events_total") == {("champion_switched",): 2}
    assert "binary takes over from tiny" in caplog.text


@pytest.mark.parametrize("how", ["gone", "damaged", "other features", "no graph", "nobody"])
def test_a_bundle_that_cannot_be_loaded_changes_nothing(
    shelf: Shelf, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served(shelf)
    shelf.put(tiny_bundle(name="odd", model=b"no graph") if how == "no graph" else tiny_bundle(name="odd"))
    if how == "other features":
        shelf.put(tiny_bundle(name="other", fingerprint="0" * 64))
    shelf.promote("other" if how == "other features" else "odd", "better")
    if how == "gone":
        shutil.rmtree(shelf.folder / "odd")
    elif how == "damaged":
        (shelf.folder / "odd" / "model.onnx").write_bytes(graph(2))
    elif how == "nobody":
        (shelf.folder / CHAMPION).write_text("")
    for _ in range(3):
        assert served.judge(flows(KINDS)).column("bundle").unique().to_pylist() == ["tiny"]
    assert served.events == {"champion_refused": 1}
    assert "the champion is not taken over" in caplog.text
    shelf.promote("tiny", "the other cannot be loaded", forced=True)
    served.judge(flows(KINDS))
    assert (served.name, served.events) == ("tiny", {"champion_refused": 1})


def test_a_shadow_raises_no_alarm_and_is_compared_by_family(shelf: Shelf) -> None:
    shelf.set_shadow("wary")
    served = Served(shelf)
    verdicts = served.judge(flows(KINDS))
    assert verdicts.column("alarm").to_pylist() == [False] * 6 + [True] * 4
    assert served.flows == 10
    named_alike = {key: count for key, count in served.alarms.items() if key[0] != RENAMED}
    assert named_alike == {(BOTH, "scanning"): 3, (BOTH, "dos"): 1, (ONLY_SHADOW, "attack"): 6}
    assert list(served.agreement()) == [
        {"family": "attack", "both": 0, "renamed": 0, "only_champion": 0, "only_shadow": 6},
        {"family": "dos", "both": 1, "renamed": 1, "only_champion": 0, "only_shadow": 0},
        {"family": "scanning", "both": 3, "renamed": 3, "only_champion": 0, "only_shadow": 0},
    ]


def test_what_only_the_champion_alarms_on_is_counted_under_its_family(shelf: Shelf) -> None:
    shelf.promote("wary", "why not")
    shelf.set_shadow("tiny")
    metrics = Metrics()
    served = Served(shelf, metrics=metrics)
    served.judge(flows(KINDS))
    assert served.alarms == {(BOTH, "attack"): 4, (RENAMED, "attack"): 4, (ONLY_CHAMPION, "attack"): 6}
    assert metrics.labelled("redshank_shadow_alarms_total")[ONLY_CHAMPION, "attack"] == 6


def test_an_alarm_of_both_under_two_names_is_agreed_on_and_told_apart(shelf: Shelf) -> None:
    shelf.set_shadow("binary")
    served = Served(shelf)
    served.judge(flows(KINDS))
    found = served.agreed
    assert found
    assert (found.champion, found.shadow, found.flows, found.differing) == ("tiny", "binary", 10, 0)
    assert [(one.family, one.both, one.renamed) for one in found.families] == [("dos", 1, 1), ("scanning", 3, 3)]


def test_flows_of_which_one_of_the_two_says_nothing_are_not_compared(shelf: Shelf) -> None:
    shelf.set_shadow("wary")
    served = Served(shelf)
    served.judge(flows(["dos"] * 3, proto=["tcp", "arp", "arp"]))
    assert served.flows == 1


def test_another_champion_is_compared_anew(shelf: Shelf) -> None:
    shelf.set_shadow("wary")
    served = Served(shelf)
    served.judge(flows(KINDS))
    shelf.promote("binary", "better")
    served.judge(flows(["dos"]))
    found = served.agreed
    assert found
    assert (found.champion, found.flows) == ("binary", 1)
    shelf.set_shadow(None)
    served.judge(flows(["dos"]))
    assert served.agreed is None


def test_a_flow_that_goes_on_is_compared_once_at_its_end(shelf: Shelf) -> None:
    shelf.set_shadow("wary")
    served = Served(shelf)
    served.judge(flows(["dos"] * 3, part=["interim", "interim", "final"]))
    assert (served.flows, served.alarms) == (1, {(BOTH, "dos"): 1, (RENAMED, "dos"): 1})


def test_a_shadow_that_comes_goes_or_fails_is_followed(shelf: Shelf) -> None:
    served = Served(shelf)
    served.judge(flows(KINDS))
    assert served.flows == 0
    shelf.set_shadow("binary")
    served.judge(flows(KINDS))
    assert (served.shadow, served.flows) == ("binary", 10)
    shelf.put(tiny_bundle(name="odd", model=b"no graph"))
    shelf.set_shadow("odd")
    served.judge(flows(KINDS))
    assert (served.flows, served.events) == (0, {"shadow_refused": 1})
    shelf.set_shadow(None)
    served.judge(flows(KINDS))
    assert served.shadow is None


def test_looking_for_a_switch_opens_no_file(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(shelf)

    def opened(path: Path, *_: object) -> NoReturn:
        raise AssertionError(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", opened)
        assert shelf.stamp() == shelf.stamp()
        served.judge(flows(KINDS))
    (shelf.folder / CHAMPION).touch()  # another stamp, the same name
    served.judge(flows(KINDS))
    assert served.events == {}


def test_drift_is_told_of_the_champion_and_not_of_the_shadow(shelf: Shelf) -> None:
    for name in ("watching", "other"):
        shelf.put(watching_bundle(name))
    shelf.set_shadow("other")
    served = Served(shelf, metrics=Metrics())
    served.judge(many("benign", 1))
    assert (served.compared(), served.moved) == ((), {}), "the champion has nothing to compare with"
    shelf.promote("watching", "it has")
    served.judge(many("benign", 2, 5_000, duration=[500.0] * 2000))
    assert [one.moved for one in served.compared()] == [True, True], "by the first blocks, and by those spread"
    assert list(served.moved) == ["all"]
