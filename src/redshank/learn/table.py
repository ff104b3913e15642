"""A table or a picture of figures before anybody writes it down or draws it.

In: nothing. Out: plain records: rows of figures with intervals, and what a published table has to carry beside them;
curves with bands. Experiments fill them, reports write them as text, Markdown, HTML or SVG.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redshank.learn.compare import Figure


@dataclass(frozen=True)
class TableRow:
    """One row.

    Args:
        name: What it is about, usually a model.
        figures: By name of the column; what is not there is not known.
        seeds: How many seeds the figures are over.
        training_s: Mean wall time of one run.
        note: What a reader of this row must know, or "".
    """

    name: str
    figures: Mapping[str, Figure]
    seeds: int = 0
    training_s: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        title: Its heading; "" for the only one.
        columns: Names of figures, in order.
        rows: The rows, in order.
        facts: Data, hashes, protocol, seeds, commit, wall time: name and value.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """One line of a picture.

    Args:
        name: In the key.
        x, y: Its points, x rising.
        low, high: A band around it, one value per point, or empty.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True)
class Picture:
    """Curves in one frame.

    Args:
        title: Its heading, and what it is called where it cannot be seen.
        caption: What a reader must know.
        x, y: Names of the axes.
        curves: The lines.
    """

    title: str
    caption: str
    x: str
    y: str
    curves: tuple[Curve, ...]
