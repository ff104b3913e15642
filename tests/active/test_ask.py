from pathlib import Path

import numpy as np
import pytest

from bundles import Flows, flows, graph, tiny_bundle
from labelled import labelled
from questions import answer
from redshank.active.ask import Asked, ask, guard
from redshank.active.canaries import canary_families
from redshank.active.query import Landscape, choose
from redshank.active.strategy import STRATEGIES, Known
from redshank.core.errors import BundleError, ConfigError
from redshank.data.clean import groups
from redshank.detect.graph import Graph
from redshank.features.feature_set import FEATURE_SETS
from redshank.store.database import Database
from redshank.store.queue import Queue

KINDS = ["benign"] * 40 + ["scanning"] * 20 + ["dos"] * 10 + ["strange"] * 5
NOW_S = 1.8e9


def _queue(place: Path) -> Queue:
    return Queue(Database(place / "s", create=True))


def _ask(queue: Queue, seed: int = 0, count: int = 6, now_s: float = NOW_S) -> Asked:
    return ask(Flows([flows(KINDS, seed)]), tiny_bundle(), queue, "margin", count=count, now_s=now_s)


def test_the_questions_are_those_that_choose_chooses(tmp_path: Path) -> None:
    batch = flows(KINDS, 0)
    asked = _ask(_queue(tmp_path))
    found = FEATURE_SETS.find("conn")
    x = found().encode(batch)
    x = x[np.unique(groups(x), return_index=True)[1]]
    land = Landscape(x, found.columns)
    nothing = Known(land.points[:0], np.empty(0, np.int64), land.anomaly[:0])
    score = Graph(tiny_bundle()).probabilities
    kept = batch.take(np.unique(groups(found().encode(batch)), return_index=True)[1].tolist())
    admit = guard(kept.column("src_ip").to_pylist(), land.points, len(x), 0)
    rows = choose(STRATEGIES.find("margin")(), land, np.arange(len(x)), score, nothing, 6, admit=admit).rows
    assert np.array_equal(np.stack([one.values for one in asked.questions]), x[rows], equal_nan=True)
    assert (asked.flows, asked.candidates, asked.labels) == (75, len(x), 0)
    assert asked.questions[0].why.endswith("of 1")
    assert asked.questions[0].probabilities == pytest.approx(score(x[rows[:1]])[0].tolist())


def test_a_question_says_whether_chance_drew_it(tmp_path: Path) -> None:
    ask(Flows([flows(KINDS, 0)]), tiny_bundle(), _queue(tmp_path), "mixed", count=20, now_s=NOW_S)
    drawn = [one for one in Queue(Database(tmp_path / "s")).questions() if one.at_random]
    assert len(drawn) == 2
    assert all(one.why.startswith("drawn at random; ") for one in drawn)
    assert not any(one.at_random or "random" in one.why for one in _ask(_queue(tmp_path), seed=1).questions)


def test_canaries_look_like_the_others(tmp_path: Path) -> None:
    known = labelled(8, 6)
    queue = _queue(tmp_path)
    for number in range(2):
        asked = ask(
            Flows([flows(KINDS, 0)]), tiny_bundle(), queue, "margin", count=20, now_s=NOW_S + number, canaries=known
        )
        assert len(asked.questions) == 20
        hidden = [one for one in asked.questions if one.id in canary_families(known)]
        assert len(hidden) == 2
        for one in hidden:
            assert (one.strategy, one.at_random, len(one.neighbors)) == ("margin", False, 8)
            assert one.why.endswith("of 1")
            said = Graph(tiny_bundle()).probabilities(one.values[None])[0].tolist()
            assert one.probabilities == pytest.approx(said, abs=1e-6)


def test_what_was_asked_is_not_asked_again_and_labels_are_known(tmp_path: Path) -> None:
    queue = _queue(tmp_path)
    first = _ask(queue)
    queue.tell([answer(one, family) for one, family in zip(first.questions, ("dos", "worm"), strict=False)])
    again = _ask(queue, now_s=NOW_S + 1)
    assert again.labels == 2
    assert again.candidates == first.candidates - 6
    assert not {one.id for one in again.questions} & {one.id for one in first.questions}
    assert [one.id for one in queue.questions()] == [one.id for one in (*again.questions, *first.questions)]
    old = {one.id for one in first.questions}
    for one in again.questions:
        assert len(one.neighbors) == 8
        assert one.id not in one.neighbors
        assert old & set(one.neighbors)


def test_a_row_that_the_graph_cannot_judge_is_asked_about(tmp_path: Path) -> None:
    batch = flows(["benign"] * 5, src_ip_bytes=[600, 610, 620, None, 640])
    bundle = tiny_bundle(model=graph(guarded=False))
    asked = ask(Flows([batch]), bundle, _queue(tmp_path), "margin", count=1, now_s=NOW_S)
    assert asked.questions[0].flow["uid"] == "C0x3"
    assert asked.questions[0].probabilities == pytest.approx([1 / 3] * 3)


def test_a_source_without_flows_gives_no_question(tmp_path: Path) -> None:
    assert ask(Flows([]), tiny_bundle(), _queue(tmp_path), "margin", count=3, now_s=NOW_S) == Asked(0, 0, 0, ())


def test_what_does_not_fit_is_refused_before_the_first_flow(tmp_path: Path) -> None:
    source = Flows([flows(["dos"])], AssertionError("was read"))
    with pytest.raises(BundleError, match="made for feature set conn"):
        ask(source, tiny_bundle(fingerprint="0" * 16), _queue(tmp_path), "margin", count=1, now_s=NOW_S)
    with pytest.raises(ConfigError, match="query strategy: no 'margn'; did you mean 'margin'"):
        ask(source, tiny_bundle(), _queue(tmp_path), "margn", count=1, now_s=NOW_S)


def test_one_device_cannot_take_all_questions(tmp_path: Path) -> None:
    """A device that makes its flows look doubtful has at most a fifth of the questions, of a round and of all."""
    rng = np.random.default_rng(0)
    doubtful = rng.uniform(1_000, 3_000, 300).astype(int).tolist()
    batch = flows(
        ["benign"] * 600,
        src_ip=["10.0.0.66"] * 300 + [f"10.0.0.{100 + n % 20}" for n in range(300)],
        src_ip_bytes=doubtful + rng.uniform(400, 900, 300).astype(int).tolist(),
        dst_pkts=[1] * 300 + [7] * 300,
    )
    queue = _queue(tmp_path)
    for number in range(2):
        ask(Flows([batch]), tiny_bundle(), queue, "margin", count=20, now_s=NOW_S + number)
    devices = [one.device for one in queue.questions()]
    assert len(devices) == 40
    assert devices.count("10.0.0.66") == 8
