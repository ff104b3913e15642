"""Choose the flows of a network that an analyst is asked about.

In: a source of flows, a bundle, a strategy, and a store with what was asked and answered before. Out: new questions in
the store. The one idea: a site's questions go through `choose`, the code that simulations measure, with the bundle's
graph as the scorer, and no device or kind of flow gets more than its share: traffic can be made to look doubtful. Flows
whose family is known can stand among the questions, and nothing tells them from the others: whoever answers these
wrongly is not believed in the rest (`active/vetting.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redshank.active.canaries import Asking, canary_questions
from redshank.active.candidates import Candidates, Floats
from redshank.active.caps import Cap, Guard, by_device
from redshank.active.guard import clusters
from redshank.active.query import MOST, Landscape, choose
from redshank.active.strategy import STRATEGIES, Known
from redshank.active.told import told
from redshank.core.bundle import Bundle
from redshank.data.dataset import Labelled
from redshank.detect.graph import Graph
from redshank.features.feature_set import FEATURE_SETS
from redshank.flows.source import FlowSource
from redshank.store.question import Question, flow_values, identity
from redshank.store.queue import Queue

NEIGHBORS = 8  # of which an analyst sees those that have a label


@dataclass(frozen=True)
class Asked:
    """What became of a round.

    Args:
        flows: Final rows seen.
        candidates: Distinct vectors among them that were scored.
        labels: Labels that the strategy knew.
        questions: New questions in the store, the most useful first.
    """

    flows: int
    candidates: int
    labels: int
    questions: tuple[Question, ...]


def ask(
    source: FlowSource,
    bundle: Bundle,
    queue: Queue,
    strategy: str,
    *,
    count: int,
    now_s: float,
    seed: int = 0,
    most: int = MOST,
    wanted: int = 1,
    canaries: Labelled | None = None,
) -> Asked:
    """Put new questions into a store.

    Args:
        source: The flows.
        bundle: What scores them.
        queue: The store.
        strategy: A name in `STRATEGIES`.
        count: How many questions.
        now_s: The time, s since the epoch.
        seed: Of the sample of candidates and of the strategy.
        most: Candidates that are kept and scored.
        wanted: How many people are to answer each question.
        canaries: Flows whose family is known, some of which take the place of other questions.

    Raises:
        BundleError: If the bundle was made for other features, or is damaged.
        ConfigError: If there is no such strategy.
        SourceError: If the source stopped before its end.
    """
    chooser = STRATEGIES.find(strategy)()
    manifest = bundle.manifest
    found = FEATURE_SETS.find(manifest.feature_set)
    bundle.require(found.name, found.version, found.fingerprint(), [column.name for column in found.columns])
    features, graph = found(), Graph(bundle)
    before = told(queue, found.name, now_s)
    candidates = Candidates(most, seed, before.x)
    for batch in source.batches():
        candidates.add(batch, features.encode(batch))
    flows, x = candidates.kept()
    labelled = before.labelled
    if not len(x):
        return Asked(candidates.flows_seen, 0, len(labelled), ())
    land = Landscape(x, found.columns, steps=found.steps, seed=seed)
    points = land.embedding.points(before.x) if len(before.x) else np.empty((0, land.points.shape[1]), np.float32)
    unusual = land.embedding.anomaly(before.x[labelled]) if len(labelled) else np.empty(0, np.float32)
    known = Known(points[labelled], before.classes(manifest.classes), unusual)

    def score(rows: Floats) -> Floats:
        p = graph.probabilities(rows)
        # A row that the graph cannot judge is as doubtful as a row can be.
        return np.where(np.isfinite(p).all(axis=1, keepdims=True), p, np.float32(1 / p.shape[1]))

    devices = [*flows.column("src_ip").to_pylist(), *(question.device for question in before.questions)]
    hidden = None
    if canaries is not None:
        asked_before = {question.id for question in before.questions}
        hidden = canary_questions(canaries, found.name, asked_before, count, seed)
        count -= len(hidden.flows)
    admit = guard(devices, np.concatenate([land.points, points]), len(x), seed)
    chosen = choose(chooser, land, np.arange(len(x)), score, known, count, seed=seed, admit=admit, most=most)
    asking = Asking(flow_values(flows.take(chosen.rows.tolist())), x[chosen.rows], chosen.at_random)
    if hidden is not None:
        asking = asking.among(hidden, seed)
    ids = [identity(flow) for flow in asking.flows]
    near = _nearest(land.embedding.points(asking.x), points, ids, [question.id for question in before.questions])
    p, unusual = score(asking.x), land.embedding.anomaly(asking.x)
    questions = [
        Question.of_flow(
            flow,
            asking.x[place],
            p[place],
            feature_set=found.name,
            fingerprint=found.fingerprint(),
            classes=tuple(manifest.classes),
            neighbors=near[place],
            why=_why(p[place], manifest.classes, float(unusual[place]), at_random=at_random),
            strategy=strategy,
            bundle=manifest.name,
            bundle_sha256=manifest.sha256,
            asked_at_s=now_s,
            place=place,
            wanted=wanted,
            at_random=at_random,
        )
        for place, (flow, at_random) in enumerate(zip(asking.flows, asking.at_random.tolist(), strict=True))
    ]
    there = {question.id for question in queue.questions()}
    queue.add(questions)
    new = tuple(question for question in questions if question.id not in there)
    return Asked(candidates.flows_seen, len(x), len(labelled), new)


def guard(devices: Sequence[str | None], points: Floats, candidates: int, seed: int) -> Guard:
    """Return what bounds the questions about a device, and about flows that are nearly alike.

    Args:
        devices: Of the candidates, then of the questions asked before.
        points: Where they lie.
        candidates: How many of them are candidates.
        seed: Of the clusters of points.
    """
    number, cap = by_device(devices)
    return Guard([number, clusters(points, seed)], [cap, Cap()], asked=np.arange(candidates, len(points)))


def _why(p: Floats, classes: Sequence[str], anomaly: float, *, at_random: bool) -> str:
    """Say what made a flow worth asking about: chance, or how near two classes are, and how unusual it is."""
    first, second = np.argsort(-p, kind="stable")[:2].tolist()
    drawn = "drawn at random; " if at_random else ""
    return f"{drawn}{classes[first]} {p[first]:.2f} or {classes[second]} {p[second]:.2f}; unusual {anomaly:.2f} of 1"


def _nearest(new: Floats, old: Floats, new_ids: Sequence[str], old_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Return for each new question those that lie nearest, the nearest first, among new and old ones."""
    points, ids = np.concatenate([new, old]), [*new_ids, *old_ids]
    found = []
    for own, point in zip(new_ids, new, strict=True):
        order = np.argsort(((points - point) ** 2).sum(axis=1), kind="stable")[: NEIGHBORS + 1]
        found.append(tuple(ids[at] for at in order.tolist() if ids[at] != own)[:NEIGHBORS])
    return found
