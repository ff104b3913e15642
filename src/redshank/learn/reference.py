"""What the traffic was like that a classifier learnt from, for the bundle to carry.

In: a bundle, the dataset that it was trained on, and the parts of it. Out: the bundle with a reference
(`detect/reference.py`) of the dataset's benign flows, each as often as it came and in the order of the dataset. The one
idea: what a service compares is flows, so the reference is of flows, not of the calibration part: a part holds each
distinct vector once, or not at all, and one vector can be a third of the traffic.

- All benign rows of the dataset count, whatever part they are in; none of the dataset that only tests (`cross`). The
  reference decides on no verdict, so no figure gets better by it.
- Of these the ones count that `like_benign` marks, as in service: attacks are no part of either side.
- A model knows the rows that it was trained on. So a training row that came once is ranked among the training rows'
  own scores, as tomorrow's flows will be among those of the calibration part. One that came again and again will come
  again, and is ranked as it will be then.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.bundle import Bundle
from redshank.core.schema import BENIGN
from redshank.data.dataset import Labelled
from redshank.data.encoding import FlowEncoding
from redshank.data.parts import Parts
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration, Doubles
from redshank.detect.detectors.classifier import like_benign
from redshank.detect.graph import Graph
from redshank.detect.reference import REFERENCE_BLOCKS, reference_of
from redshank.features.feature_set import FEATURE_SETS
from redshank.learn.model import Floats

FEWEST_BLOCKS = 10
"""Of 14 blocks four can be drawn in 1,001 ways: with fewer no comparison can be an event."""
MOST_ROWS = 8_000
"""Benign rows that a block is looked for in: all that one device alone could fill it with, twice over."""


def with_reference(bundle: Bundle, labelled: Labelled, parts: Parts) -> Bundle:
    """Return a bundle with the reference of its dataset; as it is, if the dataset has too few flows or no devices.

    Args:
        bundle: As it was made.
        labelled: The dataset that it was trained on.
        parts: Of that dataset, without rows of others.
    """
    features = FEATURE_SETS.find(bundle.manifest.feature_set)
    spread = np.array_split(np.flatnonzero(labelled.family == BENIGN), REFERENCE_BLOCKS)
    benign = np.concatenate([some[:MOST_ROWS] for some in spread])
    flows = labelled.flows.take(pa.array(benign))
    if not len(benign) or flows.column("src_ip").null_count == len(benign):
        return bundle
    calibration = Calibration.from_dict(bundle.manifest.calibration)
    graph = Graph(bundle)

    def scores(x: Floats) -> Doubles:
        return calibrate.attack_score(calibrate.calibrated(calibration, graph.probabilities(x)))

    (x,) = FlowEncoding(labelled, features.name).encode([benign]).x
    score = scores(x)
    p = calibrate.p_values(calibration, score)
    once = _trained_once(parts, benign)
    known = parts.train.x[parts.train.y == 0]
    p[once] = calibrate.p_values(calibrate.fit_benign(scores(known)), score[once])
    like = np.flatnonzero(like_benign(flows, p))
    made = reference_of(
        x[like, -len(features.columns) :], p[like], flows.column("src_ip").take(pa.array(like)), features.columns
    )
    if len(made.blocks) < FEWEST_BLOCKS:
        return bundle
    told = {**bundle.manifest.calibration, "reference": made.to_dict()}
    return Bundle(replace(bundle.manifest, calibration=told), bundle.model)


def _trained_once(parts: Parts, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Mark the rows of the dataset that trained and whose vector no other row has."""
    vector, row = parts.train.counted()
    alone: npt.NDArray[np.bool_] = np.isin(rows, row[parts.train.weight[vector] == 1])
    return alone
