"""What carried a verdict, in a few words per flow.

In: raw feature values and calibrated probabilities of the flows worth a word, and, if the bundle has them, quantiles of
benign traffic per column. Out: up to three short texts per flow, strongest first. The one idea: a person believes
"dst_bytes 3.9e+09 beyond benign 99 % (4.1e+04)" sooner than a number between 0 and 1. It is an observation about the
flow, not an attribution of the model: where no value is out of the ordinary, that is said, with the value that comes
nearest to it and the two most probable classes.

Values differ from flow to flow, and what they are about does not: `subject` is what texts of many flows have in common.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.features.feature_set import Column

MOST = 3
LEAST_ERROR = 1e-3  # squared, of a quantile or a share: what is given back within 0.03 is no reason
MOST_TIMES = 1e6
NEAREST = ("most like ", "nearest known flows: ")
"""How a text of `detect/neighbors.py` begins."""
_RULE = re.compile(r"(.{1,200}?) \((?:informational|low|medium|high|critical)((?:, [^,)]{1,40})*)\)", re.DOTALL)
_TECHNIQUE = re.compile(r"T[01]\d{3}(\.\d{3})?")


class Quantiles:
    """Quantiles of benign traffic for some of a feature set's columns.

    Args:
        columns: All columns, in order.
        benign: By column name: the 1 %, 50 % and 99 % quantiles of benign flows; columns may be missing.

    Raises:
        ValueError: If an entry is not three numbers, or of no column; it is named.
    """

    def __init__(self, columns: Sequence[str], benign: Mapping[str, Any]) -> None:
        if not isinstance(benign, Mapping):
            raise ValueError(f"calibration: 'benign_quantiles' is {repr(benign)[:60]}, wanted numbers by column")  # noqa: TRY004  the value is read from a file
        self.names = [name for name in columns if name in benign]
        foreign = sorted(set(benign) - set(columns))
        if foreign:
            raise ValueError(f"calibration: 'benign_quantiles' has '{foreign[0]}', which is no column")
        try:
            rows = [[float(value) for value in benign[name]] for name in self.names]
        except (TypeError, ValueError, OverflowError):
            raise ValueError("calibration: 'benign_quantiles' holds something that is no number") from None
        for name, row in zip(self.names, rows, strict=True):
            if len(row) != 3:
                raise ValueError(f"calibration: 'benign_quantiles' of '{name}' are {len(row)} numbers, wanted 3")
        self._at = [list(columns).index(name) for name in self.names]
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
        self._low, self._middle, self._high = table.T

        self._rare = (
            [f"below benign 1 % ({low:.2g})" for low in self._low],
            [f"beyond benign 99 % ({high:.2g})" for high in self._high],
        )
        self._usual = [f"({low:.2g} to {high:.2g}, median {middle:.2g})" for low, middle, high in table.tolist()]

    def beyond(self, x: npt.NDArray[np.float32]) -> list[list[str]]:
        """Name the values outside benign 1 % to 99 %, farthest first, on a logarithmic scale.

        Shape:
            x: [n, c] float32; returns: n lists of up to three texts.
        """
        texts: list[list[str]] = [[] for _ in range(len(x))]
        values = x[:, self._at].astype(np.float64)
        outside = (values > self._high) | (values < self._low)
        rows = np.flatnonzero(outside.any(axis=1))
        values, outside = values[rows], outside[rows]
        above = values > self._high
        spread = np.abs(_log(self._high) - _log(self._middle)) + np.abs(_log(self._middle) - _log(self._low)) + 1e-3
        with np.errstate(invalid="ignore"):
            far = np.where(above, _log(values) - _log(self._high), _log(self._low) - _log(values)) / spread
        far = np.where(outside, far, -1.0)
        order = np.argsort(-far, axis=1, kind="stable")[:, :MOST]
        told = zip(*(np.take_along_axis(one, order, axis=1).tolist() for one in (values, above, far)), strict=True)
        for row, at, of in zip(rows.tolist(), order.tolist(), told, strict=True):
            texts[row] = [
                f"{self.names[j]} {value:.2g} {self._rare[over][j]}"
                for j, value, over, distance in zip(at, *of, strict=True)
                if distance >= 0
            ]
        return texts

    def within(self, x: npt.NDArray[np.float32]) -> list[str]:
        """Name the value that comes nearest to benign 1 % or 99 %, seen from the median, of flows with none beyond.

        A value that is itself a quantile is none to name: many benign flows have just that one.

        Shape:
            x: [n, c] float32; returns: n texts, "" where no value is to be named.
        """
        if not self.names or not len(x):
            return [""] * len(x)
        values = x[:, self._at].astype(np.float64)
        bound = np.where(values > self._middle, self._high, self._low)
        inside = (values > self._low) & (values < self._high) & (values != self._middle)
        middle = _log(self._middle)
        with np.errstate(invalid="ignore"):
            far = np.divide(_log(values) - middle, _log(bound) - middle, out=np.full(values.shape, -1.0), where=inside)
        most = np.argmax(far, axis=1)
        at = (np.arange(len(x)), most)
        return [
            f"within benign 1 % to 99 %, farthest out {self.names[j]} {value:.2g} {self._usual[j]}"
            if distance >= 0
            else ""
            for j, value, distance in zip(most.tolist(), values[at].tolist(), far[at].tolist(), strict=True)
        ]


class Rebuilt:
    """Errors of benign traffic in the columns that a model gives back.

    Args:
        columns: All columns, in order.
        benign: By column name: the 99 % quantile of the error of benign flows.

    Raises:
        ValueError: If a column has none, or it is no number; it is named.
    """

    def __init__(self, columns: Sequence[Column], benign: object) -> None:
        if not isinstance(benign, Mapping):
            raise ValueError(f"calibration: 'benign_errors' is {repr(benign)[:60]}, wanted a number by column")  # noqa: TRY004  the value is read from a file
        self.columns = columns
        for name in (column.name for column in columns):
            value = benign.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < np.inf:
                raise ValueError(f"calibration: 'benign_errors' of '{name}' is {repr(value)[:60]}, wanted 0 or more")
        self._usual = np.array([benign[column.name] for column in columns], dtype=np.float64)

    def worst(self, x: npt.NDArray[np.float32], errors: npt.NDArray[np.float32]) -> list[list[str]]:
        """Name the columns given back worse than 99 % of benign flows, the worst first, or the worst alone.

        Shape:
            x, errors: [n, c] float32; returns: n lists of one to three texts.
        """
        times = errors / (self._usual + LEAST_ERROR)
        order = np.argsort(-times, axis=1, kind="stable")[:, :MOST]
        return [
            [
                f"{self._said(j, float(x[i, j]))} rebuilt {min(times[i, j], MOST_TIMES):.2g} x as badly as benign 99 %"
                for at, j in enumerate(order[i].tolist())
                if at == 0 or times[i, j] > 1
            ]
            for i in range(len(x))
        ]

    def _said(self, at: int, value: float) -> str:
        column = self.columns[at]
        if not np.isfinite(value):
            return f"{column.name} absent"
        if not column.vocabulary:
            return f"{column.name} {value:.2g}"
        code = int(value)
        word = "absent" if code == 0 else column.vocabulary[code - 2] if 2 <= code < column.codes else "unknown"
        return f"{column.name} {word}"


def likely(probabilities: npt.NDArray[np.float64], classes: Sequence[str]) -> list[list[str]]:
    """Name the two most probable classes of each row.

    Shape:
        probabilities: [n, k], k >= 2; returns: n lists of two texts.

    Example:
        >>> likely(np.array([[0.1, 0.9]]), ["benign", "dos"])
        [['p(dos) 0.90', 'p(benign) 0.10']]
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    percent = np.rint(np.take_along_axis(probabilities, order, axis=1) * 100).astype(np.int64)
    # A flood is the same few texts over and over: make each once.
    distinct, which = np.unique(np.hstack([order, percent]), axis=0, return_inverse=True)
    texts = [[f"p({classes[a]}) {p / 100:.2f}", f"p({classes[b]}) {q / 100:.2f}"] for a, b, p, q in distinct.tolist()]
    return [texts[i] for i in which.tolist()]


def subject(text: str) -> str:
    """Return what a reason has in common with those that say the same of other flows, whatever their values are.

    It is the detector, where the text names one, and a rule, a column, a probability, or "nearest" of known flows.

    Example:
        >>> [subject(text) for text in ("classifier: dst_bytes 3.9e+09 beyond benign 99 % (4.1e+04)", "p(dos) 0.97")]
        ['classifier: dst_bytes', 'p(dos)']
    """
    detector, said = _parts(text)
    if said.startswith(NEAREST):
        return f"{detector}nearest"
    if rule := _of_rule(detector, said):
        return f"{detector}{rule[1]}"
    return f"{detector}{said.partition(' ')[0]}"


def techniques_of(text: str) -> list[str]:
    """Return the ATT&CK ids that the reason of a rule tells that it is tagged with; none of another reason.

    Example:
        >>> techniques_of("signatures: upnp-from-outside (high, T1133, T0883) dst_port=1900")
        ['T1133', 'T0883']
    """
    rule = _of_rule(*_parts(text))
    return [one for one in rule[2].split(", ") if _TECHNIQUE.fullmatch(one)] if rule else []


def listed(texts: Sequence[Sequence[str]], wanted: npt.NDArray[np.bool_]) -> pa.ListArray:
    """Put the texts of some rows into a column of lists; the others have an empty one.

    Shape:
        texts: as many as rows are wanted; wanted: [n] bool; returns: n lists.

    Example:
        >>> listed([["a", "b"]], np.array([False, True])).to_pylist()
        [[], ['a', 'b']]
    """
    lengths = np.zeros(len(wanted), dtype=np.int32)
    lengths[wanted] = [len(own) for own in texts]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    flat = pa.array([text for own in texts for text in own], type=pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def _log(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    logs: npt.NDArray[np.float64] = np.sign(values) * np.log1p(np.abs(values))
    return logs


def _parts(text: str) -> tuple[str, str]:
    """Return the detector that a reason names, with what divides them, and the rest."""
    before, colon, after = text.partition(": ")
    return (f"{before}: ", after) if colon and before.isidentifier() else ("", text)


def _of_rule(detector: str, said: str) -> re.Match[str] | None:
    return _RULE.match(said) if detector in {"", "signatures: "} else None
