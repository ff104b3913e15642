"""`redshank ask`: choose the flows whose labels would help most, and put them into the queue."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import (
    Bpf,
    Follow,
    From,
    Inputs,
    Interfaces,
    Model,
    Read,
    Seconds,
    ended_in_time,
    until_interrupted,
)

if TYPE_CHECKING:
    from redshank.data.dataset import Labelled
    from redshank.store.queue import Queue

DEFAULT = "mixed"


def ask(
    store: Annotated[
        Path, typer.Option("--store", "-s", metavar="FILE", help="Where questions and labels are kept; made if absent.")
    ],
    read: Read = None,
    interfaces: Interfaces = None,
    records: From = None,
    follow: Follow = False,
    seconds: Seconds = None,
    bpf: Bpf = None,
    bundle: Model = None,
    strategy: Annotated[str, typer.Option(help="What chooses: mixed, margin, random, ...")] = DEFAULT,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many questions.")] = 20,
    people: Annotated[int, typer.Option(min=1, help="How many people are to answer each question.")] = 1,
    candidates: Annotated[
        int, typer.Option(min=1, help="Distinct flows that are kept and scored; of more, a sample.")
    ] = 200_000,
    canaries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Flows with a family beside each, hidden among the questions: whom is to be believed?"
        ),
    ] = None,
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Read no input: ask again about flows whose labels may be wrong.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample and of the strategy.")] = 0,
    config: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="A redshank.toml.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of tables.")] = False,
) -> None:
    """Ask about the flows that a model would learn most from.

    Exactly one of -r, -i and --from is read. Flows that look alike to the model are asked about once, and never one
    like those that were asked about before. `redshank label` answers. Needs the extra `train`.

    With --canaries one question in ten is about a flow of that file, and looks like the others; `redshank retrain` with
    the same file then knows how far to believe whoever answered.

    With --doubtful no input is read: labels that other labels speak against, or that nobody but an unbelieved person
    gave, are asked about again, once, and of somebody else if several people answer.

    Example: redshank ask -r plant.pcap.gz --store labels.db --count 20

    Example: redshank ask --doubtful --store labels.db --count 5
    """
    from redshank.active.ask import ask as choose
    from redshank.active.strategy import STRATEGIES
    from redshank.active.words import question_row
    from redshank.config import load
    from redshank.core.bundle import Bundle
    from redshank.core.errors import ConfigError
    from redshank.data.datasets.flows import Flows
    from redshank.detect.default import default_bundle
    from redshank.report.summary import Section, show
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    settings = load(config)
    known = None if canaries is None else Flows().load(canaries)
    if doubtful:
        if read or interfaces or records:
            raise ConfigError("--doubtful: no input is read for it; leave -r, -i and --from away")
        asker = Bundle.load(bundle or settings.detect.bundle or default_bundle())
        _ask_again(Queue(Database(store)), asker.manifest.feature_set, known, count, seed, as_json=as_json)
        return
    inputs = Inputs(read, tuple(interfaces or ()), records, follow, seconds, bpf)
    source = inputs.source(settings.sensor)
    asker = Bundle.load(bundle or settings.detect.bundle or default_bundle())
    STRATEGIES.find(strategy)  # before a store is made
    queue = Queue(Database(store, create=True))
    with ended_in_time(inputs, source), until_interrupted(inputs, source):
        asked = choose(
            source,
            asker,
            queue,
            strategy,
            count=count,
            now_s=time.time(),
            seed=seed,
            most=candidates,
            wanted=people,
            canaries=known,
        )
    now = queue.counts(time.time())
    show(
        f"Questions about {inputs.place}",
        [
            Section("Asked", [question_row(one) for one in asked.questions]),
            Section(
                "Round",
                {
                    "flows": asked.flows,
                    "candidates": asked.candidates,
                    "labels_known": asked.labels,
                    "questions": len(asked.questions),
                    "strategy": strategy,
                    "bundle": asker.manifest.name,
                },
            ),
            Section("Queue", now),
        ],
        as_json=as_json,
    )


def _ask_again(
    queue: "Queue", feature_set: str, canaries: "Labelled | None", count: int, seed: int, *, as_json: bool
) -> None:
    from redshank.active.canaries import canary_families
    from redshank.active.recheck import ask_again
    from redshank.active.told import told
    from redshank.active.vetting import vet
    from redshank.active.words import question_row
    from redshank.report.summary import Section, show

    now_s = time.time()
    known = told(queue, feature_set, now_s)
    vetted = vet(known, {} if canaries is None else canary_families(canaries), seed=seed)
    again = ask_again(queue, vetted.again, count, now_s)
    show(
        "Labels in doubt",
        [
            Section("Asked again", [question_row(one) for one in again]),
            Section("Round", {"labels_known": len(known.labelled), "questions": len(again)}),
            Section("Notes", {str(at): note for at, note in enumerate(vetted.notes, start=1)}),
            Section("Queue", queue.counts(now_s)),
        ],
        as_json=as_json,
    )
