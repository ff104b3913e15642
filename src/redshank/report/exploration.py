"""The page of an exploration: what is in a table, and what in it gives the class away.

In: a `Survey`. Out: chapters for `write_page`, and the same figures as sections of a summary.
"""

from collections.abc import Sequence

import numpy as np

from redshank.data.explore.audit import LookUp
from redshank.data.explore.profile import QUANTILES, Profile
from redshank.data.explore.survey import Survey
from redshank.report.audit import copies, order, spelling, telling
from redshank.report.columns import categories, classes, columns, distributions, missing, numbers, together
from redshank.report.findings import FINE, LEAK, LOOK, Finding, counted, findings
from redshank.report.page import Chapter, Html, bullets, facts, marked, tiles
from redshank.report.summary import Row, Section
from redshank.report.wording import UNKNOWN, percent

KINDS = {LEAK: ("bad", "Leak"), LOOK: ("look", "Look"), FINE: ("good", "Fine")}


def chapters(survey: Survey, command: str) -> list[Chapter]:
    """Return the chapters of the page."""
    audit = survey.audit
    made = [_short(survey)]
    if audit is not None:
        made += [telling(audit), copies(audit, len(survey.table)), order(survey, audit), spelling(survey, audit)]
    made += [columns(survey), numbers(survey), missing(survey), classes(survey)]
    if survey.crossed:
        made.append(categories(survey))
    if survey.views:
        made.append(distributions(survey))
    made += [together(survey), _origin(survey, command)]
    return made


def sections(survey: Survey, *, as_json: bool) -> list[Section]:
    """Return the figures for a terminal, or all of them for JSON."""
    found = findings(survey)
    data: Row = {
        "name": survey.table.name,
        "rows": len(survey.table),
        "columns": len(survey.profiles),
        "classes": len(survey.table.classes) if survey.table.labelled else 0,
        "sha256": survey.table.sha256,
        "seed": survey.seed,
    }
    said: list[Row] = [{"finding": one.kind, "about": one.about, "text": one.text} for one in found]
    if not as_json:
        return [Section("Data", data), Section("Findings", said)]
    told = [Section("Data", data), Section("Findings", said), Section("Columns", [_plain(p) for p in survey.profiles])]
    rows = np.bincount(survey.table.y, minlength=len(survey.table.classes))
    told.append(
        Section("Classes", [{"class": n, "rows": int(r)} for n, r in zip(survey.table.classes, rows, strict=True)])
    )
    for title, names, values in (
        ("Pearson", survey.numbers, survey.pearson),
        ("Spearman", survey.numbers, survey.spearman),
        ("Cramer", survey.categories, survey.cramer),
    ):
        cells: list[Row] = [
            {"column": n, **dict(zip(names, map(float, v), strict=True))} for n, v in zip(names, values, strict=True)
        ]
        told.append(Section(title, cells))
    audit = survey.audit
    if audit is None:
        return told
    rows_in_order = {
        "blocks": audit.order.blocks,
        "blocks_if_shuffled": audit.order.shuffled,
        "position_family": audit.order.position.family,
        "position_binary": audit.order.position.binary,
    }
    return [
        *told,
        Section("Commonest", {"family": audit.parts.family, "binary": audit.parts.binary}),
        Section("Single columns", [_looked(one) for one in audit.singles]),
        Section("Pairs", [_looked(one) for one in audit.pairs]),
        Section(
            "Copies",
            [
                {
                    "columns": one.name,
                    "number": one.columns,
                    "distinct": one.distinct,
                    "copies": one.copies,
                    "seen": one.seen,
                    "ceiling_family": one.ceiling.family,
                    "ceiling_binary": one.ceiling.binary,
                }
                for one in audit.sets
            ],
        ),
        Section("Order", rows_in_order),
        Section(
            "Rising",
            [
                {"column": one.name, "correlation": one.correlation, "steps_up": one.steps_up, "counts": one.counts}
                for one in audit.order.rising
            ],
        ),
        Section(
            "Spellings",
            [
                {
                    "column": one.name,
                    "merged": one.merged,
                    "written_family": one.written.family,
                    "written_binary": one.written.binary,
                    "plain_family": one.plain.family,
                    "plain_binary": one.plain.binary,
                    "one_sided": one.one_sided,
                }
                for one in audit.spelled
            ],
        ),
    ]


def subtitle(survey: Survey) -> str:
    """Return the line below the page's title."""
    rows = f"{len(survey.table):,} rows, {len(survey.profiles)} columns"
    return f"{rows}: what is in them" + (", and what in them gives the class away." if survey.audit else ".")


def _looked(one: LookUp) -> Row:
    return {
        "columns": " + ".join(one.columns),
        "identifier": one.identifier,
        "by": "range" if one.ranged else "value",
        "family": one.right.family,
        "binary": one.right.binary,
        "closes": one.closes,
    }


def _plain(p: Profile) -> Row:
    row: dict[str, str | int | float | None] = {
        "column": p.name,
        "kind": p.kind,
        "distinct": p.distinct,
        "missing": p.missing,
        "infinite": p.infinite,
    }
    if p.basics is not None:
        b = p.basics
        row |= {"mean": b.mean, "std": b.std, "skewness": b.skewness, "kurtosis": b.kurtosis}
        row |= {f"q{100 * q:g}": value for q, value in zip(QUANTILES, b.quantiles, strict=True)}
    return row


def _short(survey: Survey) -> Chapter:
    found = findings(survey)
    t = survey.table
    gone = sum(p.missing for p in survey.profiles)
    shown = [
        ("Rows", f"{len(t):,}", f"{len(survey.profiles)} columns"),
        (
            "Classes",
            f"{len(t.classes):,}" if t.labelled else UNKNOWN,
            f"{percent(float((t.y == 0).mean()))} {t.classes[0]}"
            if t.labelled and t.benign
            else "none is known as benign",
        ),
        ("Missing", percent(gone / max(len(t) * len(survey.profiles), 1)), "of all values"),
    ]
    if survey.audit is not None:
        shown.append(("Leaks", str(counted(found, LEAK)), f"and {counted(found, LOOK)} things to look at"))
    content: list[str] = [tiles(shown)]
    if found:
        content += ["What gives the class away here, before any model:", _marked(found)]
    else:
        content.append("Without classes there is no leakage to audit; name the column that holds them with --label.")
    return Chapter("In short", content)


def _marked(found: Sequence[Finding]) -> Html:
    return marked([(*KINDS[one.kind], one.text) for one in found])


def _origin(survey: Survey, command: str) -> Chapter:
    t = survey.table
    items = [
        ("Data", t.name),
        ("sha256", t.sha256 or UNKNOWN),
        ("Rows", f"{len(t):,}, every one in every figure but the scatter plots"),
        ("Split", f"70 % to look up, 30 % to judge, at random, seed {survey.seed}"),
        ("Identifiers", ", ".join(sorted(survey.identifiers)) or "none"),
        ("Command", command),
    ]
    return Chapter("Origin", [facts(items), *([bullets(t.notes)] if t.notes else [])])
