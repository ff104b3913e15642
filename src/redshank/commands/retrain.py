"""`redshank retrain`: learn from the labels of a store, and let the gate decide whether that helped."""

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

HERE = Path("out/models")


def retrain(
    store: Annotated[
        str, typer.Option("--store", "-s", metavar="FILE|URL", help="Where questions and labels are kept.")
    ],
    models: Annotated[Path, typer.Option(metavar="FOLDER", help="The shelf of bundles.")] = HERE,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the champion was made from; its own word if absent.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Its file or folder; under $REDSHANK_DATA/data if absent.")
    ] = None,
    hold_out: Annotated[
        float, typer.Option(min=0.01, max=0.99, metavar="SHARE", help="Labels, the latest flows, that only measure.")
    ] = 0.3,
    weight: Annotated[
        float, typer.Option(min=1e-6, metavar="W", help="Weight of a label beside a row of the dataset.")
    ] = 1.0,
    canaries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Flows with a family beside each: attacks to stay detected, and whom to believe."
        ),
    ] = None,
    alone: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="New labels that may rest on one person's word, where several answer."),
    ] = 1000,
    recheck: Annotated[
        int, typer.Option(min=0, metavar="N", help="Questions asked again because their labels are in doubt, at most.")
    ] = 10,
    method: Annotated[
        str, typer.Option(metavar="NAME", help="How several answers become a label: majority or dawid_skene.")
    ] = "majority",
    metric: Annotated[str, typer.Option(metavar="NAME", help="The metric that has to improve.")] = "macro_f1",
    rate: Annotated[float, typer.Option(metavar="RATE", help="False-alarm rate whose thresholds raise alarms.")] = 0.01,
    cost: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="ANSWER POINT",
            help="What an answer costs and what a point of macro-F1 is worth, in one unit: do the next answers pay?",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of text.")] = False,
) -> None:
    """Train a challenger on the champion's dataset and the labels, and promote it only if it is better.

    The labels whose flows came last are trained on by nobody: there the challenger has to be better beyond the paired
    interval, without more false alarms. Labels from before, and the dataset's test part, must not get worse, and no
    canary may be lost. Either way the challenger stands on the shelf, with the decision and its figures. Needs the
    extra `train`.

    With enough labels it ends with what the next 100 answers promise, and with --cost whether they pay.

    Labels that the others speak against are not trained on, and asked about again. What somebody alone said who misses
    canary questions (`redshank ask --canaries`) waits for somebody else, if others answer too.

    Example: redshank retrain --store labels.db --models models
    """
    from redshank.report.progress import steps

    step = steps(6)
    step("loading what trains")
    from dataclasses import asdict

    from redshank.active.canaries import canary_families
    from redshank.active.decision import Gate
    from redshank.active.gain import Cost
    from redshank.active.recheck import ask_again
    from redshank.active.retrain import next_name
    from redshank.active.retrain import retrain as run
    from redshank.active.told import told
    from redshank.active.trained import KEY
    from redshank.active.vetting import vet
    from redshank.active.words import question_row
    from redshank.core.errors import ConfigError
    from redshank.data.dataset import read
    from redshank.data.datasets.flows import Flows
    from redshank.detect.measured import Measured
    from redshank.detect.shelf import Shelf
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    try:
        pays = None if cost is None else Cost(*cost)
    except ValueError as error:
        raise ConfigError(f"--cost: {error}") from None
    queue, shelf = Queue(Database(store)), Shelf(models)
    in_service = shelf.champion()
    if in_service is None:
        raise ConfigError(f"--models: '{models}' has no bundle in service; `redshank models promote` puts one there")
    champion = shelf.load(in_service)
    gate = Gate(metric)
    name = next_name(in_service, shelf.names())
    named = dataset or str(champion.manifest.provenance.get("dataset", ""))
    command = ["redshank", "retrain", "--dataset", named, "--hold-out", str(hold_out), "--weight", str(weight)]
    now_s = time.time()
    step("reading the labels")
    known = told(queue, champion.manifest.feature_set, now_s, method=method)
    labelled = None if canaries is None else Flows().load(canaries)
    vetted = vet(
        known,
        {} if labelled is None else canary_families(labelled),
        used=champion.manifest.provenance.get(KEY, {}).get("questions", ()),
        alone=alone,
        method=method,
    )
    step(f"reading the dataset, {named}")
    outcome = run(
        champion,
        read(named, data),
        vetted.told,
        name,
        hold_out=hold_out,
        weight=weight,
        doubted=vetted.doubted,
        canaries=labelled,
        gate=gate,
        rate=rate,
        command=shlex.join([*command, "--method", method, "--metric", metric, "--rate", str(rate)]),
        progress=True,
        step=step,
    )
    shelf.put(outcome.bundle, name)
    for made, found in zip((in_service, name), outcome.measured, strict=True):
        on = f"{named}: test part, in the making of neither"
        Measured(made, shelf.load(made).manifest.sha256, on, now_s, asdict(found)).save(models)
    decided = shelf.promote if outcome.decision.promote else shelf.keep
    notes = (*vetted.notes, *outcome.notes)
    entry = decided(name, "; ".join(outcome.decision.reasons), {**outcome.evidence(), "notes": list(notes)})
    again = ask_again(queue, vetted.again, recheck, now_s)
    show(
        f"{name} against {in_service}",
        [
            Section("Rows", {**outcome.rows, "labels_left_out": known.lost}),
            Section("Figures", [one.row() for one in outcome.decision.paired]),
            Section("Reasons", {str(at): reason for at, reason in enumerate(outcome.decision.reasons, start=1)}),
            Section("Notes", {str(at): note for at, note in enumerate(notes, start=1)}),
            Section("Next answers", outcome.outlook.facts(pays)),
            Section("Asked again", [question_row(one) for one in again]),
            Section(
                "Decision", {"challenger": name, "promoted": outcome.decision.promote, "in_service": entry.champion}
            ),
        ],
        as_json=as_json,
    )
