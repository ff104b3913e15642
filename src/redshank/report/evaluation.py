"""The evaluation page: what was tested, what came out, and what it means.

In: a `Comparison`. Out: chapters for `write_page`; and a folder with the page, the figures as JSON, the training curve
and, where the model can serve, its bundle.
"""

import math
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError, ConfigError
from redshank.core.files import replacing
from redshank.learn.compare import Comparison, Figure, ModelResult
from redshank.learn.curve import CURVE_FILE, curve_csv
from redshank.learn.evaluation import ARGMAX, Evaluation, Measures
from redshank.report import groups, wording
from redshank.report.figures import Axis, Line, heat_map, line_plot
from redshank.report.page import Cell, Chapter, Html, bullets, facts, figure, grid, page, table, tiles

EVALUATION_FILE, PAGE_FILE, BUNDLE_FOLDER = "evaluation.json", "report.html", "bundle"
COLUMNS = ("accuracy", "macro_f1", "mcc", "roc_auc", "pr_auc", "fpr", "recall", f"recall_at_{wording.RULE}")
# More classes than this make cells too small to read.
MOST_CLASSES = 20


def write(
    folder: Path, comparison: Comparison, bundle: Bundle | None = None, *, more: Mapping[str, str] | None = None
) -> list[str]:
    """Write everything that is known into `folder`.

    A new folder appears whole or not at all; in a folder that is there each file is replaced whole and others stay.

    Args:
        folder: Where to.
        comparison: What was measured.
        bundle: What it was measured of, if it can serve.
        more: Further texts by file name.

    Returns:
        The names written.

    Raises:
        ConfigError: If the folder cannot be written to.
        ActionError: If writing fails on the way, for example because the disk is full.
    """
    texts = {
        EVALUATION_FILE: comparison.to_json(),
        PAGE_FILE: page(page_title(comparison), chapters(comparison), subtitle=_subtitle(comparison)),
    }
    if comparison.models[0].curve:
        texts[CURVE_FILE] = curve_csv(comparison.models[0].curve)
    texts |= more or {}
    try:
        if folder.exists():
            for name, text in texts.items():
                with replacing(folder / name) as part:
                    part.write_text(text, encoding="utf-8")
            if bundle is not None:
                bundle.save(folder / BUNDLE_FOLDER)
        else:
            with replacing(folder) as part:
                part.mkdir()
                for name, text in texts.items():
                    (part / name).write_text(text, encoding="utf-8")
                if bundle is not None:
                    bundle.save(part / BUNDLE_FOLDER)
    except OSError as error:
        raise ActionError(f"{folder}: cannot be written ({error.strerror or type(error).__name__})") from None
    return [*texts, *([BUNDLE_FOLDER] if bundle is not None else [])]


def destination(folder: Path, where: str) -> Path:
    """Make sure that `folder` could be written, and leave no trace: work that takes hours comes before the writing.

    Args:
        folder: Where results will go.
        where: How the person named it, for the message.

    Raises:
        ConfigError: If it is a file, it or the folder it would be made in is not writable, or something in it cannot be
            replaced by what will be written.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"{where}: cannot write to folder '{folder}' ({nearest}: {reason}); name a folder you may write to"
        ) from None
    for name in (EVALUATION_FILE, PAGE_FILE, CURVE_FILE, BUNDLE_FOLDER):
        there = folder / name
        if there.exists() and there.is_dir() != (name == BUNDLE_FOLDER):
            raise ConfigError(f"{where}: '{there}' is in the way of a result; remove it or name another folder")
    return folder


def page_title(comparison: Comparison) -> str:
    """Return the page's heading."""
    return f"{comparison.models[0].name} on {comparison.dataset}"


def chapters(comparison: Comparison) -> list[Chapter]:
    """Return the chapters of the page; another report may add its own."""
    lead = comparison.models[0]
    evaluation = lead.evaluations[0]
    made = [
        Chapter("In short", [_tiles(lead), *wording.sentences(comparison)]),
        Chapter(
            "Beside others" if len(comparison.models) > 1 else "Figures",
            [_models(comparison), wording.interval_note(comparison)],
        ),
        _decisions(evaluation),
        _classes(evaluation),
    ]
    if len(evaluation.families) > 1:
        made.append(_families(evaluation))
    if evaluation.groups is not None:
        made.append(groups.chapter(evaluation.groups))
    if lead.curve:
        made.append(_training(lead))
    made += [_ranking(comparison), _weighting(lead, evaluation), _origin(comparison)]
    return made


def details(comparison: Comparison, name: str) -> list[Chapter]:
    """Return the first seed's figures of a table that another page shows: scores, and the first model class by class.

    Args:
        comparison: The models of the table.
        name: What the table is called.
    """
    lead = comparison.models[0]
    before = f"{name}: " if name else ""
    made = [_ranking(comparison), _classes(lead.evaluations[0]), *([_training(lead)] if lead.curve else [])]
    titles = ("scores, seed", f"{lead.name} class by class, seed", f"training of {lead.name}, seed")
    return [Chapter(f"{before}{t} {comparison.seeds[0]}", c.content) for t, c in zip(titles, made, strict=False)]


def _subtitle(comparison: Comparison) -> str:
    rows = comparison.rows.get("test", 0)
    task = "benign or attack" if comparison.task == "binary" else f"{len(comparison.classes)} families"
    return (
        f"Judged on {rows:,} test rows under protocol “{comparison.spelled_protocol}”, {task}. "
        f"Data sha256 {comparison.sha256[:12]}…, {'seeds' if len(comparison.seeds) > 1 else 'seed'} "
        f"{', '.join(map(str, comparison.seeds))}."
    )


def _tiles(lead: ModelResult) -> Html:
    headline, argmax = lead.headline, lead.evaluations[0].vector.decisions[0]
    chosen = lead.evaluations[0].vector.decision(wording.RULE)
    items = [("Macro-F1", "macro_f1", "mean F1 over classes")]
    items.append(("ROC-AUC", "roc_auc", "an attack outscores a benign flow this often"))
    shown = [(name, wording.share(headline[key].mean), _below(headline[key], text)) for name, key, text in items]
    if chosen is None or chosen.threshold is None:
        chosen = argmax
    recall, text = wording.percent(chosen.recall), f"decided by the {wording.rule(chosen)}"
    shown.append(("Attacks caught", recall, text))
    alarms = f"{wording.percent(chosen.fpr)} of benign flows; at {lead.evaluations[0].flows_per_s:g} benign flow/s"
    shown.append(("False alarms a day", wording.per_day(chosen.alerts_per_day), alarms))
    return tiles(shown)


def _below(value: Figure, text: str) -> str:
    span = wording.interval(value)
    return f"{span}; {text}" if span else text


def _models(comparison: Comparison) -> Html:
    head = ["model", *(wording.measure(name) for name in COLUMNS), "training"]
    rows: list[list[str | Cell]] = []
    for model in comparison.models:
        figures = [model.headline.get(name, Figure(None)) for name in COLUMNS]
        cells = [Cell(wording.share(value.mean), wording.interval(value)) for value in figures]
        seconds = wording.UNKNOWN if model.seconds is None else f"{model.seconds:,.1f} s"
        rows.append([model.name, *cells, seconds])
    return table(head, rows, first_strong=True)


def _decisions(evaluation: Evaluation) -> Chapter:
    bases = list(evaluation.vector.decisions[0].bayes_precision)
    head = ["decided by", "false-alarm rate", "attacks caught", "false alarms a day"]
    head += [wording.rarity(base) for base in bases]
    rows: list[list[str | Cell]] = []
    for d in evaluation.vector.decisions:
        span = "" if d.fpr_low is None else wording.span(wording.percent(d.fpr_low), wording.percent(d.fpr_high))
        silent = d.rule != ARGMAX and d.threshold is None
        values = [
            Cell(wording.percent(d.fpr), span),
            wording.percent(d.recall),
            wording.per_day(d.alerts_per_day),
            *(
                Cell(
                    wording.percent(d.bayes_precision[base]),
                    ""
                    if d.bayes_precision_low[base] is None
                    else f"at least {wording.percent(d.bayes_precision_low[base])}",
                )
                for base in bases
            ),
        ]
        rows.append([Cell(wording.rule(d), d.note), *([wording.UNKNOWN] * len(values) if silent else values)])
    text = (
        "A threshold is set on benign calibration flows so that a stated share of benign flows passes it; this table "
        "shows what came of it on the test rows. The interval (Clopper-Pearson, 95 %) is how far the rate could lie "
        f"from what was seen; a rate needs about three times its inverse in benign rows to be certified. Alarms a day "
        f"are for {evaluation.flows_per_s:g} benign flow per second. “Alarms right” is the precision on a network "
        "where attacks are that rare: the test set's own mix of attacks says nothing about it."
    )
    return Chapter("False alarms", [text, table(head, rows)])


def _classes(evaluation: Evaluation) -> Chapter:
    vector = evaluation.vector
    head = ["class", "rows", "precision", "recall", "specificity", "F1"]
    rows = [
        [c.name, f"{c.support:,.0f}", *map(wording.share, (c.precision, c.recall, c.specificity, c.f1))]
        for c in vector.classes
    ]
    content: list[str] = [table(head, rows)]
    if len(vector.classes) <= MOST_CLASSES:
        content.append(_confusion(vector))
    return Chapter("Class by class", content)


def _confusion(vector: Measures) -> Html:
    names = [c.name for c in vector.classes]
    totals = [sum(row) for row in vector.confusion]
    shares = [[v / t if t else 0.0 for v in row] for row, t in zip(vector.confusion, totals, strict=True)]
    counts = [[f"{v:,.0f}" if v else "·" for v in row] for row in vector.confusion]
    parts = [[_whole_percent(v) if t else wording.UNKNOWN for v in row] for row, t in zip(shares, totals, strict=True)]
    hints = [
        [
            f"truly {names[i]}, called {names[j]}: {v:,.0f} of {totals[i]:,.0f} rows ({wording.percent(shares[i][j])})"
            for j, v in enumerate(row)
        ]
        for i, row in enumerate(vector.confusion)
    ]
    return grid(
        [
            figure(
                heat_map(shares, names, counts, hints),
                "Confusion: rows",
                "A row is what flows are, a column what they were called.",
            ),
            figure(
                heat_map(shares, names, parts, hints),
                "Confusion: percent of each true class",
                "The diagonal is recall.",
            ),
        ]
    )


def _whole_percent(share: float) -> str:
    if share in (0.0, 1.0):
        return "100" if share else "·"
    return "<1" if share < 0.005 else ">99" if share >= 0.995 else f"{100 * share:.0f}"


def _families(evaluation: Evaluation) -> Chapter:
    rules = [d.rule for d in evaluation.vector.decisions if d.rule == ARGMAX or d.threshold is not None]
    head = ["family", "rows", *("likeliest class" if r == ARGMAX else f"at {wording.percent(float(r))}" for r in rules)]
    rows: list[list[str | Cell]] = [
        [
            Cell(f.name, "" if f.known else "the model has no class for it"),
            f"{f.support:,}",
            *(wording.percent(f.recall.get(r)) for r in rules),
        ]
        for f in evaluation.families
    ]
    text = (
        "Share of each family's flows that were called an attack, whatever the class; for benign flows that is the "
        "false-alarm rate."
    )
    return Chapter("Which attacks are caught", [text, table(head, rows)])


def _training(lead: ModelResult) -> Chapter:
    epochs = [float(e.epoch) for e in lead.curve]
    x = Axis("epoch", whole=True)
    plots = []
    for what, low in (("accuracy", None), ("loss", 0.0)):
        lines = [
            Line(part, epochs, [getattr(e, f"{part}_{what}") for e in lead.curve], marks=len(epochs) <= 40)
            for part in ("train", "validation")
        ]
        known = [line for line in lines if any(math.isfinite(v) for v in line.y)]
        if known:  # what gives its input back has a loss and no accuracy
            plots.append(figure(line_plot(known, x, Axis(what, low=low)), f"{what.capitalize()} per epoch"))
    text = (
        "Training rows are scored as they are learnt from, validation rows after the epoch: validation may look "
        "better. Training stops when the validation loss no longer falls, and the state at its lowest point is kept."
    )
    return Chapter("Training", [text, grid(plots)])


def _ranking(comparison: Comparison) -> Chapter:
    firsts = [(model.name, model.evaluations[0]) for model in comparison.models]
    benign = max((e.vector.decisions[0].benign for _, e in firsts), default=0.0)
    floor = 10.0 ** -math.ceil(math.log10(max(benign, 10.0)))
    steps = np.logspace(math.log10(floor), 0, 80)
    colors = {name: _color(i, name) for i, (name, _) in enumerate(firsts)}
    roc = []
    for name, e in firsts:
        if e.roc:
            # Between two points a curve is straight in the rate, so on a logarithmic axis it needs points on the way.
            rate, recall = np.array(e.roc).T
            at = np.unique(np.concatenate([rate[rate > 0], steps]))
            roc.append(Line(name, at.tolist(), np.interp(at, rate, recall).tolist(), color=colors[name]))
    pr = [Line(name, [p[0] for p in e.pr], [p[1] for p in e.pr], color=colors[name]) for name, e in firsts if e.pr]
    bins = [
        Line(name, [b.score for b in e.reliability], [b.attacks for b in e.reliability], marks=True, color=colors[name])
        for name, e in firsts
        if e.reliability and (len(firsts) == 1 or name != "constant")
    ]
    unit = Axis("recall", low=0, high=1)
    plots = []
    if roc:
        x = Axis("false-alarm rate (log)", low=floor, high=1, log=True, percent=True)
        text = "How many attacks are caught at which price. A good detector rises far to the left."
        plots.append(figure(line_plot(roc, x, unit), "Recall over false-alarm rate (ROC)", text))
    if pr:
        text = "On the mix of this test set; on a network with rarer attacks precision is lower."
        least = min(v for line in pr for v in line.y)
        y = Axis("precision", low=math.floor(10 * least) / 10, high=1)
        plots.append(figure(line_plot(pr, unit, y), "Precision over recall", text))
    if bins:
        text = (
            "Flows sorted by score into bins of equal size. On the dotted line a score of 0.8 means that eight in ten "
            f"are attacks. {firsts[0][0]}: calibration error {wording.share(firsts[0][1].vector.headline['ece'])}, "
            f"Brier score {wording.share(firsts[0][1].vector.headline['brier'])}."
        )
        axes = Axis("calibrated score", low=0, high=1), Axis("share of attacks", low=0, high=1)
        plots.append(figure(line_plot(bins, *axes, diagonal=True), "Does the score mean what it says?", text))
    return Chapter("Scores", [grid(plots)])


def _color(place: int, name: str) -> int:
    # Gray for the row that looks at nothing, wherever it stands.
    return 2 if name == "constant" else (0, 1, 3, 4)[place % 4]


def _weighting(lead: ModelResult, evaluation: Evaluation) -> Chapter:
    strange = " and ".join(
        f"{wording.percent(value)} of {who} rows" for who, value in evaluation.unknown.items() if value is not None
    )
    unknown = f"No known class fits {strange or 'no row'} (conformal p-value); the analyst is shown these as unknown."
    merged = evaluation.vector.rows != evaluation.row.rows
    columns = [lead.headline, lead.row_headline] if merged else [lead.headline]
    head = [f"each distinct vector once ({evaluation.vector.rows:,.0f})"] if merged else ["all rows"]
    head += [f"each row of the dataset once ({evaluation.row.rows:,.0f})"] if merged else []
    rows: list[list[str | Cell]] = [
        [
            wording.measure(name),
            *(Cell(wording.share(column[name].mean), wording.interval(column[name])) for column in columns),
        ]
        for name in lead.headline
        if "_at_" not in name or name.endswith(f"_{wording.RULE}")
    ]
    text = (
        "Flows that look the same to the model are one vector. Counted by rows, a few vectors with thousands of copies "
        f"decide the figure, so the first column is the one to quote. {unknown}"
    )
    title = "How rows are counted" if merged else "All measures"
    return Chapter(title, [text if merged else unknown, table([lead.name, *head], rows)])


def _origin(comparison: Comparison) -> Chapter:
    origin = comparison.provenance
    versions = ", ".join(f"{name} {value}" for name, value in (origin.get("versions") or {}).items())
    items = [
        ("dataset", comparison.dataset),
        ("sha256", comparison.sha256),
        ("protocol", f"{comparison.spelled_protocol}, task {comparison.task}"),
        ("features", comparison.feature_set or "the dataset's own columns: can be measured, not served"),
        ("seeds", ", ".join(map(str, comparison.seeds))),
        ("rows", ", ".join(f"{name} {count:,}" for name, count in comparison.rows.items())),
        ("commit", origin.get("commit") or "unknown"),
        ("versions", versions),
        ("command", origin.get("command") or wording.UNKNOWN),
    ]
    items += [
        (
            f"settings of {model.name}",
            ", ".join(f"{name} = {value}" for name, value in model.settings.items()) or "none",
        )
        for model in comparison.models
    ]
    return Chapter("Where this comes from", [facts(items), bullets(comparison.notes)])
