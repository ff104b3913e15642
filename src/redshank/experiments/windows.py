"""The last flows of a device as one row: what a recurrent net over flows learns from.

In: parts of a dataset whose flows know their time and devices. Out: the same parts with a window per flow, all flows
counted. The one idea: windows are built after the split, within each part, and look back only, so that no flow of
another part and none that started later is in them.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.schema import BENIGN
from redshank.data.dataset import Labelled
from redshank.data.parts import PARTS, Part, Parts
from redshank.experiments.groups import each_row
from redshank.features.feature_set import FEATURE_SETS, Column
from redshank.learn.model import Floats

GAP = Column("gap_s", "s", heavy_tail=True)
"""Time since the device's flow before; absent for its first."""


def windowed(parts: Parts, labelled: Labelled, length: int) -> Parts:
    """Replace the rows of every part by windows, one for each flow of the dataset that the part stands for.

    Args:
        parts: Parts of the task benign or attack, in columns of a feature set.
        labelled: The dataset.
        length: Flows per window, 1 or more; 1 is the flow alone, without the gap.

    Raises:
        ValueError: If the parts have no feature set.
    """
    if parts.feature_set is None:
        raise ValueError(f"windows: parts of {parts.dataset} have the dataset's own columns, wanted a feature set")
    encode = FEATURE_SETS.find(parts.feature_set)().encode
    made: dict[str, Any] = {}
    for name in PARTS:
        rows, _ = each_row(getattr(parts, name), getattr(parts, name).y)
        flows = labelled.flows.take(pa.array(rows))
        x = encode(flows)
        if length > 1:
            x = host_windows(flows, x, parts.columns, length).reshape(len(rows), -1)
        y = (labelled.family[rows] != BENIGN).astype(np.int64)
        made[name] = Part(x, y, np.ones(len(rows), np.float32), rows)
    columns = (*parts.columns, GAP) if length > 1 else parts.columns
    return replace(parts, **made, columns=columns, steps=length, feature_set=None)


def host_windows(flows: pa.RecordBatch, x: Floats, columns: tuple[Column, ...], length: int) -> Floats:
    """Stack the last `length` flows of each flow's source device, oldest first, each with the gap before it.

    Causal: a window never holds a flow that started later. Wrong for records without time or device (ToN_IoT's network
    table): there it refuses.

    Args:
        flows: FLOW rows, in any order.
        x: Their raw feature values.
        columns: What the columns of `x` are.
        length: Flows per window, 1 or more.

    Shape:
        x: [n, c]; returns: [n, length, c + 1] float32; missing history is NaN, or 0 for a category.

    Raises:
        ValueError: If a flow has no time or no device; the first is named.
    """
    for name in ("ts", "src_ip"):
        absent = flows.column(name).is_null().to_numpy(zero_copy_only=False)
        if absent.any():
            raise ValueError(f"windows: flow {int(np.argmax(absent))} has no {name}")
    device = flows.column("src_ip").dictionary_encode().indices.to_numpy(zero_copy_only=False)
    ts = flows.column("ts").cast(pa.int64()).to_numpy(zero_copy_only=False)
    order = np.lexsort((ts, device))
    begins = np.r_[True, device[order][1:] != device[order][:-1]]
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    gap = np.where(begins, np.nan, np.diff(ts[order], prepend=ts[order][:1]) / 1e9)
    rows = np.column_stack([x[order], gap]).astype(np.float32)
    at: npt.NDArray[np.int64] = np.arange(len(order))[:, None] - np.arange(length - 1, -1, -1)
    windows = rows[np.maximum(at, 0)]
    windows[at < first[:, None]] = [0.0 if column.vocabulary else np.nan for column in (*columns, GAP)]
    back = np.empty_like(windows)
    back[order] = windows
    return back
