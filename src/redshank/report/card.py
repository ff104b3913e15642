"""The model card of a bundle: what it is, what it was measured to do, and what it cannot do.

In: the comparison that a bundle was measured with, and the bundle. Out: the card as a page and as Markdown, both whole
by themselves. The one idea: limits are read off the figures, so a card cannot promise more than was measured.
Source: Mitchell et al., "Model cards for model reporting", FAT* 2019.
"""

from redshank.core.bundle import Bundle
from redshank.learn.compare import OVER_SEEDS, Comparison
from redshank.learn.evaluation import ARGMAX, Evaluation
from redshank.report import markdown, wording
from redshank.report.evaluation import chapters
from redshank.report.page import Chapter, bullets, facts, page

CARD_PAGE, CARD_TEXT = "card.html", "card.md"
# Chapters of the evaluation page that a card has too.
SHOWN = ("In short", "Beside others", "False alarms", "Class by class", "Scores", "Where this comes from")
FEW_ROWS, WEAK_F1, WELL_CALIBRATED = 100, 0.8, 0.02
HEADLINE = ("macro_f1", "accuracy", "mcc", "roc_auc", "pr_auc", "recall_at_0.01", "fpr_at_0.01", "ece", "brier")


def card(comparison: Comparison, bundle: Bundle) -> dict[str, str]:
    """Return the card's files by name.

    Args:
        comparison: The bundle's model first, beside what gives its figures a meaning.
        bundle: The bundle.
    """
    title = f"Model card: {bundle.manifest.name}"
    known = {chapter.title: chapter for chapter in chapters(comparison)}
    made = [
        Chapter("What it is", [facts(_what(comparison, bundle))]),
        Chapter("Known limits", [bullets(limits(comparison))]),
        *(known[name] for name in SHOWN if name in known),
        Chapter("How to make it again", [facts(_again(comparison))]),
    ]
    return {CARD_PAGE: page(title, made), CARD_TEXT: _text(title, comparison, bundle)}


def limits(comparison: Comparison) -> list[str]:
    """Say what the bundle cannot do, as far as its figures tell."""
    lead = comparison.models[0]
    evaluation = lead.evaluations[0]
    said = [
        (
            f"It was trained and tested on {comparison.dataset} alone. On another network its threshold will not keep "
            "its false-alarm rate: measure it there (redshank evaluate) and calibrate it on benign flows of that "
            "network before anybody relies on it."
        ),
        (
            f"It knows {_listed(comparison.classes[1:])}. An attack of another family goes mostly unseen, and is then "
            "called benign, not unknown."
        ),
    ]
    if comparison.protocol == "leakfree":
        said.append(
            "No vector is in two parts, but the same devices are: on devices it has never seen expect more false "
            "alarms."
        )
    weak = [c for c in evaluation.vector.classes if c.support < FEW_ROWS or (c.f1 or 0.0) < WEAK_F1]
    if weak:
        listed = _listed(tuple(f"{c.name} (F1 {wording.share(c.f1)}, {c.support:,.0f} test rows)" for c in weak))
        said.append(f"Weak or measured on few rows: {listed}.")
    said += [f"{wording.rule(d)}: {d.note}.".capitalize() for d in evaluation.vector.decisions if d.note]
    ece = lead.headline["ece"].mean
    if ece is not None and ece > WELL_CALIBRATED:
        said.append(f"Its score is not a probability: the calibration error is {wording.share(ece)}.")
    better = [
        other.name
        for other in comparison.models[1:]
        if (other.headline["macro_f1"].mean or 0.0) > (lead.headline["macro_f1"].mean or 0.0)
    ]
    if better:
        said.append(f"With a higher macro-F1 on the same rows: {_listed(tuple(better))}.")
    if comparison.interval != OVER_SEEDS:
        said.append("One seed: the intervals do not show how much another split or another start would change.")
    said.append("The precision of alarms depends on how rare attacks are: see the base rates below.")
    return said


def _what(comparison: Comparison, bundle: Bundle) -> list[tuple[str, str]]:
    manifest = bundle.manifest
    columns = f"{len(manifest.columns)} columns"
    return [
        ("model", manifest.model),
        ("judges", f"flows: feature set {manifest.feature_set} v{manifest.feature_version}, {columns}"),
        ("answers", f"{comparison.task}: {', '.join(manifest.classes)}"),
        ("size", f"{len(bundle.model) / 2**20:.2f} MiB"),
        ("trained on", f"{comparison.dataset}, sha256 {comparison.sha256}"),
        ("protocol", comparison.protocol),
        ("rows", ", ".join(f"{name} {count:,}" for name, count in comparison.rows.items())),
        ("seeds", ", ".join(map(str, comparison.seeds))),
        ("settings", ", ".join(f"{name} = {value}" for name, value in manifest.settings.items()) or "none"),
    ]


def _again(comparison: Comparison) -> list[tuple[str, str]]:
    origin = comparison.provenance
    versions = ", ".join(f"{name} {value}" for name, value in (origin.get("versions") or {}).items())
    command = origin.get("command") or wording.UNKNOWN
    return [("command", command), ("commit", origin.get("commit") or "unknown"), ("versions", versions)]


def _text(title: str, comparison: Comparison, bundle: Bundle) -> str:
    lead = comparison.models[0]
    evaluation = lead.evaluations[0]
    names = [name for name in HEADLINE if name in lead.headline]
    models = [
        [model.name, *(wording.spelled(model.headline[name]) for name in names if name in model.headline)]
        for model in comparison.models
    ]
    classes = [
        [c.name, f"{c.support:,.0f}", *map(wording.share, (c.precision, c.recall, c.f1))]
        for c in evaluation.vector.classes
    ]
    bins = [[wording.share(b.score), wording.share(b.attacks), f"{b.rows:,.0f}"] for b in evaluation.reliability]
    return "\n".join(
        [
            f"# {title}\n",
            _list(_what(comparison, bundle)),
            "## Known limits\n",
            "".join(f"- {limit}\n" for limit in limits(comparison)),
            "## Figures\n",
            *(f"{sentence}\n" for sentence in wording.sentences(comparison)),
            f"{wording.interval_note(comparison)}\n",
            markdown.table(["model", *map(wording.measure, names)], models),
            "## Class by class\n",
            markdown.table(["class", "rows", "precision", "recall", "F1"], classes),
            "## Alarms\n",
            f"At {evaluation.flows_per_s:g} benign flow per second.\n",
            _alarms(evaluation),
            "## Does the score mean what it says?\n",
            markdown.table(["mean score", "share of attacks", "rows"], bins),
            "## How to make it again\n",
            _list(_again(comparison)),
        ]
    )


def _alarms(evaluation: Evaluation) -> str:
    bases = list(evaluation.vector.decisions[0].bayes_precision)
    head = ["decided by", "false-alarm rate", "attacks caught", "false alarms a day"]
    head += [wording.rarity(base) for base in bases]
    rows = [
        [
            wording.rule(d),
            wording.percent(d.fpr),
            wording.percent(d.recall),
            wording.per_day(d.alerts_per_day),
            *(wording.percent(d.bayes_precision[base]) for base in bases),
        ]
        for d in evaluation.vector.decisions
        if d.rule == ARGMAX or d.threshold is not None
    ]
    return markdown.table(head, rows)


def _list(items: list[tuple[str, str]]) -> str:
    return "".join(f"- {name}: {value}\n" for name, value in items)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"
