"""The table of results at the end of a command.

In: a `Comparison`. Out: sections for `report/summary.py`: what was tested, each model with its intervals, the first
model class by class and at its thresholds. For a person figures and intervals share a cell; in JSON each is a number.
"""

from collections.abc import Sequence

from redshank.learn.compare import Comparison, Figure
from redshank.learn.evaluation import ARGMAX, Decision, FamilyFigures
from redshank.report import groups, wording
from redshank.report.summary import Row, Section

MEASURES = ("macro_f1", "accuracy", "mcc", "roc_auc", f"recall_at_{wording.RULE}", f"fpr_at_{wording.RULE}")
SHORT = {f"recall_at_{wording.RULE}": "recall at 1 % FPR", f"fpr_at_{wording.RULE}": "FPR reached"}
# A longer note would wrap; it stands whole in the JSON and on the page.
NOTE_CHARACTERS = 200


def sections(comparison: Comparison, *, as_json: bool = False) -> list[Section]:
    """Return the sections of a comparison.

    Args:
        comparison: What came out.
        as_json: Whether they will be shown as JSON.
    """
    lead = comparison.models[0]
    evaluation = lead.evaluations[0]
    about: Row = {
        "dataset": comparison.dataset,
        "sha256": comparison.sha256,
        "protocol": comparison.spelled_protocol,
        "task": comparison.task,
        "features": comparison.feature_set or "the dataset's own columns",
        "seeds": ", ".join(map(str, comparison.seeds)),
        "intervals": f"95 %, {comparison.interval}",
        "commit": comparison.provenance.get("commit"),
        **{f"{name}_rows": count for name, count in comparison.rows.items()},
    }
    made = [
        Section("Data", about),
        Section("Models", [_model(m.name, m.headline, m.seconds, as_json=as_json) for m in comparison.models]),
        Section(
            f"Classes of {lead.name}" if not as_json else "Classes",
            [
                {
                    "class": c.name,
                    "precision": c.precision,
                    "recall": c.recall,
                    "specificity": c.specificity,
                    "f1": c.f1,
                    "rows": round(c.support),
                }
                for c in evaluation.vector.classes
            ],
        ),
        Section(
            f"False alarms of {lead.name}" if not as_json else "Decisions",
            [_decision(d, as_json=as_json) for d in evaluation.vector.decisions],
        ),
    ]
    if comparison.task == "binary" or any(not f.known for f in evaluation.families):
        rules = [d.rule for d in evaluation.vector.decisions if as_json or d.rule == ARGMAX or d.threshold is not None]
        rows = [_family(f, rules, as_json=as_json) for f in evaluation.families]
        made.append(Section("Families called attack", rows))
    if evaluation.groups is not None:
        made += groups.sections(evaluation.groups, as_json=as_json)
    notes = comparison.notes if as_json else [_cut(note) for note in comparison.notes]
    made.append(Section("Notes", {str(i): note for i, note in enumerate(notes, start=1)}))
    return made


def _model(name: str, headline: dict[str, Figure], seconds: float | None, *, as_json: bool) -> Row:
    if not as_json:
        cells = {
            SHORT.get(measure, wording.measure(measure)): wording.spelled(headline.get(measure, Figure(None)))
            for measure in MEASURES
        }
        return {"model": name, **cells}
    numbers: dict[str, float | None] = {}
    for measure, value in headline.items():
        numbers.update({measure: value.mean, f"{measure}_low": value.low, f"{measure}_high": value.high})
    return {"model": name, **numbers, "seconds": seconds}


def _decision(d: Decision, *, as_json: bool) -> Row:
    if as_json:
        numbers = {"fpr": d.fpr, "fpr_low": d.fpr_low, "fpr_high": d.fpr_high, "recall": d.recall}
        bayes = {f"bayes_precision_{base}": value for base, value in d.bayes_precision.items()}
        said: Row = {"alerts_per_day": d.alerts_per_day, **bayes, "certified": d.certified, "note": d.note or None}
        return {"rule": d.rule, "threshold": d.threshold, **numbers, **said}
    silent = d.rule != ARGMAX and d.threshold is None
    reach = None if d.fpr_low is None else f"{wording.percent(d.fpr_low)} to {wording.percent(d.fpr_high)}"
    return {
        "decided by": wording.rule(d),
        "FPR": None if silent else wording.percent(d.fpr),
        "95 % interval": None if silent else reach,
        "recall": None if silent else wording.percent(d.recall),
        "alerts per day": None if silent else wording.per_day(d.alerts_per_day),
        "note": d.note or None,
    }


def _family(f: FamilyFigures, rules: Sequence[str], *, as_json: bool) -> Row:
    if as_json:
        return {"family": f.name, "rows": f.support, "known": f.known, **f.recall}
    name = f.name if f.known else f"{f.name} (not a class of the model)"
    shares = {
        "likeliest class" if rule == ARGMAX else f"at {wording.percent(float(rule))}": wording.percent(
            f.recall.get(rule)
        )
        for rule in rules
    }
    return {"family": name, "rows": f.support, **shares}


def _cut(note: str) -> str:
    return note if len(note) <= NOTE_CHARACTERS else f"{note[:NOTE_CHARACTERS]} ..."


def written(folder: str, names: Sequence[str], bundle: str) -> Section:
    """Return the section that says what lies where.

    Args:
        folder: The output folder.
        names: What was written into it.
        bundle: The bundle's name, or why there is none.
    """
    return Section("Written", {"folder": folder, "files": ", ".join(names), "bundle": bundle})
