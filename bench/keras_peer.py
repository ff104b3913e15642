"""Training speed beside Keras on TensorFlow: the published BiLSTM on the same rows, one thread each.

In: --rounds, --batches. Out: a table: rows per second of both at each batch size, and the median ratio over rounds.
Both train the same network (bidirectional LSTM of 128, 64 and 32 units per direction, dropout 0.2, Adam, min-max input,
each row a sequence of one step) on the same drawn rows; the second epoch is timed, since the first one traces and warms
up. Runs alternate, each in a process of its own; Keras has an environment of its own (`make bench-keras`).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from redshank.features.feature_set import Column
from redshank.learn.models.bilstm import Bilstm

HERE = Path(__file__).resolve().parent
COLUMNS = 41  # of ToN_IoT, as the study feeds them
ROWS = {32: 8_192, 256: 32_768, 4096: 131_072}
"""Rows per epoch by batch size: enough steps to time, few enough that a round takes a minute."""
ONE = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
SIDES = {
    "ours": [sys.executable, str(HERE / "keras_peer.py")],
    "keras": [str(HERE.parent / ".venv-keras" / "bin" / "python"), str(HERE / "keras_side.py")],
}


def main() -> None:
    """Run all sides and print the table, or with --rows ours once and print its seconds."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--batches", type=int, nargs="+", default=list(ROWS))
    arguments.add_argument("--rows", type=Path, help="run our side once on the rows of this file")
    given = arguments.parse_args()
    if given.rows:
        print(ours(given.rows, given.batches[0]))
        return
    print(f"{'batch':>6} {'rows/epoch':>11} {'ours rows/s':>12} {'keras rows/s':>13} {'ratio (median)':>15}")
    with tempfile.TemporaryDirectory() as place:
        for batch in given.batches:
            x = np.random.default_rng(0).random((ROWS[batch], COLUMNS), dtype=np.float32)
            np.savez(Path(place) / "rows.npz", x=x, y=(x[:, 0] > 0.5).astype(np.int64))
            rates: dict[str, list[float]] = {side: [] for side in SIDES}
            for _ in range(given.rounds):
                for side in SIDES:
                    rates[side].append(ROWS[batch] / _seconds(side, Path(place) / "rows.npz", batch))
            ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["keras"], strict=True))
            a, b = (statistics.median(rates[side]) for side in SIDES)
            print(f"{batch:>6} {ROWS[batch]:>11,} {a:>12,.0f} {b:>13,.0f} {ratio:>15.2f}", flush=True)


def ours(rows: Path, batch: int) -> float:
    """Return the seconds of our second epoch."""
    held = np.load(rows)
    x, y = held["x"], held["y"]
    model = Bilstm(units=(128, 64, 32), epochs=2, batch_size=batch, dropout=0.2, inputs="minmax")
    ends: list[float] = []
    model.on_epoch = lambda _: ends.append(time.perf_counter())
    model.fit(x, y, columns=[Column(f"c{i}", "bytes") for i in range(COLUMNS)], n_classes=2)
    return ends[1] - ends[0]


def _seconds(side: str, rows: Path, batch: int) -> float:
    command = [*SIDES[side], "--rows", str(rows), "--batches", str(batch)]
    environment = {**os.environ, **ONE, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{side} failed: {done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
