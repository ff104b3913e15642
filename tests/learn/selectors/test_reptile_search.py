import numpy as np
import pytest

from redshank.learn import selector
from redshank.learn.selectors.reptile_search import ReptileSearch


def test_the_swarm_judges_no_more_subsets_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[tuple[int, ...]] = []

    def error(_: selector.Trial, features: tuple[int, ...]) -> float:
        judged.append(features)
        return 0.0 if 3 in features else 1.0

    monkeypatch.setattr(selector.Trial, "_error", error)
    x = np.random.default_rng(0).normal(size=(40, 10)).astype(np.float32)
    kept = ReptileSearch(reptiles=4, rounds=6).select(x, np.arange(40) % 2, 0)
    assert kept[3]
    assert kept.sum() < 6
    assert len(judged) <= 4 * 7
