"""Chapters of an exploration's page: what the leakage audit measured.

In: a `Survey` and its audit. Out: a chapter per question, for `write_page`; what the figures mean says `findings.py`.
"""

from redshank.data.explore.audit import Audit, LookUp
from redshank.data.explore.survey import Survey
from redshank.report.columns import timeline
from redshank.report.findings import HALF, NEARLY
from redshank.report.page import Chapter, figure, table
from redshank.report.plots import Bar, bars
from redshank.report.wording import percent

SHOWN, SHOWN_PAIRS = 15, 12
LEAST = 0.01
"""Columns that close less of the way are only counted."""


def telling(audit: Audit) -> Chapter:
    """Show which columns and pairs name the class."""
    text = (
        "A table of the training rows (70 %, at random) names for each value the class that most rows with it have, "
        "and is judged on the other rows. It learns nothing and cannot generalize: what it gets right, a column gives "
        "away. "
        "“Closes” is how much of the way it goes from always saying the commonest class to making no mistake, "
        "in the task where it goes further; from 90 % on we call it a leak. Numbers of many values are looked up by "
        "value and by range (256 ranges), and the better counts."
    )
    shown = audit.singles[:SHOWN]
    drawn = [
        Bar(
            one.columns[0],
            one.closes,
            percent(one.closes),
            1 if one.closes >= NEARLY else 0 if one.closes >= HALF else 2,
        )
        for one in shown
    ]
    both = audit.parts.binary is not None
    head = [
        "column",
        "names a device, port or moment",
        "looked up by",
        *(["benign or attack"] if both else []),
        "class",
        "closes",
    ]
    told = [one for one in audit.singles if one.closes >= LEAST]
    rows = [_row(one, both=both) for one in told]
    first = "the commonest class"
    shares = [percent(audit.parts.binary)] if both else []
    rows.insert(0, [first, "", "", *shares, percent(audit.parts.family), "0 %"])
    pair_rows = [_row(one, both=both) for one in audit.pairs[:SHOWN_PAIRS]]
    return Chapter(
        "What names the class",
        [
            text,
            figure(bars(drawn, "Single columns that name the class", most=1.0), "How far one column goes alone"),
            table(head, rows, texts=3),
            f"Columns that close less than {percent(LEAST)}: {len(audit.singles) - len(told)}.",
            "Pairs of the twelve columns that tell most:",
            table(["pair", *head[1:]], pair_rows, texts=3),
        ],
    )


def copies(audit: Audit, rows: int) -> Chapter:
    """Show how many rows are copies, and what that leaves to reach."""
    both = audit.parts.binary is not None
    head = ["columns", "number", "distinct rows", "copies", "share", "held-out rows seen in training", "ceiling, class"]
    head += ["ceiling, benign or attack"] if both else []
    cells = [
        [
            one.name,
            str(one.columns),
            f"{one.distinct:,}",
            f"{one.copies:,}",
            percent(one.copies / rows),
            percent(one.seen),
            percent(one.ceiling.family),
            *([percent(one.ceiling.binary)] if both else []),
        ]
        for one in audit.sets
    ]
    text = (
        "Rows that are equal in all of some columns. A random split puts copies on both sides, and a model is then "
        "asked what it was told. The ceiling is the best accuracy on these rows of anything that sees only these "
        "columns: where equal rows have different classes, one of them must be missed. A score above it used other "
        "columns."
    )
    return Chapter("Copies and ceiling", [text, table(head, cells)])


def order(survey: Survey, audit: Audit) -> Chapter:
    """Show how the file is sorted."""
    text = (
        f"Shuffled, these classes would make about {audit.order.shuffled:,.0f} blocks of one class; the file has "
        f"{audit.order.blocks:,}. Darker is more of a class's rows."
    )
    timelines = [t for t in survey.timelines if t.of == "row"]
    content: list[str] = [text, *(timeline(survey, one) for one in timelines)]
    if audit.order.rising:
        head = ["column", "correlation with the row number", "steps that go up", "rows that are the one before + 1"]
        rows = [
            [one.name, f"{one.correlation:.3f}", percent(one.steps_up), percent(one.counts)]
            for one in audit.order.rising
        ]
        content += ["Columns that follow the order of the rows:", table(head, rows)]
    return Chapter("Order of the rows", content)


def spelling(survey: Survey, audit: Audit) -> Chapter:
    """Show values with several spellings."""
    if not audit.spelled:
        return Chapter("Spelling", ["Each value has one spelling."])
    both = audit.parts.binary is not None
    head = ["column", "spellings too many", "as written", "as meant", "rows whose spelling only one side uses"]
    rows = []
    for one in audit.spelled:
        written, plain = (one.written.binary, one.plain.binary) if both else (one.written.family, one.plain.family)
        rows.append([one.name, f"{one.merged:,}", percent(written), percent(plain), percent(one.one_sided)])
    sides = (survey.table.classes[0], "other rows") if not survey.table.benign else ("benign rows", "attack rows")
    cells = [[one.name, f"“{text}”", f"{a:,}", f"{b:,}"] for one in audit.spelled for text, a, b in one.examples]
    text = (
        "Values that differ only in blanks, case, the word for yes or the way a number is written mean the same. Where "
        "the classes write them differently, a model reads the label off the typing. Look-ups judged on held-out rows"
        f"{', benign or attack' if both else ''}."
    )
    return Chapter(
        "Spelling",
        [text, table(head, rows), *([table(["column", "written", *sides], cells, texts=2)] if cells else [])],
    )


def _row(one: LookUp, *, both: bool) -> list[str]:
    shares = [percent(one.right.binary)] if both else []
    named = "yes" if one.identifier else ""
    by = "range" if one.ranged else "value"
    return [" + ".join(one.columns), named, by, *shares, percent(one.right.family), percent(one.closes)]
