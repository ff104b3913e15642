"""One round of questions for each query strategy: seconds, and the most memory meanwhile.

In: how many candidates, labels and questions. Out: a table. A round is what active/query.py does for a site: the graph
of the default bundle scores the candidates by ONNX Runtime on one thread, then the strategy ranks them. Rows are made
up: numbers spread over decades, any of the categories, a tenth absent; a strategy's time hardly depends on what they
mean. Placing the rows is told apart: a pool pays for it once, not in each round. All is CPU time on one thread: the
wall clock of a shared machine says little.

    python bench/query.py                                         # 200 thousand candidates
    python bench/query.py --candidates 20000 --only margin typical
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from redshank.active.query import Landscape, choose
from redshank.active.strategy import STRATEGIES, Known
from redshank.core.bundle import Bundle
from redshank.detect.default import default_bundle
from redshank.detect.graph import Graph
from redshank.features.feature_set import FEATURE_SETS, Column
from redshank.learn.model import Floats

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from peak import forget_peak, peak_mib

LIMIT_S = 5
"""What a round may take."""


@dataclass(frozen=True)
class Measured:
    """A strategy's rounds.

    Args:
        name: Which.
        asked: Questions that came of the last one.
        score_s, rank_s: Median CPU time of scoring, and of what the strategy did.
        peak_mib: The most memory of the process during the rounds.
    """

    name: str
    asked: int
    score_s: float
    rank_s: float
    peak_mib: float


class Watched:
    """A scorer whose time is known.

    Args:
        score: What scores.
    """

    def __init__(self, score: Callable[[Floats], Floats]) -> None:
        self._score = score
        self.last_s = 0.0

    def __call__(self, x: Floats) -> Floats:
        """Score rows."""
        begin = time.process_time()
        found = self._score(x)
        self.last_s = time.process_time() - begin
        return found


def rows(columns: Sequence[Column], count: int, seed: int) -> Floats:
    """Make up raw rows of columns."""
    rng = np.random.default_rng(seed)
    x = np.empty((count, len(columns)), np.float32)
    for i, column in enumerate(columns):
        many = len(column.vocabulary)
        x[:, i] = rng.integers(0, many, count) if many else np.expm1(rng.gamma(2, 2, count))
        x[rng.random(count) < 0.1, i] = np.nan
    return x


def measure(land: Landscape, score: Watched, names: Sequence[str], labels: int, size: int, runs: int) -> list[Measured]:
    """Let each strategy ask.

    Args:
        land: The candidates; the first of them have labels.
        score: The model.
        names: Of the strategies.
        labels: Known ones.
        size: Questions.
        runs: Rounds of each; the median counts.
    """
    known = Known(land.points[:labels], score(land.x[:labels]).argmax(axis=1), land.anomaly[:labels])
    still = np.arange(labels, len(land), dtype=np.int64)
    found = []
    for name in names:
        strategy, scored, ranked, asked = STRATEGIES.find(name)(), [], [], 0
        forget_peak()
        for seed in range(runs):
            score.last_s = 0.0  # a strategy that does not look is not scored for
            begin = time.process_time()
            asked = len(choose(strategy, land, still, score, known, size, seed=seed).rows)
            scored.append(score.last_s)
            ranked.append(time.process_time() - begin - score.last_s)
        found.append(Measured(name, asked, statistics.median(scored), statistics.median(ranked), peak_mib()))
    return found


def main() -> None:
    """Make the pool, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=200_000)
    parser.add_argument("--labels", type=int, default=1_000)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3, help="rounds of each strategy; the median counts")
    parser.add_argument("--only", nargs="*", default=[], help="strategies; all if absent")
    asked = parser.parse_args()
    bundle = Bundle.load(default_bundle())
    columns = FEATURE_SETS.find(bundle.manifest.feature_set).columns
    x = rows(columns, asked.candidates + asked.labels, seed=0)
    begin = time.process_time()
    land = Landscape(x, columns)
    _ = land.points, land.anomaly  # found when somebody asks for them
    placed_s = time.process_time() - begin
    score = Watched(Graph(bundle).probabilities)
    found = measure(land, score, asked.only or STRATEGIES.names(), asked.labels, asked.questions, asked.runs)
    print(
        f"{asked.candidates:,} candidates, {asked.labels:,} labels, {asked.questions} questions, "
        f"{len(bundle.manifest.classes)} classes; rows placed once in {placed_s:.1f} s"
    )
    print(f"{'strategy':20}{'scoring s':>11}{'strategy s':>12}{'round s':>9}{'MiB':>7}")
    for one in found:
        print(
            f"{one.name:20}{one.score_s:>11.2f}{one.rank_s:>12.2f}{one.score_s + one.rank_s:>9.2f}{one.peak_mib:>7.0f}"
        )
    slow = [one.name for one in found if one.score_s + one.rank_s > LIMIT_S]
    print(f"within {LIMIT_S} s: {'MISSED by ' + ', '.join(slow) if slow else 'all'}")


if __name__ == "__main__":
    main()
