"""What a leakage audit means, one sentence each.

In: a `Survey`. Out: findings: what gives the class away (leak), what to look at, and what is fine. The sentence says
what was measured, beside what the commonest class gets for nothing, and what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redshank.data.explore.audit import Audit, ColumnSet, LookUp, Spelled, closes
from redshank.data.explore.lookup import Right, Split
from redshank.data.explore.survey import Survey
from redshank.report.wording import percent

LEAK, LOOK, FINE = "leak", "look", "fine"
NEARLY, HALF = 0.9, 0.5
"""Of the way from the commonest class to no mistake: from here a look-up is a leak, or worth a look."""
MANY, SOME = 0.2, 0.02
"""Share of held-out rows with a copy in training."""
ONE_SIDED, GAIN = 0.05, 0.01
"""Share of rows with a spelling of one side alone, and what a look-up gains by it."""
NAMED = 5
"""Columns that get a sentence of their own."""


@dataclass(frozen=True)
class Finding:
    """A finding.

    Args:
        kind: LEAK, LOOK or FINE.
        about: columns, pairs, copies, order, spelling or ceiling.
        text: The sentence.
    """

    kind: str
    about: str
    text: str


def findings(survey: Survey) -> list[Finding]:
    """Say what the audit of a survey found, leaks first; nothing if there are no classes."""
    audit = survey.audit
    if audit is None:
        return []
    found = [
        *_columns(audit),
        *_pairs(audit),
        *_copies(audit, len(survey.table)),
        *_order(audit),
        *_spelling(survey, audit),
        *_ceiling(audit, len(survey.table)),
    ]
    return sorted(found, key=lambda one: (LEAK, LOOK, FINE).index(one.kind))


def told_right(right: Right, parts: Split) -> str:
    """Say what a look-up names, in the task where it closes more of the way."""
    family = (right.family - parts.family) / (1 - parts.family) if parts.family < 1 else 0.0
    named = f"names the class of {percent(right.family)} of held-out rows (the commonest: {percent(parts.family)})"
    if right.binary is None or parts.binary is None or parts.binary == 1:
        return named
    if family > (right.binary - parts.binary) / (1 - parts.binary):
        return f"{named}, benign or attack of {percent(right.binary)}"
    return (
        f"tells benign from attack in {percent(right.binary)} of held-out rows (the commonest answer: "
        f"{percent(parts.binary)}), and names the class of {percent(right.family)}"
    )


def _columns(audit: Audit) -> list[Finding]:
    found: list[Finding] = []
    for one in audit.singles:
        kind = _kind(one)
        if kind == FINE or len(found) == NAMED:
            break
        found.append(
            Finding(kind, "columns", f"“{one.columns[0]}” alone {told_right(one.right, audit.parts)}. {_do(one)}")
        )
    if not found:
        best = audit.singles[0] if audit.singles else None
        told = f": the best, “{best.columns[0]}”, {told_right(best.right, audit.parts)}." if best else "."
        found.append(Finding(FINE, "columns", f"No single column names the class{told}"))
    return found


def _kind(one: LookUp) -> str:
    return LEAK if one.closes >= NEARLY else LOOK if one.closes >= HALF else FINE


def _do(one: LookUp) -> str:
    if one.identifier:
        return "It names a device, a port, a row or a moment and not a behavior: leave it out."
    if one.closes >= NEARLY:
        return "Either it is the answer in disguise, or the attacks of this data repeat one value: find out which."
    return "That is much for one column: see whether attacks of this data merely repeat a few values."


def _pairs(audit: Audit) -> list[Finding]:
    single = {one.columns[0]: one.closes for one in audit.singles}
    more = [one for one in audit.pairs if one.closes >= NEARLY and max(single[name] for name in one.columns) < NEARLY]
    if not more:
        return []
    one = more[0]
    first, second = one.columns
    text = f"“{first}” and “{second}” together: their pair of values {told_right(one.right, audit.parts)}."
    others = f" {len(more) - 1} other pairs do as much." if len(more) > 1 else ""
    return [Finding(LEAK if one.identifier else LOOK, "pairs", text + others)]


def _copies(audit: Audit, rows: int) -> list[Finding]:
    worst = max(audit.sets, key=lambda one: one.seen)
    kind = LEAK if worst.seen >= MANY else LOOK if worst.seen >= SOME else FINE
    if kind == FINE:
        return [Finding(FINE, "copies", f"A random split shows {percent(worst.seen)} of held-out rows to training.")]
    text = (
        f"{worst.copies:,} of {rows:,} rows ({percent(worst.copies / rows)}) repeat another in {_named(worst)}, and a "
        f"random split shows {percent(worst.seen)} of the held-out rows to training: a test on them measures memory. "
        "Merge equal rows before splitting."
    )
    found = [Finding(kind, "copies", text)]
    first = audit.sets[0]
    if first != worst and first.copies:
        told = f"{first.copies:,} rows ({percent(first.copies / rows)}) are copies of another in every column."
        found.append(Finding(LOOK, "copies", told))
    return found


def _named(one: ColumnSet) -> str:
    return f"the {one.columns} columns {one.name}" if one.name.startswith("without") else "all columns"


def _order(audit: Audit) -> list[Finding]:
    order = audit.order
    found = []
    if order.blocks < order.shuffled / 2 and order.closes >= HALF:
        text = (
            f"The file is sorted: it has {order.blocks:,} blocks of one class where shuffled rows would make about "
            f"{order.shuffled:,.0f}, and the place in the file {told_right(order.position, audit.parts)}. Shuffle "
            "before any split; a window over neighboring rows reads the label off the position."
        )
        found.append(Finding(LEAK, "order", text))
    elif order.blocks < order.shuffled / 2:
        text = (
            f"Rows of one class stand together: {order.blocks:,} blocks, shuffled there would be {order.shuffled:,.0f}."
        )
        found.append(Finding(LOOK, "order", text))
    else:
        text = f"The rows are mixed: {order.blocks:,} blocks of one class, about as many as by chance."
        found.append(Finding(FINE, "order", text))
    if order.rising:
        names = ", ".join(f"“{one.name}”" for one in order.rising[:NAMED])
        more = f" and {len(order.rising) - NAMED} more" if len(order.rising) > NAMED else ""
        text = f"Columns that rise or fall along the file, as row numbers or clocks do: {names}{more}."
        found.append(Finding(LOOK, "order", text))
    return found


def _spelling(survey: Survey, audit: Audit) -> list[Finding]:
    found = []
    for one in audit.spelled:
        gain = max(one.written.family - one.plain.family, (one.written.binary or 0) - (one.plain.binary or 0))
        if one.one_sided < ONE_SIDED and gain < GAIN:
            continue
        text = (
            f"“{one.name}” spells one value in several ways, and the way gives the class away: what is written "
            f"{told_right(one.written, audit.parts)}; what is meant only {told_right(one.plain, audit.parts)}. "
            f"{_spellings(one, benign=survey.table.benign)} Unify before encoding, as `--clean spelling` does."
        )
        found.append(Finding(LOOK if one.name in survey.identifiers else LEAK, "spelling", text))
    others = [one.name for one in audit.spelled][:NAMED]
    if not found and others:
        text = f"Some values have several spellings ({', '.join(others)}), but no class has one of its own."
        found.append(Finding(FINE, "spelling", text))
    return found or [Finding(FINE, "spelling", "Each value has one spelling.")]


def _spellings(one: Spelled, *, benign: bool) -> str:
    first, second = ("benign", "attack") if benign else ("first-class", "other")
    shown = [f"“{text}” in {a:,} {first} and {b:,} {second} rows" for text, a, b in one.examples[:4]]
    return f"({'; '.join(shown)}.)" if shown else ""


def _ceiling(audit: Audit, rows: int) -> list[Finding]:
    last = audit.sets[-1]
    right = last.ceiling
    most = f"{percent(right.family)} of the classes"
    if right.binary is not None:
        most += f" and {percent(right.binary)} of benign or attack"
    if last.distinct > 0.99 * rows:
        text = (
            f"Nearly every row is the only one of its kind in {_named(last)}: there is no ceiling to know from copies."
        )
        return [Finding(FINE, "ceiling", text)]
    near = closes(right, audit.parts) < HALF
    text = f"No model of {_named(last)} can get more than {most} right on these rows: "
    text += (
        "most rows share every value with rows of other classes. These columns alone hardly tell the classes apart."
        if near
        else "the others share every value with rows of another class. Whoever reports more has used something else."
    )
    return [Finding(LOOK if right.family < 0.9999 else FINE, "ceiling", text)]


def counted(found: Sequence[Finding], kind: str) -> int:
    """Return how many findings are of a kind."""
    return sum(one.kind == kind for one in found)
