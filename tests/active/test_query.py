from functools import cache

import numpy as np

from redshank.active.caps import Admit, Rows
from redshank.active.query import Landscape, choose
from redshank.active.strategies.margin import Margin
from redshank.active.strategies.mixed import Mixed
from redshank.active.strategies.random import Random
from redshank.active.strategies.typical import Typical
from redshank.active.strategy import Known
from redshank.learn.model import Floats
from tables import COLUMNS, part

X = part(300, 0).x
LAND = Landscape(X, COLUMNS)
ALL = np.arange(len(X))


@cache
def _nothing() -> Known:
    return Known(LAND.points[:0], np.empty(0, np.int64), LAND.anomaly[:0])


def _first(x: Floats) -> Floats:
    """Score by the first value alone: rows near 2 lie between two classes."""
    p = 1 / (1 + np.exp(x[:, 0].astype(np.float64) - 2))
    return np.stack([p, 1 - p], axis=1).astype(np.float32)


def test_only_open_rows_are_chosen() -> None:
    rows = ALL[100:140]
    chosen = choose(Random(), LAND, rows, _first, _nothing(), 30, seed=2).rows
    assert set(chosen.tolist()) <= set(rows.tolist())
    assert len(set(chosen.tolist())) == 30


def test_what_the_scorer_doubts_is_chosen() -> None:
    chosen = choose(Margin(), LAND, ALL, _first, _nothing(), 10).rows
    nearest = np.argsort(abs(X[:, 0] - 2))[:10]
    assert set(chosen.tolist()) == set(nearest.tolist())


def test_nothing_is_asked_where_nothing_is_open() -> None:
    assert not len(choose(Margin(), LAND, ALL[:0], _first, _nothing(), 10).rows)


def test_no_more_rows_are_scored_than_allowed() -> None:
    seen: list[int] = []

    def counting(x: Floats) -> Floats:
        seen.append(len(x))
        return _first(x)

    chosen = choose(Margin(), LAND, ALL, counting, _nothing(), 10, most=50).rows
    assert seen == [50]
    assert len(chosen) == 10


def test_a_refused_row_is_replaced_by_the_next_best() -> None:
    best = choose(Margin(), LAND, ALL, _first, _nothing(), 20).rows

    class NotTheBest(Admit):
        def __call__(self, rows: Rows, size: int) -> Rows:
            allowed: Rows = rows[rows != best[0]][:size]
            return allowed

    assert choose(Margin(), LAND, ALL, _first, _nothing(), 10, admit=NotTheBest()).rows.tolist() == best[1:11].tolist()


def test_rows_that_may_never_be_asked_are_no_candidates() -> None:
    best = choose(Margin(), LAND, ALL, _first, _nothing(), 100).rows

    class Late(Admit):
        def still(self, rows: Rows) -> Rows:
            return np.setdiff1d(rows, best[:90])

        def __call__(self, rows: Rows, size: int) -> Rows:
            return rows[:size]

    assert choose(Margin(), LAND, ALL, _first, _nothing(), 10, admit=Late()).rows.tolist() == best[90:].tolist()


def test_places_are_found_for_who_looks_at_them_alone() -> None:
    land = Landscape(X, COLUMNS)
    for strategy, found in ((Margin(), set()), (Typical(), {"embedding", "points"}), (Mixed(), {"anomaly"})):
        known = land.known(strategy, ALL[:5], ALL[:5] % 2)
        choose(strategy, land, ALL[5:], _first, known, 10)
        assert {"embedding", "points", "anomaly"} & set(vars(land)) >= found
        assert ("anomaly" in vars(land)) == ("anomaly" in found)
        assert ("points" in vars(land)) == (not isinstance(strategy, Margin))


def test_nothing_is_scored_for_a_strategy_that_does_not_look() -> None:
    def refusing(x: Floats) -> Floats:
        raise AssertionError(f"{len(x)} rows were scored")

    assert len(choose(Random(), LAND, ALL, refusing, _nothing(), 10).rows) == 10


def test_what_chance_drew_is_told_whoever_else_asked_for_it() -> None:
    for size, many in ((4, 0), (5, 1), (20, 2), (100, 10)):
        chosen = choose(Mixed(), LAND, ALL, _first, _nothing(), size, seed=4)
        drawn = choose(Random(), LAND, ALL, _first, _nothing(), many, seed=4).rows
        assert set(chosen.rows[chosen.at_random].tolist()) == set(drawn.tolist())
    assert not choose(Margin(), LAND, ALL, _first, _nothing(), 20).at_random.any()
    assert choose(Random(), LAND, ALL, _first, _nothing(), 20).at_random.all()


def test_what_was_drawn_and_refused_is_not_told_as_asked() -> None:
    drawn = choose(Random(), LAND, ALL, _first, _nothing(), 2, seed=4).rows

    class NotTheFirst(Admit):
        def __call__(self, rows: Rows, size: int) -> Rows:
            allowed: Rows = rows[rows != drawn[0]][:size]
            return allowed

    chosen = choose(Mixed(), LAND, ALL, _first, _nothing(), 20, seed=4, admit=NotTheFirst())
    assert chosen.rows[chosen.at_random].tolist() == [drawn[1]]


def test_rows_that_are_refused_take_no_others_place() -> None:
    """Nine in ten rows are refused, the best ranked first: the batch is full all the same."""
    best = choose(Margin(), LAND, ALL, _first, _nothing(), len(ALL)).rows

    class Rare(Admit):
        tried = 0

        def __call__(self, rows: Rows, size: int) -> Rows:
            self.tried += 1
            return rows[np.isin(rows, best[-30:])][:size]

        def count(self, rows: Rows) -> None:
            self.counted = rows.tolist()

    rare = Rare()
    assert choose(Margin(), LAND, ALL, _first, _nothing(), 10, admit=rare).rows.tolist() == best[-30:-20].tolist()
    assert rare.tried == 3
    assert rare.counted == best[-30:-20].tolist()
