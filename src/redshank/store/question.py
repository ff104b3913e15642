"""A question: one flow that an analyst is asked about, with all that is needed to answer it and to learn from it.

In: a FLOW row and what a model said of it. Out: a record that the store keeps. The one idea: the flow itself is kept,
value for value, so that features can be computed again when their definition has changed; what a feature set that
remembers saw at the time is kept beside it, because no single flow gives that back.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.records import ID_DIGITS, Evidence
from redshank.core.schema import FLOW, flow_batch
from redshank.flows.withheld import withheld

ALERT = "alert"
"""The strategy of a flow that nobody was asked about: it is known because somebody called its alert false."""
IDENTITY = ("uid", "ts", "src_ip", "src_port", "dst_ip", "dst_port", "proto")


SAME_S = 1e-3
"""Evidence has its time in s, a flow in ns."""


@dataclass(frozen=True)
class Question:
    """A question.

    Args:
        id: Digest of which flow it is: a flow is asked about once. `identity` makes it.
        uid: The flow.
        device: Address of the device that began the flow.
        flow: FLOW values by name, `ts` in ns since the epoch; absent ones are left out.
        feature_set, fingerprint: What computed `x`.
        x: Raw feature values, bytes of float32.
        classes: The bundle's classes.
        probabilities: What the bundle says, by class.
        neighbors: Questions whose flows lie nearest, the nearest first.
        why: Why it was asked, in words.
        strategy: What chose it.
        bundle, bundle_sha256: Which bundle scored it.
        asked_at_s: When, by the clock.
        place: In its round, 0 is the most useful.
        wanted: How many people are to answer; 0: nobody is asked, unless what was said is doubted.
        at_random: Whether chance alone chose it, so that such questions are a fair sample of their flows.
        doubted_at_s: Since when its label is in doubt, and it is asked again; None: it never was.
    """

    id: str
    uid: str
    device: str
    flow: Mapping[str, Any]
    feature_set: str
    fingerprint: str
    x: bytes
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    neighbors: tuple[str, ...]
    why: str
    strategy: str
    bundle: str
    bundle_sha256: str
    asked_at_s: float
    place: int
    wanted: int = 1
    at_random: bool = False
    doubted_at_s: float | None = None

    @classmethod
    def of_flow(
        cls,
        flow: Mapping[str, Any],
        x: npt.NDArray[np.float32],
        p: npt.NDArray[np.floating[Any]],
        **more: Any,  # noqa: ANN401  the other fields have several types
    ) -> Self:
        """Make the question of a flow.

        Args:
            flow: As of `flow_values`.
            x: Raw feature values. [c]
            p: What the bundle says, by class, finite. [k]
            more: All fields that these do not give.
        """
        about = {"id": identity(flow), "uid": flow.get("uid", ""), "device": flow.get("src_ip", "")}
        return cls(**about, flow=flow, x=x.tobytes(), probabilities=tuple(p.tolist()), **more)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Return the raw feature values that the bundle saw. [c] float32."""
        return np.frombuffer(self.x, dtype=np.float32)

    @property
    def measures(self) -> bool:
        """Tell whether its label may measure a model: where an alarm was false, the champion is at its worst."""
        return self.strategy != ALERT


JSON_FIELDS = ("flow", "classes", "probabilities", "neighbors")
"""Fields that stand in the store as JSON."""


def identity(flow: Mapping[str, Any]) -> str:
    """Return the id of the question about a flow.

    Example:
        >>> len(identity({"uid": "C1", "proto": "tcp"}))
        16
    """
    named = json.dumps([flow.get(name) for name in IDENTITY])
    return hashlib.sha256(named.encode()).hexdigest()[:ID_DIGITS]


def same_flow(flow: Mapping[str, Any], evidence: Evidence) -> bool:
    """Tell whether a question's flow is one of evidence, not only one of its name.

    Args:
        flow: FLOW values, as of `Question`.
        evidence: A flow behind an alert.
    """
    same = all(flow.get(name) == getattr(evidence, name) for name in ("uid", "src_ip", "dst_ip", "dst_port", "proto"))
    return same and abs(flow.get("ts", 0) / 1e9 - evidence.ts_s) < SAME_S


def flow_values(flows: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the values of FLOW rows that may be kept, as JSON can hold them; absent ones are left out.

    Example:
        >>> flow_values(flow_batch({"ts": [5], "proto": ["tcp"]}, 1))
        [{'ts': 5, 'proto': 'tcp'}]
    """
    columns = [
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for column in withheld(flows).columns
    ]  # fmt: skip
    plain = {name: column.to_pylist() for name, column in zip(flows.schema.names, columns, strict=True)}
    return [
        {name: values[row] for name, values in plain.items() if _there(values[row])} for row in range(flows.num_rows)
    ]


def flow_rows(flows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Return FLOW rows again; a field that FLOW does not have any more is left out."""
    names = {name for flow in flows for name in flow} & set(FLOW.names)
    columns = {name: pa.array([flow.get(name) for flow in flows], FLOW.field(name).type) for name in names}
    return flow_batch(columns, len(flows))


def to_row(question: Question) -> dict[str, Any]:
    """Return a question as the columns of its table."""
    row = dict(vars(question))
    return row | {name: json.dumps(row[name]) for name in JSON_FIELDS}


def from_row(row: Mapping[str, Any]) -> Question:
    """Return the question that a row of the table holds."""
    values = {name: row[name] for name in Question.__dataclass_fields__}
    values |= {name: json.loads(values[name]) for name in JSON_FIELDS}
    return Question(**values | {name: tuple(values[name]) for name in JSON_FIELDS if name != "flow"})


def _there(value: Any) -> bool:  # noqa: ANN401  any value of FLOW
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))
