import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks import COLUMNS, known, traffic
from drawn import examples
from redshank.detect import reference
from redshank.detect.drift import BLOCKS
from redshank.detect.reference import (
    MOST_FLOWS,
    Doubles,
    Filling,
    Longs,
    Reference,
    coded,
    compare,
    compare_as_one,
    reference_of,
)


def filled(filling: Filling, n: int, seed: int, cuts: list[int], devices: pa.Array | None = None) -> list[Longs]:
    """Fill blocks with drawn flows in batches, and return those that are full."""
    x, p, drawn = traffic(n, seed)
    found = []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), n], strict=True):
        at, (names, which) = begin, coded((drawn if devices is None else devices)[begin:end])
        while at < end:
            at += filling.take(x[at:end], p[at:end], names, which[at - begin :])
            if filling.full:
                found.append(filling.emptied())
    return found


def test_the_chance_of_a_false_event_is_what_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    # 150 comparisons at 10 %: 15 expected, spread 3.7. 199 draws are enough to tell 10 %.
    monkeypatch.setattr(reference, "DRAWS", 199)
    rng = np.random.default_rng(5)
    base = known()
    low = 0
    for seed in range(150):
        x, p, _ = traffic(28 * 60, 100 + seed)
        counts = np.array([np.bincount(b.ravel(), minlength=base.starts[-1]) for b in np.split(base.bins(x, p), 28)])
        p_value, _, names = compare(Reference(base.edges, 60, counts[BLOCKS:]), counts[:BLOCKS], rng, alpha=0.1)
        low += p_value <= 0.1
        assert (p_value <= 0.1) is (len(names) > 0)
    assert 15 - 4 * 3.7 < low <= 15 + 3 * 3.7


def test_blocks_that_follow_each_other_and_are_alike_are_looked_at_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "DRAWS", 199)
    rng, base = np.random.default_rng(6), known()
    one_by_one = as_one = 0
    for seed in range(150):  # each block has its own place, and the four new ones share theirs
        x, p, _ = traffic(28 * 60, 100 + seed)
        x[:, 1] += np.repeat(np.repeat(rng.normal(0, 0.5, 25), [4, *[1] * 24]), 60).astype(np.float32)
        counts = np.array([np.bincount(b.ravel(), minlength=base.starts[-1]) for b in np.split(base.bins(x, p), 28)])
        known_blocks = Reference(base.edges, 60, counts[BLOCKS:])
        one_by_one += compare(known_blocks, counts[:BLOCKS], rng, alpha=0.1)[0] <= 0.1
        p_value, _, names = compare_as_one(known_blocks, counts[:BLOCKS], alpha=0.1)
        as_one += p_value <= 0.1
        assert (p_value <= 0.1) is (len(names) > 0)
    assert one_by_one > 15 + 3 * 3.7
    assert as_one <= 15 + 3 * 3.7


def test_a_look_says_how_much_farther_than_the_farthest_block_and_of_no_blocks_nothing() -> None:
    base = known()
    new = np.array(filled(Filling(base), 400, 1, []))
    far, psi, names = compare_as_one(base, np.roll(new, 1, axis=1))
    assert far < 0.001
    assert set(names) == {name for name, one in psi.items() if one >= max(psi.values()) / 2}
    near, _, none = compare_as_one(base, base.blocks[:BLOCKS])
    assert near > 0.1
    assert none == []
    assert compare_as_one(Reference(base.edges, 60, base.blocks[:0]), new)[::2] == (1, [])


def test_what_does_not_move_is_not_drawn_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    whole = reference._psis

    def noted(blocks: Doubles, m: int, starts: Longs, draws: int, rng: np.random.Generator) -> Doubles:
        drawn.append(draws)
        return whole(blocks, m, starts, draws, rng)

    monkeypatch.setattr(reference, "_psis", noted)
    base = known()
    as_learnt = np.array(filled(Filling(base), 400, 1, []))
    assert compare(base, as_learnt, np.random.default_rng(0))[0] > 0.1
    assert drawn == [99]
    assert compare(base, np.roll(as_learnt, 1, axis=1), np.random.default_rng(0))[0] <= 0.001
    assert drawn == [99, 99, 3999]


def test_another_network_is_told_though_the_blocks_of_the_reference_are_no_equals() -> None:
    # Three odd blocks of the reference, small ones: in one column they are further from the rest than what is new.
    base = known()
    odd, new = base.blocks.copy(), base.blocks[:4].copy()
    for block in odd[:3]:
        block[:] = block // 8
        starts = base.starts
        block[starts[2] : starts[3]] = 0
        block[starts[3] - 1] = block[: starts[1]].sum()
    for column in (0, 1, 3):
        start, end = base.starts[column], base.starts[column + 1]
        new[:, start:end] = 0
        new[:, end - 1] = 100
    p_value, _, names = compare(Reference(base.edges, 100, odd), new, np.random.default_rng(1))
    assert p_value <= 0.001
    assert "p_value" in names


@settings(max_examples=examples(20), deadline=None)
@given(cuts=st.lists(st.integers(0, 500), max_size=8))
def test_blocks_do_not_depend_on_how_flows_are_cut_into_batches(cuts: list[int]) -> None:
    base = known()
    whole, found = (filled(Filling(base), 500, 9, some) for some in ([], cuts))
    assert len(whole) == len(found) > 2
    assert all((one == other).all() for one, other in zip(whole, found, strict=True))


def test_a_network_of_one_device_fills_blocks_too() -> None:
    full = filled(Filling(known()), 1600, 10, [], pa.array(["10.0.0.1"] * 1600))
    assert [int(counts.sum()) // 4 for counts in full] == [12, 12]


def test_blocks_of_a_long_period_are_short_and_spread_over_it() -> None:
    x, p, devices = traffic(48_000, 11)
    p[:] = np.linspace(0.001, 1, len(p))
    made = reference_of(x, p, devices, COLUMNS)
    assert made.flows == MOST_FLOWS == 500
    assert made.blocks.shape[0] == 24
    assert (made.blocks[-1, made.starts[3] :] == [0, 0, 0, 0, 0, 0, 500, 0]).all(), "the last is of its last part"


def test_reference_survives_a_manifest_and_a_damaged_one_is_refused() -> None:
    base = known()
    again = Reference.from_dict(json.loads(json.dumps(base.to_dict(), sort_keys=True)), COLUMNS)
    assert list(again.edges) == list(base.edges)
    assert (again.blocks == base.blocks).all()
    assert again.flows == base.flows == 100
    for value, message in (
        (3, "'reference' is 3"),
        ({**base.to_dict(), "blocks": ["1 2 x"]}, "'reference' is {'edges'"),
        ({**base.to_dict(), "blocks": ["1 2"]}, r"blocks \(1, 2\) of 100 flows in 4 columns, wanted the bins of 4"),
        ({**base.to_dict(), "flows": 0}, "of 0 flows"),
    ):
        with pytest.raises(ValueError, match=message):
            Reference.from_dict(value, COLUMNS)


def test_absent_and_new_values_have_bins_of_their_own() -> None:
    base = known()
    x = np.array([[2, 0, 1], [np.nan, np.nan, np.nan], [9, 1e9, 0]], dtype=np.float32)
    bins = base.bins(x, np.array([0.5, np.nan, 0.0]))
    assert (np.diff(base.starts)[None] > bins - base.starts[:-1]).all()
    assert (bins[1] == base.starts[1:] - 1).all()
    assert bins[2, 0] not in base.bins(np.array([[2, 0, 0], [3, 0, 0], [4, 0, 0]], dtype=np.float32), np.zeros(3))[:, 0]
