"""Which flows that a bundle knows are most like a new one, in a few words.

In: a few flows of each class, which travel in the bundle's manifest, and raw feature values of the flows worth a word.
Out: a short text per flow. The one idea: a person believes what they can compare with, and a model may be wrong where
the flows that it learnt from say something else. The model has no part in it: near is what `features/gower.py` says.

The counts of few neighbors make few different texts, so that an alert of many flows can count them. Of a batch at most
`MOST_LOOKED_UP` different flows are looked up, and others have no text: a flood is the same few flows over and over,
and one that is not must not hold up judging. The first of each alert's flows come before all others, which are spread
over the batch: what is few flows beside a flood would have no word otherwise.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from redshank.features.feature_set import Column
from redshank.features.gower import Gower

NEIGHBORS = 5
AGREED = 4
"""So many neighbors of one class say what a flow is like."""
MOST_LOOKED_UP = 256
FIRST = 1e-9
"""Of flows that are equally near the first is nearer by so little."""

Floats = npt.NDArray[np.float32]


class KnownFlows:
    """A few flows of each class.

    Args:
        flows: By class: raw feature values, a flow in a text as of `written`.
        columns: What the values are.
        classes: The bundle's classes; one may have no flows.

    Raises:
        ValueError: If they are no flows of these columns and classes, or fewer than `NEIGHBORS`.
    """

    def __init__(self, flows: object, columns: Sequence[Column], classes: Sequence[str]) -> None:
        read = _read(flows, len(columns), classes)
        if read is None:
            raise ValueError(
                f"calibration: 'known_flows' is {repr(flows)[:60]}, wanted {NEIGHBORS} flows or more of "
                f"{len(columns)} columns, by class"
            )
        of, known = read
        self._classes, self._of = tuple(classes), of
        with np.errstate(over="ignore"):
            self._gower = Gower(known.astype(np.float32), np.array([column.codes > 0 for column in columns]))

    def nearest(self, x: Floats, group: npt.NDArray[np.int64]) -> list[str]:
        """Say of each flow what the known flows nearest to it are; "" where that was not looked up.

        Args:
            x: Raw feature values.
            group: Any number for each alert that a flow is of; of each alert the first flow is looked up before others.

        Shape:
            x: [n, c] float32; group: [n]; returns: n texts.
        """
        if not len(x):
            return []
        places: dict[bytes, int] = {}
        which = [places.setdefault(row.tobytes(), len(places)) for row in x]
        rows = np.frombuffer(b"".join(places), np.float32).reshape(-1, x.shape[1])
        _, firsts = np.unique(group, return_index=True)
        first = _spread(np.unique(np.array(which)[firsts]), MOST_LOOKED_UP)
        others = np.setdiff1d(np.arange(len(rows)), first, assume_unique=True)
        at = np.concatenate([first, _spread(others, MOST_LOOKED_UP - len(first))])
        texts = dict(zip(at.tolist(), self._texts(rows[at]), strict=True))
        return [texts.get(place, "") for place in which]

    def _texts(self, x: Floats) -> list[str]:
        key = self._gower.distances(x) + FIRST * np.arange(len(self._of))
        near = np.argpartition(key, NEIGHBORS - 1, axis=1)[:, :NEIGHBORS]
        classes = [tuple(row) for row in np.sort(self._of[near], axis=1).tolist()]
        said = {row: _said(Counter(self._classes[at] for at in row)) for row in set(classes)}
        return [said[row] for row in classes]


def _spread(values: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """Return so many of some values at most, from the first to the last.

    Example:
        >>> _spread(np.arange(10), 4).tolist(), _spread(np.arange(2), 4).tolist(), _spread(np.arange(2), 0).tolist()
        ([0, 3, 6, 9], [0, 1], [])
    """
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).astype(np.int64)]


def written(x: Floats) -> list[str]:
    """Return flows as a manifest holds them, each once.

    Shape:
        x: [n, c]; returns: n texts at most.

    Example:
        >>> written(np.float32([[6, 0.1, np.nan], [6, 0.1, np.nan]]))
        ['6 0.1 nan']
    """
    return list(dict.fromkeys(" ".join(str(value).removesuffix(".0") for value in row) for row in x))


def _read(
    flows: object, width: int, classes: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None:
    """Return the class of each flow, as a place among classes, and its values; None if they are no such flows.

    Shape:
        returns: [m], [m, width].
    """
    if not isinstance(flows, Mapping) or not set(flows) <= set(classes):
        return None
    try:
        # Of flows that are equally near the first count, so their order must not matter.
        told = [(at, text) for at, name in enumerate(classes) for text in sorted(flows.get(name, ()))]
        known = np.array([[float(value) for value in text.split()] for _, text in told], dtype=np.float64)
    except (AttributeError, TypeError, ValueError):
        return None
    if known.shape != (max(len(told), NEIGHBORS), width):
        return None
    return np.array([at for at, _ in told], dtype=np.int64), known


def _said(counts: Counter[str]) -> str:
    """Say what the neighbors are, those of the most frequent class first.

    Example:
        >>> _said(Counter(dos=4, benign=1)), _said(Counter(dos=3, benign=1, mitm=1))
        ('most like dos (4 of the 5 nearest known flows)', 'nearest known flows: dos 3, others 2')
    """
    (first, most), *_ = told = counts.most_common()
    if most >= AGREED:
        return f"most like {first} ({most} of the {NEIGHBORS} nearest known flows)"
    named = [(name, count) for name, count in told if count > 1]
    others = NEIGHBORS - sum(count for _, count in named)
    shown = [*named, ("others", others)] if others else named
    return f"nearest known flows: {', '.join(f'{name} {count}' for name, count in shown)}"
