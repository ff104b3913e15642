"""`redshank detect`: judge a capture or a log, and say who did what."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.core.files import replacing
from redshank.inputs import Bpf, Follow, From, Inputs, Interfaces, Model, Read, Seconds, ended_in_time

if TYPE_CHECKING:
    from redshank.core.records import Alert
    from redshank.detect.detector import Detector
    from redshank.detect.served import Served
    from redshank.pipeline.tally import Summary
    from redshank.report.summary import Row, Section

EVE_FILE = "eve.json"
SHADOW_FILE = "shadow.json"
GRAVEST = 5  # families whose measure a person reads
SHOWN = 1_000  # alerts kept for the table; the sinks get them all


def detect(
    read: Read = None,
    interfaces: Interfaces = None,
    records: From = None,
    follow: Follow = False,
    seconds: Seconds = None,
    bpf: Bpf = None,
    bundle: Model = None,
    models: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A shelf of bundles: the one in service judges, and a switch is followed."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--log", "-l", metavar="DIR", help="Folder for verdicts.parquet (replaced) and eve.json (appended)."
        ),
    ] = None,
    false_alarm_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE", help="Share of benign flows that may raise an alarm: 0.05, 0.01, 0.001 or 0.0001."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="A redshank.toml.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of tables.")] = False,
) -> None:
    """Find attacks on a wire, in a capture, or in another tool's records.

    Prints one line per alert (who, what, how often, against whom, what to do), a summary, and whether traffic is still
    what each bundle learnt from (drift). Options win over the environment (REDSHANK_DETECT__FALSE_ALARM_RATE), the
    environment over the settings file.

    Exactly one of -r, -i and --from is read. With --models the champion of a shelf judges (`redshank models`): another
    one that is promoted meanwhile takes over between two batches, and alarms of a shadow are counted, in shadow.json
    too if there is a -l.

    Example: redshank detect -r plant.pcap.gz -l out/plant

    Example: redshank detect -i eth1 -l out/today
    """
    from redshank.alerts.group import GroupSettings
    from redshank.alerts.sinks.eve import Eve
    from redshank.config import load
    from redshank.core.errors import ConfigError
    from redshank.core.files import writable_folder
    from redshank.core.metrics import Metrics
    from redshank.detect.detectors.classifier import Classifier
    from redshank.detect.served import Served
    from redshank.pipeline.run import run
    from redshank.pipeline.verdict_file import VERDICTS_FILE
    from redshank.report.summary import Section, show
    from redshank.site import CLASSIFIER, detectors

    inputs = Inputs(read, tuple(interfaces or ()), records, follow, seconds, bpf)
    settings = load(config)
    source = inputs.source(settings.sensor)
    if bundle and models:
        raise ConfigError(f"-m: '{bundle}' is one bundle, and --models '{models}' a shelf of them; give one of the two")
    options = {"bundle": bundle, "models": models, "false_alarm_rate": false_alarm_rate}
    chosen: dict[str, object] = {name: value for name, value in options.items() if value is not None}
    if bundle:
        chosen["models"] = None
    if "detectors" not in settings.detect.model_fields_set and not settings.detectors:
        chosen["detectors"] = (CLASSIFIER,)
    metrics = Metrics()
    judged = settings.detect.model_copy(update=chosen)
    judges = detectors(settings.model_copy(update={"detect": judged}), metrics)
    folder = writable_folder(out, "-l") if out else None
    alerts: list[Alert] = []
    with ended_in_time(inputs, source):
        summary = run(
            source,
            judges,
            [Eve(folder / EVE_FILE)] if folder else [],
            grouping=GroupSettings(window_s=settings.alerts.window_s, unknown_minimum=settings.alerts.unknown_minimum),
            verdicts=folder / VERDICTS_FILE if folder else None,
            tell=lambda alert: alerts.append(alert) if len(alerts) < SHOWN else None,
            metrics=metrics,
            endless=inputs.endless,
        )
    classifiers = [judge for judge in judges if isinstance(judge, Classifier | Served)]
    names = ", ".join(judge.name for judge in classifiers) or ", ".join(judged.detectors)
    rate = classifiers[0].false_alarm_rate if classifiers else str(judged.false_alarm_rate)
    told = [*sections(summary, alerts, names, rate, as_json=as_json), Section("Drift", drift(judges))]
    for judge in classifiers:
        if isinstance(judge, Served):
            told += served(judge)
            if folder and judge.shadow:
                write_agreement(judge, folder / SHADOW_FILE)
    show(f"Detection in {inputs.place}", told, as_json=as_json)
    if summary.interrupted:
        raise typer.Exit(130)


def sections(summary: "Summary", alerts: "list[Alert]", bundle: str, rate: str, *, as_json: bool) -> "list[Section]":
    """Return the sections that end a run of detection.

    Args:
        summary: What the pipeline saw.
        alerts: The alerts to list.
        bundle: Name of the bundle that judged.
        rate: The false-alarm rate in force.
        as_json: Whether they will be shown as JSON: then every alert says what to do; a person reads that once for
            each family, for its gravest alert.
    """
    from redshank.core.records import SEVERITIES
    from redshank.flows.sources.sensor import SEEN
    from redshank.report.summary import Section

    gravest = sorted(alerts, key=lambda alert: (-SEVERITIES.index(alert.severity), alert.first_seen_s))
    first: dict[str, Alert] = {}
    for alert in gravest:
        first.setdefault(alert.family, alert)
    measures = {f"{a.device} ({a.family})": a.measure for a in list(first.values())[:GRAVEST]}
    anomalies = sum(count for name, count in summary.anomalies.items() if not name.startswith(f"{SEEN}."))

    seconds = max(summary.seconds, 1e-9)
    told: list[Row] = [
        {"family": family, "severity": grade, "alerts": n} for (family, grade), n in summary.alerts.items()
    ]
    talkers: list[Row] = [{"device": t.device, "flows": t.flows, "ip_bytes": t.ip_bytes} for t in summary.talkers]
    return [
        Section("Alerts", [_row(alert, as_json=as_json) for alert in gravest]),
        *([] if as_json or not alerts else [Section("What to do first", measures)]),
        Section(
            "Summary",
            {
                "packets": summary.packets,
                "bytes": summary.packet_bytes,
                "flows": summary.flows,
                "alarms": summary.alarms,
                "alerts": sum(summary.alerts.values()),
                "alerts_shown": len(alerts),
                "alerts_undelivered": sum(summary.undelivered.values()),
                "anomalies": anomalies,
                "bundle": bundle,
                "false_alarm_rate": rate,
                "interrupted": summary.interrupted,
                "seconds": summary.seconds,
                "packets_per_s": summary.packets / seconds,
                "flows_per_s": summary.flows / seconds,
            },
        ),
        Section("Verdicts by family", summary.verdicts),
        Section("Alerts by family and severity", told),
        Section("Top talkers", talkers),
        Section("Anomalies of input", summary.anomalies),
    ]


def drift(detectors: "Sequence[Detector]") -> "list[Row]":
    """Return a row for each detector that looks for drift and each group of devices that it compared.

    One whose flows filled no comparison has a row without a group. Comparisons are the last 256 of a detector.
    """
    from redshank.detect.detector import kind_of

    rows: list[Row] = []
    for detector in detectors:
        made = detector.compared() if detector.compares else ()
        for group in dict.fromkeys(one.group for one in made) or ([None] if detector.compares else []):
            own = [one for one in made if one.group == group]
            moved = detector.moved.get(group or "")
            rows.append(
                {
                    "detector": kind_of(detector),
                    "group": group,
                    "comparisons": len(own),
                    "moved": sum(one.moved for one in own),
                    "last_p_value": own[-1].p_value if own else None,
                    "columns_that_moved": moved.most if moved else None,
                }
            )
    return rows


def served(detector: "Served") -> "list[Section]":
    """Return the sections that say what became of a shelf's bundles: switches, and the shadow beside the champion."""
    from redshank.report.summary import Section

    told = [Section("Models", dict(sorted(detector.events.items())))] if detector.events else []
    if detector.shadow:
        told.append(Section("Shadow", {"bundle": detector.shadow, "flows": detector.flows}))
        told.append(Section("Alarms of champion and shadow", list(detector.agreement())))
    return told


def write_agreement(detector: "Served", path: Path) -> None:
    """Write what champion and shadow agree on; an older file is replaced."""
    found = {
        "champion": detector.name,
        "shadow": detector.shadow,
        "flows": detector.flows,
        "alarms": list(detector.agreement()),
    }
    with replacing(path) as part:
        part.write_text(json.dumps(found, indent=1) + "\n")


def _row(alert: "Alert", *, as_json: bool) -> "Row":
    # Time 0 stands for flows whose time was masked.
    at = datetime.fromtimestamp(max(alert.first_seen_s, 0), tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    others = alert.target_count - 1
    row: dict[str, str | int | float | None] = {
        "time": at if alert.first_seen_s else None,
        "severity": alert.severity,
        "device": alert.device or None,
        "family": alert.family,
        "count": alert.count,
        "targets": ((alert.targets or ("",))[0] or "-") + (f" +{others}" if others > 0 else ""),
        "score": round(alert.score, 6),
    }
    return {**row, "measure": alert.measure} if as_json else row
