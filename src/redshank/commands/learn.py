"""`redshank learn`: learn what is usual on a network, for the anomaly detector."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from redshank.core.files import replacing
from redshank.inputs import From, Inputs, Read

LEFT_OUT_FILE = "left_out.json"
DEVICES_SHOWN = 10


def learn(
    read: Read = None,
    records: From = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The benign rows of a labelled dataset, instead of -r or --from."),
    ] = None,
    clean: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="Who declares the period clean; else a classifier screens it."),
    ] = None,
    screen: Annotated[
        Path | None,
        typer.Option("--model", "-m", metavar="BUNDLE", help="The classifier that screens; what ships if absent."),
    ] = None,
    quarantine: Annotated[
        float, typer.Option(min=0, max=0.49, metavar="SHARE", help="Oddest share of the distinct flows, left out.")
    ] = 0.02,
    features: Annotated[str, typer.Option(metavar="NAME", help="Feature set.")] = "conn",
    judge: Annotated[
        str | None, typer.Option(metavar="NAME", help="A labelled dataset to measure detection on, family by family.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2_000_000_000, help="The same seed gives the same bundle.")] = 0,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the bundle is written, under its own name.")
    ] = Path("out/habits"),
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of tables.")] = False,
) -> None:
    """Learn from a period without attacks what is usual on this network.

    Flows that a classifier raises an alarm on are left out, unless somebody declares the period clean. So are the
    oddest of the rest, judged by what other devices and other times say; left_out.json beside the bundle says whose
    flows they were. The detector judges once `detectors.anomaly.bundle` names what was learnt. Needs the extra `train`.

    Example: redshank learn --from table out/week.parquet -o out/habits
    """
    import pyarrow as pa

    from redshank.core.bundle import Bundle
    from redshank.core.errors import ConfigError
    from redshank.core.files import writable_folder
    from redshank.core.schema import BENIGN, FLOW
    from redshank.data.dataset import file_name
    from redshank.data.dataset import read as read_dataset
    from redshank.detect.default import default_bundle
    from redshank.features.feature_set import FEATURE_SETS
    from redshank.learn.habits import Period, detection, learn_habits
    from redshank.report.summary import Section, show

    if clean and screen:
        raise ConfigError(f"-m: '{screen}' would screen what '{clean}' declares clean (--clean); give one of the two")
    if dataset and (read or records):
        raise ConfigError(f"--dataset: '{dataset}' is one input, and -r or --from another; name exactly one")
    if not (dataset or read or records):
        raise ConfigError("input: none given; name exactly one, with -r PATH, --from TOOL PATH or --dataset NAME")
    name = f"{file_name(dataset)}-habits" if dataset else "habits"
    FEATURE_SETS.find(features)  # what is wrong is told before a week of flows is read
    against = read_dataset(judge) if judge else None
    screener = None if clean or dataset else Bundle.load(screen or default_bundle())
    command = ["redshank", "learn", *(["--dataset", dataset] if dataset else [])]
    command += [word for option, value in (("--clean", clean), ("--judge", judge)) if value for word in (option, value)]
    command += ["--quarantine", f"{quarantine:g}", "--features", features, "--seed", str(seed)]
    if dataset:
        labelled = read_dataset(dataset)
        flows, place, clean = labelled.flows.filter(pa.array(labelled.family == BENIGN)), dataset, clean or "its labels"
    else:
        inputs = Inputs(read, (), records)
        whole = pa.Table.from_batches(inputs.source().batches(), schema=FLOW).combine_chunks()
        flows, place = (whole.to_batches() or [pa.RecordBatch.from_pylist([], schema=FLOW)])[0], inputs.place
    folder = writable_folder(out, "-o")
    period = Period(flows, dataset or "flows of this network", screener, clean or "")
    learned = learn_habits(
        period, name, feature_set=features, quarantine=quarantine, seed=seed, command=shlex.join(command)
    )
    bundle = learned.bundle
    figures = detection(bundle, against) if against else {}
    replace(bundle, manifest=replace(bundle.manifest, figures=figures)).save(folder / "bundle")
    left_out = learned.by_device(flows)
    with replacing(folder / LEFT_OUT_FILE) as part:
        part.write_text(json.dumps(left_out, indent=1) + "\n")
    told = [{"family": family, **figure} for family, figure in figures.get("families", {}).items()]
    show(
        f"What is usual in {place}",
        [
            Section("Flows", bundle.manifest.provenance["notes"]),
            Section("Left out, by device", left_out if as_json else left_out[:DEVICES_SHOWN]),
            *([Section(f"Alarms on {judge}, distinct flows", told)] if judge else []),
            Section(
                "Written",
                {
                    "folder": str(folder),
                    "bundle": bundle.manifest.name,
                    "setting": f'detectors.anomaly.bundle = "{folder / "bundle"}"',
                },
            ),
        ],
        as_json=as_json,
    )
