"""`redshank labels`: what people said, who and why; take it back, take it out, see how far they agree."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.report.summary import Row

labels = typer.Typer(no_args_is_help=True, help="Labels that people gave: list, withdraw, export, agreement.")

Store = Annotated[Path, typer.Option("--store", "-s", metavar="FILE", help="Where questions and labels are kept.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Method = Annotated[
    str, typer.Option(metavar="NAME", help="How several answers become a label: majority or dawid_skene.")
]


@labels.command(name="list")
def list_(store: Store, as_json: Json = False) -> None:
    """List every label that was ever given, the oldest first, and whether it holds.

    Example: redshank labels list --store labels.db
    """
    from redshank.active.told import said
    from redshank.report.summary import Section, show, time_text
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    queue = Queue(Database(store, only_read=True))
    now_s = time.time()
    hold = {label.id for given in said(queue, now_s).values() for label in given.values()}
    rows: list[Row] = [
        {
            "label": label.id,
            "question": label.question,
            "kind": label.kind,
            "family": label.family,
            "annotator": label.annotator,
            "given": time_text(label.given_at_s),
            "holds": label.id in hold,
            "origin": label.origin,
            "evidence": label.evidence or None,
            "expires": time_text(label.expires_at_s),
            "about": label.about,
        }
        for label in queue.labels()
    ]
    show(f"Labels in {store}", [Section("Labels", rows), Section("Queue", queue.counts(now_s))], as_json=as_json)


@labels.command()
def withdraw(
    ids: Annotated[list[str], typer.Argument(help="Labels; or questions: all labels that hold there.")],
    store: Store,
    annotator: Annotated[str, typer.Option("--as", metavar="NAME", help="Who withdraws.")],
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    models: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of bundles: those trained on the labels are named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Withdraw labels, one's own or somebody else's; their questions are open again.

    Example: redshank labels withdraw 5e1f0a77c0ffee00 --store labels.db --as ana --because "wrong device"
    """
    from redshank.active import answer
    from redshank.active.trained import trained_on
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    queue = Queue(Database(store))
    bundles = trained_on(models, ids, queue.labels()) if models is not None else []
    taken = answer.withdraw(queue, ids, annotator, time.time(), "terminal", evidence=because)
    rows: list[Row] = [
        {"label": label.id, "question": label.question, "family": label.family, "annotator": label.annotator}
        for label in taken
    ]
    sections = [Section("Withdrawn", rows)]
    if models is not None:
        sections.append(Section("Bundles trained on them", [{"bundle": b, "labels": n} for b, n in bundles]))
    show(f"Labels in {store}", sections, as_json=as_json)


@labels.command()
def export(
    store: Store,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="A .parquet file.")],
    method: Method = "majority",
    as_json: Json = False,
) -> None:
    """Write the labelled flows as a table that `redshank train flows --data FILE` takes.

    Example: redshank labels export --store labels.db -o labelled.parquet
    """
    from redshank.active.told import flows_with_families
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    counts = flows_with_families(Queue(Database(store, only_read=True)), out, time.time(), method)
    show(f"Labelled flows of {store}", [Section("Flows by family", counts)], as_json=as_json)


@labels.command()
def agreement(store: Store, as_json: Json = False) -> None:
    """Say how far annotators agree, and what each one's answers seem to be worth.

    "right" is the share of an annotator's answers that all answers together make probable (Dawid and Skene).

    Example: redshank labels agreement --store labels.db
    """
    from redshank.active.agreement import Answers, alpha, pairs, worth
    from redshank.active.told import said
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    given = said(Queue(Database(store, only_read=True)), time.time())
    answers = Answers.of(given)
    both: list[Row] = [{"one": a, "other": b, "both": n, "agree": k / n} for a, b, n, k in pairs(answers)]
    people: list[Row] = [{"annotator": who, "answers": n, "right": share} for who, n, share in worth(answers)]
    show(
        f"Agreement in {store}",
        [
            Section("Annotators", people),
            Section("Pairs", both),
            Section(
                "Agreement",
                {
                    "questions_answered": len(answers.questions),
                    "by_several": int(((answers.given >= 0).sum(axis=1) > 1).sum()),
                    "krippendorff_alpha": alpha(answers.given),
                },
            ),
        ],
        as_json=as_json,
    )


@labels.command()
def curve(
    store: Annotated[
        str, typer.Option("--store", "-s", metavar="FILE|URL", help="Where questions and labels are kept.")
    ],
    models: Annotated[Path, typer.Option(metavar="FOLDER", help="The shelf of bundles; the curve is kept there.")],
    hold_out: Annotated[
        float, typer.Option(min=0.01, max=0.99, metavar="SHARE", help="Labels, the latest flows, that only measure.")
    ] = 0.3,
    orders: Annotated[int, typer.Option(min=2, max=100, help="Random orders.")] = 10,
    method: Method = "majority",
    as_json: Json = False,
) -> None:
    """Learn from the labels so far again: what each answer taught, beside what chance would have taught.

    A forest learns from these labels alone, in the order in which they were given, in random orders, and from those
    whose questions chance drew. The latest flows measure. Needs the extra `train`.

    Example: redshank labels curve --store labels.db --models models
    """
    from redshank.active.replay import replay
    from redshank.active.told import told
    from redshank.core.errors import ConfigError
    from redshank.detect.shelf import Shelf
    from redshank.report.progress import steps
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    shelf, now_s = Shelf(models), time.time()
    in_service = shelf.champion()
    if in_service is None:
        raise ConfigError(f"--models: '{models}' has no bundle in service; `redshank models promote` puts one there")
    queue, step = Queue(Database(store, only_read=True)), steps(2)
    step("reading the labels")
    known = told(queue, shelf.load(in_service).manifest.feature_set, now_s, method=method)
    step("learning from them again, in several orders")
    found = replay(known, now_s, hold_out=hold_out, orders=orders)
    found.save(models)
    lines = {"given": found.given, "shuffled": found.shuffled, "drawn by chance": found.drawn}
    rows: list[Row] = [{"order": name, **vars(point)} for name, points in lines.items() for point in points]
    gains: list[Row] = [{"gain": "the second half of the labels", **vars(found.last_half)}]
    if found.over_chance is not None:
        gains.append({"gain": "over as many drawn by chance", **vars(found.over_chance)})
    told_too = {"measured_on": found.test, "of_these_drawn_by_chance": found.test_at_random}
    show(
        f"What the labels of {len(queue.labels())} answers taught",
        [
            Section("Macro-F1 by labels", rows),
            Section("Gains", gains),
            Section("Test", told_too),
            Section("Notes", {str(at): note for at, note in enumerate(found.notes, start=1)}),
        ],
        as_json=as_json,
    )
