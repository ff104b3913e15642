"""Small pools for tests of query strategies."""

import numpy as np
import numpy.typing as npt

from redshank.active.strategy import Known, Pool


def pool(
    probabilities: npt.ArrayLike,
    points: npt.ArrayLike | None = None,
    *,
    anomaly: npt.ArrayLike | None = None,
    known: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    known_anomaly: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Pool:
    """Make a pool around what a test cares for; the rest is drawn.

    Args:
        probabilities: [n, k].
        points: [n, d]; drawn in a plane if absent.
        anomaly: [n]; drawn if absent.
        known: Where labelled rows lie, [m, d]; five that are drawn if absent.
        y: Their classes, [m]; drawn if absent.
        known_anomaly: How unusual they are, [m]; not at all if absent.
        seed: Of what is drawn.
    """
    rng = np.random.default_rng(seed)
    p = np.asarray(probabilities, np.float32)
    at = rng.normal(size=(len(p), 2)) if points is None else np.asarray(points)
    seen = rng.normal(size=(5, at.shape[1])) if known is None else np.asarray(known).reshape(-1, at.shape[1])
    classes = rng.integers(0, p.shape[1], len(seen)) if y is None else np.asarray(y)
    unusual = rng.random(len(p)) if anomaly is None else np.asarray(anomaly)
    place = at.astype(np.float32)
    before = np.full(len(seen), 0.4) if known_anomaly is None else np.asarray(known_anomaly)
    labels = Known(seen.astype(np.float32), classes.astype(np.int64), before.astype(np.float32))
    return Pool(place, p, place, unusual.astype(np.float32), labels)
