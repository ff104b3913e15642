"""What was measured of a bundle, as figures: does the score mean what it says, and what is taken for what.

In: an evaluation as plain values, as `detect/measured.py` keeps it. Out: `Html` of report/figures.py. The one idea: a
figure is drawn from what was kept; nothing is scored at page time.
"""

from collections.abc import Mapping
from typing import Any

from redshank.detect.measured import Measured
from redshank.report.figures import Axis, Line, heat_map, line_plot
from redshank.report.page import Html

MOST_CLASSES = 20
"""More make cells too small to read."""


def drawn(measured: Measured | None) -> dict[str, Html | None]:
    """Draw what was measured of a bundle, each by its name here: None where there is nothing to draw."""
    drawings = {"calibration": calibration, "confusion": confusion}
    return {name: draw(measured.evaluation) if measured else None for name, draw in drawings.items()}


def calibration(evaluation: Mapping[str, Any]) -> Html | None:
    """Draw the share of attacks against the score; on the diagonal the score is what it says. None without rows.

    Args:
        evaluation: As plain values.
    """
    bins = evaluation["reliability"]
    if not bins:
        return None
    line = Line("measured", [one["score"] for one in bins], [one["attacks"] for one in bins], marks=True)
    return line_plot([line], Axis("score", 0, 1), Axis("share of attacks", 0, 1), diagonal=True)


def confusion(evaluation: Mapping[str, Any]) -> Html | None:
    """Draw which class is called what, in percent of each true class; None where there are too many classes.

    Args:
        evaluation: As plain values.
    """
    names, rows = list(evaluation["task_classes"]), evaluation["vector"]["confusion"]
    if len(names) > MOST_CLASSES:
        return None
    totals = [sum(row) for row in rows]
    shares = [[value / total if total else 0.0 for value in row] for row, total in zip(rows, totals, strict=True)]
    texts = [[f"{100 * share:.0f}" if share >= 0.005 else "" for share in row] for row in shares]
    hints = [
        [f"truly {names[i]}, called {names[j]}: {value:,.0f} of {totals[i]:,.0f} rows" for j, value in enumerate(row)]
        for i, row in enumerate(rows)
    ]
    return heat_map(shares, names, texts, hints)
