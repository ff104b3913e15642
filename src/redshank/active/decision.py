"""What the gate asks, what it found, and what it decided: plain records with a JSON round trip.

In: nothing. Out: `Gate`, what a challenger must show; `Paired`, one figure of champion and challenger on the same rows;
`Decision`, which is the evidence that a shelf keeps. `active/promote.py` fills them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from redshank.active.paired import METRICS
from redshank.active.trained import GATE_ROWS
from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives

ALL = "all"
"""What figures over all measured parts, or all families, are called."""


@dataclass(frozen=True)
class Gate:
    """What a challenger must show.

    Args:
        metric: One of `paired.METRICS`.
        level: Of the one-sided intervals, 0.5 to 1.
        tolerance: Most that the false-alarm rate may rise on the frozen rows, 0 to 1; 0 lets it rise by nothing.
        fewest: Fewest measured rows, and a quarter of it the fewest benign ones; with less nothing is promoted.
        worth: A gain that is worth seeing; only for telling how many rows would be needed.
        resamples: Of the bootstrap.
    """

    metric: str = "macro_f1"
    level: float = 0.95
    tolerance: float = 0.005
    fewest: int = GATE_ROWS
    worth: float = 0.01
    resamples: int = 2000

    def __post_init__(self) -> None:
        """Check the settings."""
        problems = []
        if self.metric not in METRICS:
            problems.append(f"metric: no '{self.metric}'; {alternatives(self.metric, METRICS)}")
        if not 0.5 <= self.level < 1:
            problems.append(f"level: {self.level} is not 0.5 or more and below 1")
        if not 0 <= self.tolerance <= 1:
            problems.append(f"tolerance: {self.tolerance} is not 0 to 1")
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True)
class Paired:
    """One figure of both on the same rows.

    Args:
        part: Which frozen part, or "all" for all measured ones.
        figure: Its name: the metric, or "fpr".
        rows: How many rows it was measured on.
        champion, challenger: The figures; None if they cannot be known.
        low, high: One-sided ends of the interval of the difference, challenger less champion; None as above.
        spread: Standard deviation of the difference over resamples; None as above.
    """

    part: str
    figure: str
    rows: int
    champion: float | None
    challenger: float | None
    low: float | None
    high: float | None
    spread: float | None = None

    @property
    def difference(self) -> float | None:
        """Challenger less champion."""
        return None if self.champion is None or self.challenger is None else self.challenger - self.champion

    def row(self) -> dict[str, str | int | float | None]:
        """Return a row of a table for a person."""
        return {
            "part": self.part,
            "figure": self.figure,
            "champion": self.champion,
            "challenger": self.challenger,
            "difference": self.difference,
            "at_least": self.low,
            "at_most": self.high,
            "rows": self.rows,
        }


@dataclass(frozen=True)
class Decision:
    """What the gate decided, and why.

    Args:
        promote: Whether the challenger replaces the champion.
        reasons: Why, in words with figures.
        gate: What was asked of it.
        paired: The figures.
        regression: By family, and "all": past labels newly wrong and newly right.
        canaries: Canaries that the champion detects, and how many of them the challenger loses.
        rows_needed: Measured rows with which a gain of `Gate.worth` would be seen in 9 of 10 cases; None if unknown.
        seed: Of the resampling.
    """

    promote: bool
    reasons: tuple[str, ...]
    gate: Gate
    paired: tuple[Paired, ...]
    regression: Mapping[str, tuple[int, int]]
    canaries: tuple[int, int]
    rows_needed: int | None
    seed: int

    def of(self, part: str, figure: str) -> Paired | None:
        """Return a figure by its part and name."""
        return next((one for one in self.paired if (one.part, one.figure) == (part, figure)), None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the evidence of a shelf's entry."""
        values: dict[str, Any] = json.loads(self.to_json())
        return values

    def to_json(self) -> str:
        """Return the decision as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a decision from `to_json`.

        Raises:
            ValueError: If a key does not belong or is missing; it is named.
        """
        values: dict[str, Any] = json.loads(text)
        known = {field.name for field in fields(cls)}
        if set(values) != known:
            raise ValueError(f"Decision: keys that do not fit: {', '.join(sorted(set(values) ^ known))}")
        values["reasons"] = tuple(values["reasons"])
        values["gate"] = Gate(**values["gate"])
        values["paired"] = tuple(Paired(**one) for one in values["paired"])
        values["regression"] = {name: (pair[0], pair[1]) for name, pair in values["regression"].items()}
        values["canaries"] = (values["canaries"][0], values["canaries"][1])
        return cls(**values)
