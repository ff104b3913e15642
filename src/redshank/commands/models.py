"""`redshank models`: which bundle is in service, what could replace it, and what was decided."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.active.contest import Contest
    from redshank.active.decision import Paired
    from redshank.detect.shelf import Entry, Shelf
    from redshank.report.summary import Row, Section

models = typer.Typer(
    no_args_is_help=True, help="A shelf of bundles: which is in service, what could replace it, what was decided."
)

HERE = Path("out/models")
ENTRIES = 10  # of the history, the last ones

Folder = Annotated[Path, typer.Option("--folder", "-f", metavar="FOLDER", help="The shelf.")]
Name = Annotated[str, typer.Argument(help="Name of a bundle on the shelf.")]
On = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="DATASET", help="Labelled rows to decide on: lab, ton_iot, ...; may be repeated."),
]
Data = Annotated[
    Path | None, typer.Option(metavar="PATH", help="File or folder of the dataset, if there is one; else its place.")
]
Store = Annotated[
    str | None,
    typer.Option("--store", "-s", metavar="FILE|URL", help="A store: labels that neither was taught judge too."),
]
Rate = Annotated[float, typer.Option(metavar="RATE", help="False-alarm rate whose thresholds raise alarms.")]
Metric = Annotated[str, typer.Option(metavar="NAME", help="The metric that has to improve.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


@models.command(name="list")
def list_(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """List the bundles, which is in service, and the last decisions."""
    from redshank.detect.shelf import Shelf
    from redshank.report.summary import Section, show

    shelf = Shelf(folder)
    champion, shadow, past = shelf.champion(), shelf.shadow(), shelf.history()
    rows: list[Row] = []
    for name in shelf.names():
        made = shelf.load(name).manifest
        role = "champion" if name == champion else "shadow" if name == shadow else ""
        figures = {key: made.figures.get(key) for key in ("macro_f1", "roc_auc")}
        rows.append({"name": name, "role": role, "model": made.model, "task": made.task,
                     "dataset": str(made.provenance.get("dataset", "")), **_numbers(figures)})  # fmt: skip
    told = [Section("Bundles", rows), Section("Decisions", [_entry(entry) for entry in past.entries[-ENTRIES:]])]
    if notes := _notes(shelf):
        told.append(Section("Notes", notes))
    show(f"Models in {folder}", told, as_json=as_json)


@models.command()
def show(name: Name, folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Show what a bundle says of itself, and what was decided about it."""
    from redshank.detect.shelf import Shelf
    from redshank.report.summary import Section
    from redshank.report.summary import show as tell

    shelf = Shelf(folder)
    made = shelf.load(name).manifest
    about: Row = {
        "model": made.model,
        "task": made.task,
        "classes": ", ".join(made.classes),
        "features": f"{made.feature_set} v{made.feature_version}",
        "sha256": made.sha256,
        **{key: str(made.provenance.get(key, "")) for key in ("dataset", "protocol", "seed", "commit", "command")},
    }
    mine = [_entry(entry) for entry in shelf.history().entries if name in (entry.name, entry.replaced)]
    told = [Section("Bundle", about), Section("Figures", _numbers(made.figures)), Section("Decisions", mine)]
    tell(f"Model {name}", told, as_json=as_json)


@models.command()
def add(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    name: Annotated[str | None, typer.Option(help="What it is called on the shelf; its own name if absent.")] = None,
    folder: Folder = HERE,
) -> None:
    """Put a bundle on the shelf, with what was measured of it; it is not in service by that.

    Example: redshank models add out/lab-leakfree-binary-fnn/bundle
    """
    from dataclasses import replace

    from redshank.core.bundle import Bundle
    from redshank.detect.measured import Measured
    from redshank.detect.shelf import Shelf

    made, source = Bundle.load(bundle), bundle.resolve()
    measured = Measured.load(source.parent, source.name, made.manifest.sha256)  # before anything is written
    kept = Shelf(folder).put(made, name)
    if measured:
        replace(measured, name=kept).save(folder)
    typer.echo(f"{kept} is in {folder}")


@models.command()
def measure(
    name: Name,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATASET", help="What it was made from; its own word if absent.")
    ] = None,
    data: Data = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Measure a bundle on the test part of the dataset that it was made from, and keep what came out beside it.

    Calibration, confusion and figures by class are then shown by the console. Needs the extra `train`.

    Example: redshank models measure first
    """
    import time
    from dataclasses import asdict

    from redshank.data.dataset import find_all, read
    from redshank.detect.measured import Measured
    from redshank.detect.shelf import Shelf
    from redshank.learn.retest import retest
    from redshank.report.progress import steps
    from redshank.report.results import sections
    from redshank.report.summary import show

    bundle = Shelf(folder).load(name)
    named = on or str(bundle.manifest.provenance.get("dataset", ""))
    find_all(named)
    step = steps(2)
    step(f"reading the dataset, {named}")
    labelled = read(named, data)
    step(f"measuring {name} on the test part")
    comparison = retest(bundle, labelled, command=f"redshank models measure {name} --on {named}")
    where = f"{named}: test part, not in its making"
    Measured(name, bundle.manifest.sha256, where, time.time(), asdict(comparison.models[0].evaluations[0])).save(folder)
    show(f"{name} on {named}", sections(comparison, as_json=as_json), as_json=as_json)


@models.command()
def compare(
    champion: Annotated[str, typer.Argument(help="Name of a bundle.")],
    challenger: Annotated[str, typer.Argument(help="Name of another one.")],
    on: On = None,
    data: Data = None,
    store: Store = None,
    rate: Rate = 0.01,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Judge two bundles on the same rows: differences with paired one-sided 95 % bounds, by every metric.

    Rows that one of the bundles was made with are left out.

    Example: redshank models compare first second --on lab
    """
    from redshank.active.decision import Gate
    from redshank.detect.shelf import Shelf
    from redshank.report.summary import show

    shelf = Shelf(folder)
    contest = _contest(shelf, (champion, challenger), on, data, rate, store)
    told = _figures(contest, contest.compare(Gate()))
    show(f"{challenger} against {champion}", told, as_json=as_json)


@models.command()
def promote(
    name: Name,
    on: On = None,
    data: Data = None,
    store: Store = None,
    metric: Metric = "macro_f1",
    rate: Rate = 0.01,
    force: Annotated[
        str | None, typer.Option(metavar="REASON", help="Put it in service whatever the gate says; the reason is kept.")
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Put a bundle in service if the gate lets it through; else say why not (exit code 1).

    The gate: on labelled rows that neither was made with, the metric is better than the champion's beyond the paired
    one-sided 95 % interval, and the false-alarm rate does not rise. Where nothing is in service yet, there is nothing
    to be worse than. Every decision is written down with its figures.

    Example: redshank models promote second --on lab

    Example: redshank models promote second --force "the first one is blind to the new cameras"
    """
    from redshank.detect.shelf import Shelf
    from redshank.report.summary import Section, show

    shelf = Shelf(folder)
    before = shelf.champion()
    told: list[Section] = []
    if before is None or (force is not None and not on and store is None):
        entry = shelf.promote(name, force or "nothing was in service before", forced=force is not None)
    else:
        from redshank.active.decision import Gate  # only where the gate is asked: a gateway has no scipy

        gate = Gate(metric)
        contest = _contest(shelf, (before, name), on, data, rate, store)
        decision = contest.decide(gate)
        why, evidence = "; ".join(decision.reasons), {**decision.to_dict(), "on": list(contest.notes)}
        told = _figures(contest, decision.paired)
        if force is not None and not decision.promote:
            entry = shelf.promote(name, f"{force} (the gate: {why})", evidence, forced=True)
        else:
            entry = (shelf.promote if decision.promote else shelf.keep)(name, why, evidence)
        told.append(Section("Reasons", {str(i): reason for i, reason in enumerate(decision.reasons, start=1)}))
    told.append(Section("Decision", _entry(entry)))
    show(f"{entry.champion} is in service", told, as_json=as_json)
    if entry.champion != name:
        raise typer.Exit(1)


@models.command()
def rollback(
    reason: Annotated[str, typer.Option(metavar="REASON", help="Why; it is kept.")] = "asked for on the command line",
    folder: Folder = HERE,
) -> None:
    """Put the champion before the present one in service again."""
    from redshank.detect.shelf import Shelf

    entry = Shelf(folder).rollback(reason)
    typer.echo(f"{entry.champion} is in service again; {entry.replaced or 'nothing'} was")


@models.command()
def shadow(
    name: Annotated[str | None, typer.Argument(help="Name of a bundle on the shelf.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Let none judge beside the champion.")] = False,
    folder: Folder = HERE,
) -> None:
    """Let a bundle judge beside the champion, without alarms: `redshank detect --models` counts where they agree."""
    from redshank.core.errors import ConfigError
    from redshank.detect.shelf import Shelf

    if (name is None) != off:
        raise ConfigError("models shadow: name one bundle, or give --off")
    Shelf(folder).set_shadow(name)
    typer.echo(f"{name} judges beside the champion" if name else "no bundle judges beside the champion")


def _contest(
    shelf: "Shelf",
    both: tuple[str, str],
    on: list[str] | None,
    data: Path | None,
    rate: float,
    store: str | None,
) -> "Contest":
    import time

    from redshank.active.contest import Contest
    from redshank.active.told import told
    from redshank.core.errors import ConfigError
    from redshank.data.dataset import find_all, read
    from redshank.report.progress import steps
    from redshank.store.database import Database
    from redshank.store.queue import Queue

    if not on and store is None:
        raise ConfigError(
            "--on: no dataset is named, nor a store with --store; `redshank data list` shows what datasets are here"
        )
    if data is not None and len(on or ()) != 1:
        raise ConfigError(f"--data: '{data}' is the place of one dataset, and {len(on or ())} are named; name one")
    for name in on or ():
        find_all(name)  # a wrong name is told before anything is read
    step = steps(2)
    step("reading what judges")
    champion, challenger = (shelf.load(name) for name in both)
    said = None
    if store is not None:
        said = told(Queue(Database(store, only_read=True)), champion.manifest.feature_set, time.time())
    contest = Contest.of(champion, challenger, [read(name, data) for name in on or ()], rate, said)
    step(f"judging {both[0]} and {both[1]} on the same rows")
    return contest


def _figures(contest: "Contest", figures: "tuple[Paired, ...]") -> "list[Section]":
    from redshank.report.summary import Section

    rows: list[Row] = [one.row() for one in figures]
    return [Section("Figures", rows), Section("Rows", {str(i): note for i, note in enumerate(contest.notes, start=1)})]


def _entry(entry: "Entry") -> "Row":
    from redshank.report.summary import time_text

    return {
        "time": time_text(entry.at_s),
        "decision": f"{entry.what}, forced" if entry.forced else entry.what,
        "bundle": entry.name or None,
        "champion": entry.champion or None,
        "reason": entry.reason,
    }


def _notes(shelf: "Shelf") -> dict[str, str]:
    notes: dict[str, str] = {}
    if torn := shelf.history().torn:
        notes["torn line"] = f"the last line of decisions.jsonl is no whole line, and no decision: {torn[:60]}"
    if entry := shelf.unfinished():
        notes["unfinished"] = f"{entry.what} {entry.name} was decided and not carried out; the next decision does it"
    return notes


def _numbers(figures: "dict[str, object]") -> "Row":
    return {name: value for name, value in figures.items() if isinstance(value, int | float)}
