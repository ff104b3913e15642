"""Active learning on a page: the curve of a strategy beside its random control, and the alerts that came of it.

In: points of curves, alerts. Out: chapters for `write_page`. The control is always in the picture.
"""

from collections.abc import Mapping, Sequence

from redshank.active.curve import Point
from redshank.core.records import SEVERITIES, Alert
from redshank.report.figures import Axis, Line, line_plot
from redshank.report.page import Chapter, bullets, figure, grid, table

MOST_ALERTS = 60


def curve_chapter(curves: Mapping[str, Sequence[Point]], seeds: int, pool: int, validation_labels: int) -> Chapter:
    """Draw macro-F1 against labels for each strategy.

    Args:
        curves: By strategy; the one that is judged comes first.
        seeds: Runs behind each point.
        pool: Rows that could be asked about.
        validation_labels: What the gate cost in labels.
    """
    lines = [
        Line(
            name,
            [point.labels for point in points],
            [point.mean for point in points],
            [point.low for point in points],
            [point.high for point in points],
            marks=True,
        )
        for name, points in curves.items()
    ]
    head = ["labels", *(f"{name}, {what}" for name in curves for what in ("macro-F1", "families"))]
    rows = [
        [str(at[0].labels), *(text for point in at for text in (f"{point.mean:.3f}", f"{point.families:.1f}"))]
        for at in zip(*curves.values(), strict=True)
    ]
    plot = line_plot(lines, Axis("labels answered", low=0, whole=True), Axis("macro-F1, test part", low=0, high=1))
    text = (
        f"{pool:,} distinct flows could be asked about. After each round new weights were kept only if they were "
        f"better on {validation_labels:,} validation labels, which are a cost too."
    )
    caption = f"Mean of {seeds} seeds; the band is their range. Every strategy starts from the same initial sets."
    return Chapter(
        "What each answer was worth",
        [
            text,
            grid([figure(plot, "Score against labels", caption), table(head, rows)]),
        ],
    )


def curves_csv(curves: Mapping[str, Sequence[Point]]) -> str:
    """Return the curves as CSV, one line per strategy and number of labels."""
    lines = [
        f"{name},{p.labels},{p.mean:.6f},{p.low:.6f},{p.high:.6f},{p.families:.2f}"
        for name, points in curves.items()
        for p in points
    ]
    return "\n".join(["strategy,labels,macro_f1_mean,macro_f1_lowest,macro_f1_highest,families", *lines]) + "\n"


def alerts_chapter(alerts: Sequence[Alert]) -> Chapter:
    """List the alerts, the gravest first."""
    chosen = sorted(alerts, key=lambda alert: (-SEVERITIES.index(alert.severity), alert.first_seen_s))[:MOST_ALERTS]
    rows = [[a.severity, a.family, a.device, _targets(a), f"{a.count:,}", f"{a.score:.3f}"] for a in chosen]
    gravest = {a.family: f"{a.family}: {a.measure}" for a in reversed(chosen)}
    left = len(alerts) - len(chosen)
    text = f"{len(alerts):,} alerts" + (f"; {left:,} of lower severity are in eve.json only." if left else ".")
    return Chapter(
        "Alerts on the unseen capture",
        [
            text,
            table(["severity", "family", "device", "targets", "flows", "highest score"], rows, texts=4),
            "What to do, family by family, for the gravest alert of each:",
            bullets(list(reversed(gravest.values()))),
        ],
    )


def _targets(alert: Alert) -> str:
    others = alert.target_count - 1
    return (alert.targets or ("-",))[0] + (f" and {others:,} more" if others > 0 else "")
