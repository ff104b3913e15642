import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from redshank.learn.batches import Batches, class_weights, repeated
from redshank.learn.model import Floats


def on_disk(place: Path, rows: int, width: int = 2) -> Floats:
    """Return a file of rows whose first value is their number."""
    made = np.lib.format.open_memmap(place / "x.npy", mode="w+", dtype=np.float32, shape=(rows, width))
    made[:] = np.arange(rows, dtype=np.float32)[:, None]
    made.flush()
    found: Floats = np.load(place / "x.npy", mmap_mode="r")
    return found


def order(batches: Batches, seed: int = 0) -> list[int]:
    windows = list(batches.windows(torch.Generator().manual_seed(seed)))
    for x, y, weight in windows:
        assert torch.equal(x[:, 0], weight)
        assert torch.equal(x[:, 0].long() % 3, y)
    return [int(row) for x, _, _ in windows for row in x[:, 0]]


def rows_of(x: Floats, window: int = 1 << 18) -> Batches:
    number = np.arange(len(x))
    return Batches(x, number % 3, number.astype(np.float32), 4, window=window)


@pytest.mark.parametrize("place", ["memory", "file"])
def test_every_row_comes_once_an_epoch_in_an_order_by_seed(place: str, tmp_path: Path) -> None:
    x = on_disk(tmp_path, 103)
    batches = rows_of(x if place == "file" else np.array(x), window=32)
    found = order(batches)
    assert sorted(found) == list(range(103))
    assert found != sorted(found)
    assert found == order(batches)
    assert found != order(batches, seed=1)
    assert batches.batches == 26


def test_a_table_in_memory_is_shuffled_as_a_whole_whatever_the_window() -> None:
    x = np.repeat(np.arange(103, dtype=np.float32)[:, None], 2, axis=1)
    assert (
        order(rows_of(x, window=16))
        == order(rows_of(x))
        == torch.randperm(103, generator=torch.Generator().manual_seed(0)).tolist()
    )


def test_a_window_of_a_file_mixes_blocks_from_everywhere(tmp_path: Path) -> None:
    first = order(rows_of(on_disk(tmp_path, 4000), window=400))[:400]
    counts = np.histogram(first, bins=10, range=(0, 4000))[0]
    assert (counts > 0).sum() >= 6


def test_a_file_of_any_size_needs_the_memory_of_a_window(tmp_path: Path) -> None:
    x = on_disk(tmp_path, 200_000, width=8)
    batches = Batches(x, np.zeros(len(x), np.int64), np.ones(len(x), np.float32), 128, window=4096)
    tracemalloc.start()
    try:
        seen = sum(len(part) for part, _, _ in batches.windows(torch.Generator()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 200_000
    assert peak < x.nbytes / 10


@pytest.mark.parametrize("place", ["memory", "file"])
def test_rare_classes_come_again_anew_each_epoch(place: str, tmp_path: Path) -> None:
    x = on_disk(tmp_path, 60)
    y = np.where(np.arange(60) < 50, 0, np.where(np.arange(60) < 57, 2, 3))
    batches = Batches(x if place == "file" else np.array(x), y, np.ones(60, np.float32), 8, window=64, repeat=True)
    draw = torch.Generator().manual_seed(0)
    epochs = [torch.cat([part for _, part, _ in batches.windows(draw)]) for _ in range(2)]
    assert all(torch.bincount(found).tolist() == [50, 0, 50, 50] for found in epochs)
    assert not torch.equal(*epochs)
    assert (batches.rows, batches.batches) == (150, 19)


def test_balanced_classes_weigh_the_same_and_one_on_average() -> None:
    y = np.array([0] * 90 + [2] * 10)
    weight = class_weights(y)
    assert weight.mean() == pytest.approx(1)
    assert weight[y == 0].sum() == pytest.approx(weight[y == 2].sum())
    assert weight.dtype == np.float32


def test_repeated_rows_are_of_their_class_and_drawn_by_seed() -> None:
    y = np.array([0] * 9 + [2] * 2)
    found = repeated(y, seed=1)
    assert np.bincount(y[found]).tolist() == [9, 0, 9]
    assert found.tolist() == repeated(y, seed=1).tolist() != repeated(y, seed=2).tolist()
