"""Keras' side of `keras_peer.py`, run in an environment that has TensorFlow and not us.

In: --rows, a file with x and y; --batches, one batch size. Out: the seconds of the second epoch.
"""

import argparse
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

keras: Any = import_module("keras")
tensorflow: Any = import_module("tensorflow")

arguments = argparse.ArgumentParser()
arguments.add_argument("--rows", type=Path)
arguments.add_argument("--batches", type=int)
given = arguments.parse_args()
tensorflow.config.threading.set_intra_op_parallelism_threads(1)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)
held = np.load(given.rows)
x, y = held["x"][:, None], held["y"].astype(np.float32)

layers = keras.layers
stack = [keras.Input(x.shape[1:])]
for units, sequences in ((128, True), (64, True), (32, False)):
    stack += [layers.Bidirectional(layers.LSTM(units, return_sequences=sequences)), layers.Dropout(0.2)]
model = keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
ends: list[float] = []
note = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.perf_counter()))
model.fit(x, y, batch_size=given.batches, epochs=2, verbose=0, callbacks=[note])
print(ends[1] - ends[0])
