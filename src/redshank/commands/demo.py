"""`redshank demo`: from packets to alerts on the embedded recordings, with a model that asks for its labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.core.records import Alert


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report, the bundle and the alerts.")] = Path(
        "out/demo"
    ),
    rounds: Annotated[int, typer.Option(min=1, max=40, help="Rounds of questions after the initial labels.")] = 10,
    seeds: Annotated[int, typer.Option(min=1, max=20, help="Runs of each strategy.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="End with the summary as one JSON object.")] = False,
) -> None:
    """Learn a small IoT network by asking, then catch attacks in a capture of another one.

    Meters the embedded recording, trains a BiLSTM on the flows it asks about (beside a random control), evaluates it on
    a recording of other devices, addresses and attackers, exports it, and runs detection on that capture. Needs the
    extra `train`; no root, no data. The same command gives the same figures.

    Example: redshank demo -o out/demo
    """
    from dataclasses import replace

    from redshank.active.curve import average
    from redshank.active.loop import Round
    from redshank.alerts.sinks.eve import Eve
    from redshank.capture.sources.pcap import Pcap
    from redshank.commands.detect import sections as detected
    from redshank.core.files import replacing, writable_folder
    from redshank.data.place import LEARN, UNSEEN
    from redshank.detect.detectors.classifier import Classifier
    from redshank.experiments.first_light import PLAN, run
    from redshank.flows.sources.sensor import Sensor
    from redshank.pipeline.run import run as detect
    from redshank.pipeline.verdict_file import VERDICTS_FILE
    from redshank.report.evaluation import chapters, destination
    from redshank.report.learning import alerts_chapter, curve_chapter, curves_csv
    from redshank.report.page import write_page
    from redshank.report.results import sections as judged
    from redshank.report.results import written
    from redshank.report.summary import Section, show

    destination(writable_folder(out, "--out"), "--out")
    sink = Eve(out / "eve.json")

    def tell(strategy: str, seed: int, point: Round) -> None:
        kept = "kept" if point.kept else "not better, not kept"
        score = f"macro-F1 {point.test_macro_f1:.3f}"
        typer.echo(f"{strategy:<18} seed {seed}  {point.labels:>4} labels  {score}  ({kept})", err=True)

    plan = replace(PLAN, rounds=rounds)
    found = run(LEARN, UNSEEN, plan=plan, seeds=tuple(range(seeds)), on_round=tell)
    found.bundle.save(out / "bundle")
    (out / "eve.json").unlink(missing_ok=True)
    detector = Classifier(found.bundle)
    alerts: list[Alert] = []
    summary = detect(
        Sensor(Pcap(UNSEEN / "capture.pcap.gz")),
        [detector],
        [sink],
        verdicts=out / VERDICTS_FILE,
        tell=alerts.append,
    )
    curves = {name: average(runs) for name, runs in found.curves.items()}
    learning = curve_chapter(curves, seeds, found.pool, found.validation_labels)
    in_short, *details = chapters(found.unseen)
    page = [in_short, learning, alerts_chapter(alerts), *details]
    with replacing(out / "curves.csv") as part:
        part.write_text(curves_csv(curves))
    write_page(out / "report.html", "First light: a network never seen before", page)
    rows = [
        {"labels": at[0].labels, **{name: round(point.mean, 3) for name, point in zip(curves, at, strict=True)}}
        for at in zip(*curves.values(), strict=True)
    ]
    labels = {
        "asked": rows[-1]["labels"],
        "pool": found.pool,
        "gate": found.validation_labels,
        "calibration": found.calibration_labels,
        "seeds": seeds,
    }
    tables = judged(found.unseen, as_json=as_json)[1:4]
    told = [
        *detected(summary, alerts, detector.name, detector.false_alarm_rate, as_json=as_json),
        Section("Labels", labels),
        Section("Macro-F1 by labels answered", rows),
        *(replace(section, title=f"Unseen network: {section.title}") for section in tables),
        written(str(out), ["report.html", "curves.csv", "bundle", "eve.json", VERDICTS_FILE], "first-light"),
    ]
    show("First light", told, as_json=as_json)
    typer.echo(f"Open {out / 'report.html'}", err=True)
