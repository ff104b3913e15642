"""`redshank train`: train a model on a labelled dataset, beside boosted trees and the constant."""

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer


def train(
    dataset: Annotated[str, typer.Argument(help="Its name: lab, ton_iot, telemetry/fridge, ...; several: lab+iot23.")],
    data: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Its file or folder; under $REDSHANK_DATA/data if absent."),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="leakfree, group, time, zero_day, cross, official, ladder, or paper: as studies do it.")
    ] = "leakfree",
    protocol_settings: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="KEY=VALUE", help="A setting of the protocol; may be repeated."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name of the model: bilstm, fnn, lightgbm, ...")] = "bilstm",
    task: Annotated[str, typer.Option(help="binary (benign or attack) or family.")] = "binary",
    features: Annotated[
        str | None,
        typer.Option(help="Feature set, or own: the dataset's own columns. What suits the dataset if absent."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many seeds; each splits and trains anew.")] = 1,
    seed: Annotated[int, typer.Option(min=0, max=2_000_000_000, help="The first seed.")] = 0,
    compare: Annotated[bool, typer.Option(help="Also train boosted trees and the constant.")] = True,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Settings of a recipe, for example paper; --set changes single ones."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the model; may be repeated.")
    ] = None,
    clean: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP",
            help="A cleaning step such as missing:median or scale:robust; may be repeated, in order. With `paper` they "
            "come after the recipe's own.",
        ),
    ] = None,
    select: Annotated[
        str, typer.Option(help="Choose features first: reptile_search, mutual_information or recursive_elimination.")
    ] = "",
    select_from: Annotated[
        str, typer.Option(help="columns, or learned: what enters the last layer of a network.")
    ] = "columns",
    flows_per_s: Annotated[
        float, typer.Option(min=1e-6, help="Flows per second that alerts per day are stated for.")
    ] = 1.0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Below out/, named after dataset, protocol, task and model, if absent.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of tables.")] = False,
) -> None:
    """Train a model, measure it on rows it has never seen, and bundle it.

    Prints a table with 95 % intervals and writes evaluation.json, report.html, the training curve, and the bundle that
    `redshank detect --model` takes, with its model card. The same command gives the same figures. After an interrupt
    the same command goes on: networks keep state and curve after each epoch in a folder beside the results,
    <FOLDER>.training, until those are written. Needs the extra `train`.

    Example: redshank train lab --task family --model bilstm --set epochs=20
    """
    from redshank.data.clean import recorded
    from redshank.data.cleaning import clean_table, read_steps
    from redshank.data.dataset import file_name, read
    from redshank.data.protocol import PROTOCOLS, check_names, features_of, read_protocol
    from redshank.learn.compare import BESIDE
    from redshank.learn.compare import compare as run
    from redshank.learn.model import MODELS
    from redshank.learn.reference import with_reference
    from redshank.learn.selector import SELECTORS
    from redshank.learn.settings import preset as recipe
    from redshank.learn.settings import read_settings
    from redshank.learn.train import make_bundle
    from redshank.report.card import card
    from redshank.report.evaluation import destination, write
    from redshank.report.results import sections, written
    from redshank.report.summary import show

    check_names(protocol, task, features)
    asked = read_protocol(protocol, protocol_settings or [])
    chosen = {**(recipe(model, preset) if preset else {}), **read_settings(model, settings or [])}
    steps = read_steps(clean or [])
    if select:
        SELECTORS.find(select)
        chosen |= {"select": select, "select_from": select_from}
    called = file_name(dataset)
    name = f"{called}-{protocol}-{task}-{model}"
    folder = destination(out or Path("out") / name, "-o")
    kept_in = folder.with_name(f"{folder.name}.training")
    command = ["redshank", "train", dataset, "--protocol", protocol, "--model", model, "--task", task]
    command += [word for pair in protocol_settings or [] for word in ("--with", pair)]
    command += [*(["--features", features] if features else []), "--seeds", str(seeds), "--seed", str(seed)]
    command += [] if compare else ["--no-compare"]
    command += ["--preset", preset] if preset else []
    command += [word for pair in settings or [] for word in ("--set", pair)]
    command += ["--select", select, "--select-from", select_from] if select else []
    command += [word for text in clean or [] for word in ("--clean", text)]
    labelled = read(dataset, data)
    encoding = PROTOCOLS.find(protocol)(**asked).encoding(labelled, features or features_of(labelled))
    labelled, done = clean_table(labelled, steps, encoding.feature_set)
    recorded(done)
    comparison, trained, parts = run(
        labelled,
        model,
        beside=BESIDE if compare else (),
        protocol=protocol,
        task=task,
        feature_set=features,
        seeds=range(seed, seed + seeds),
        settings={**chosen, "clean": clean} if clean else chosen,
        protocol_settings=asked,
        flows_per_s=flows_per_s,
        command=shlex.join(command),
        progress=True,
        kept_in=kept_in,
    )
    bundle = None
    if not MODELS.find(model).exports:  # the model's own word, whatever stands before it
        told = f"none: {model} has no graph; it is only measured"
    elif parts.feature_set is None:
        told = "none: trained on columns that no sensor gives; it is only measured"
    else:
        told = name
        figures = comparison.models[0].evaluations[0].vector.headline
        bundle = make_bundle(trained, parts, name, figures, command=shlex.join(command))
        bundle = with_reference(bundle, labelled, parts)
    names = write(folder, comparison, bundle, more=card(comparison, bundle) if bundle else None)
    shutil.rmtree(kept_in, ignore_errors=True)
    show(
        f"Training {model} on {dataset}",
        [*sections(comparison, as_json=as_json), written(str(folder), names, told)],
        as_json=as_json,
    )
