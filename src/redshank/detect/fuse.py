"""Several detectors, one verdict: what each says of a flow, put together so that the whole means what its parts mean.

In: VERDICT batches of the same flows, one per detector. Out: one VERDICT batch. The one idea: nothing that follows
depends on the order of the detectors, and what a detector does not say changes nothing.

| field | of several verdicts on a flow |
|---|---|
| alarm | if any raises one; null if nobody says |
| score | the highest: it means the same everywhere, so the strongest evidence counts, and never less |
| family | of who speaks: a model that alarms and names one, else a rule that does, else nobody |
| unknown | of an alarm: whether it has no family; else as who speaks says |
| p_value | `k * min(p)`, at most 1, over the k that give one |
| reasons | all, each with its detector in front: of who speaks first, then of who raised the alarm |
| rules | all |
| detector | who raised the alarm, in the order of the alphabet; else who could tell |
| bundle | of who speaks; where that has none, of the highest score with one |

Who speaks: an alarm with a family from a model (a verdict with a bundle and no rules), then one from a rule, then an
alarm without; where nobody alarms, who finds the flow unknown, then who calls it benign; among equals the higher score.

Rates: each of k statistical detectors gets the k-th part of the stated false-alarm rate (`share`). A benign flow raises
an alarm if any of them does, so at most as often as their rates add up to, however they depend on each other; and an
alarm of one at its share is a fused p-value at most as large as the whole rate. A rule has no rate, and takes none.

`k * min(p)` is valid under any dependence too, as long as a detector's silence says nothing of how odd the flow is
(one that warms up, or a rule, which never gives a p-value).
Source: Bonferroni's inequality; merging p-values, Vovk and Wang, Biometrika 2020.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.schema import verdict_batch

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SPEAKS = {"model": 5, "rule": 4, "alarm": 3, "unknown": 2, "family": 1}
"""Who speaks for all; a score, at most 1, is less than a step."""


def share(rate: float, detectors: int) -> float:
    """Return the false-alarm rate of each of several statistical detectors, so that the whole holds `rate`.

    Args:
        rate: Of the whole, 0 to 1.
        detectors: How many there are, 1 or more; rules do not count.

    Example:
        >>> share(0.01, 2)
        0.005
    """
    return rate / detectors


def fuse(verdicts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Make one verdict per flow.

    Args:
        verdicts: VERDICT rows of the same flows in the same order, one batch per detector, whose `detector` is the same
            in every row. A single batch is returned as it is.

    Shape:
        returns: VERDICT rows, as many as each batch has.

    Example:
        >>> said = [{"detector": "classifier", "score": 0.2, "p_value": 0.3, "alarm": False}]
        >>> hit = [{"detector": "signatures", "family": "scanning", "alarm": True}]
        >>> batches = [pa.RecordBatch.from_pylist(rows, schema=verdict_batch({}, 0).schema) for rows in (said, hit)]
        >>> one = fuse(batches).to_pylist()[0]
        >>> one["alarm"], one["family"], one["score"], one["detector"]
        (True, 'scanning', 0.2, 'signatures')
    """
    if len(verdicts) == 1:
        return verdicts[0]
    verdicts = sorted(verdicts, key=_name)
    rows = verdicts[0].num_rows
    alarm = _flags(verdicts, "alarm")
    score, p = _numbers(verdicts, "score"), _numbers(verdicts, "p_value")
    named, unknown = _there(verdicts, "family"), _flags(verdicts, "unknown")
    model = _there(verdicts, "bundle") & ~_there(verdicts, "rules")
    level = np.select(
        [alarm & named & model, alarm & named, alarm, unknown, named], [SPEAKS[who] for who in SPEAKS], default=0
    )
    heard = np.where(np.isnan(score), -0.5, score)
    speaker = np.argmax(level + heard / 2, axis=0)
    told = _of(verdicts, speaker)
    raised = alarm.any(axis=0)
    nameless = raised & told.column("family").is_null().to_numpy(zero_copy_only=False)
    modelled = _of(verdicts, np.argmax(np.where(model, heard, -1.0), axis=0))
    could_tell = named | ~np.isnan(score) | unknown
    order = (np.arange(len(verdicts))[:, None] != speaker).astype(np.int64) * 2 + ~alarm
    columns = {
        "uid": told.column("uid"),
        "ts": told.column("ts"),
        "detector": _detectors(verdicts, np.where(raised, alarm, could_tell)),
        "bundle": pc.coalesce(told.column("bundle"), modelled.column("bundle")),
        "score": _nullable(_skipping(np.fmax, score)),
        "family": told.column("family"),
        "p_value": _nullable(np.minimum(_skipping(np.fmin, p) * (~np.isnan(p)).sum(axis=0), 1.0)),
        "unknown": pc.if_else(pa.array(raised), pa.array(nameless), told.column("unknown")),
        "alarm": pa.array(raised, mask=~_there(verdicts, "alarm").any(axis=0)),
        "reasons": _together(verdicts, "reasons", order, named=True),
        "rules": _together(verdicts, "rules", order, named=False),
    }
    return verdict_batch(columns, rows)


def _name(verdicts: pa.RecordBatch) -> tuple[str, str]:
    """Return what a batch is sorted by: its detector, and its bundle where two have the same."""
    if not verdicts.num_rows:
        return "", ""
    return verdicts.column("detector")[0].as_py() or "", pc.min(verdicts.column("bundle")).as_py() or ""


def _flags(verdicts: Sequence[pa.RecordBatch], name: str) -> Bools:
    return np.stack([one.column(name).fill_null(False).to_numpy(zero_copy_only=False) for one in verdicts])


def _numbers(verdicts: Sequence[pa.RecordBatch], name: str) -> Doubles:
    return np.stack([one.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for one in verdicts])


def _there(verdicts: Sequence[pa.RecordBatch], name: str) -> Bools:
    return np.stack([one.column(name).is_valid().to_numpy(zero_copy_only=False) for one in verdicts])


def _skipping(reduce: np.ufunc, values: Doubles) -> Doubles:
    """Reduce over the detectors that say something; NaN where none does."""
    found: Doubles = reduce.reduce(values, axis=0)
    return found


def _nullable(values: Doubles) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _of(verdicts: Sequence[pa.RecordBatch], which: npt.NDArray[np.intp]) -> pa.RecordBatch:
    """Return each row as the detector `which` has it."""
    rows = len(which)
    some = [one.select(["uid", "ts", "bundle", "family", "unknown"]) for one in verdicts]
    return pa.concat_batches(some).take(pa.array(which * rows + np.arange(rows)))


def _detectors(verdicts: Sequence[pa.RecordBatch], which: Bools) -> pa.Array:
    """Join the names of the detectors that `which` marks, all of them where it marks none."""
    names = [_name(one)[0] for one in verdicts]
    marks = (which.T @ (1 << np.arange(len(names)))).astype(np.int64)
    combinations, at = np.unique(marks, return_inverse=True)
    texts = [
        ",".join(dict.fromkeys(name for bit, name in enumerate(names) if not mark or mark >> bit & 1))
        for mark in combinations.tolist()
    ]
    return pa.array(texts, pa.string()).take(pa.array(at.reshape(-1)))


def _together(
    verdicts: Sequence[pa.RecordBatch], name: str, order: npt.NDArray[np.int64], *, named: bool
) -> pa.ListArray:
    """Put the lists of each row together, those of low `order` first; null where nobody has one.

    Args:
        verdicts: As sorted.
        name: Column of lists of texts.
        order: Place of a detector's texts in a row. [k, n]
        named: Whether the detector stands before each text.
    """
    texts: list[pa.Array] = []
    keys: list[npt.NDArray[Any]] = []
    rows = verdicts[0].num_rows
    for at, one in enumerate(verdicts):
        lists = one.column(name)
        flat = pc.list_flatten(lists)
        parents = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
        if named and len(flat):
            flat = pc.binary_join_element_wise(f"{_name(one)[0]}: ", flat, "")
        texts.append(flat.cast(pa.string()))
        keys.append(np.stack([np.full(len(parents), at), order[at][parents], parents]))
    key = np.concatenate(keys, axis=1)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(key[2].astype(np.int64), minlength=rows))]).astype(np.int32)
    sorted_texts = pa.concat_arrays(texts).take(pa.array(np.lexsort(key)))
    silent = ~_there(verdicts, name).any(axis=0)
    return pa.ListArray.from_arrays(pa.array(offsets), sorted_texts, mask=pa.array(silent))
