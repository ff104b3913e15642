"""`redshank tune`: search the settings of a model on the validation part of a dataset."""

import shlex
from pathlib import Path
from typing import Annotated

import typer


def tune(
    dataset: Annotated[str, typer.Argument(help="Its name: lab, ton_iot, telemetry/fridge, ...")],
    data: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Its file or folder; under $REDSHANK_DATA/data if absent."),
    ] = None,
    protocol: Annotated[str, typer.Option(help="Name of the protocol, see `redshank train`.")] = "leakfree",
    protocol_settings: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="KEY=VALUE", help="A setting of the protocol; may be repeated."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name of the model: bilstm, fnn, lightgbm, ...")] = "bilstm",
    task: Annotated[str, typer.Option(help="binary (benign or attack) or family.")] = "binary",
    features: Annotated[str | None, typer.Option(help="Feature set, or own, see `redshank train`.")] = None,
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="Trials in all, those of earlier calls too.")] = 20,
    by: Annotated[str, typer.Option(help="loss or macro_f1 of the validation part.")] = "loss",
    seed: Annotated[int, typer.Option(min=0, max=2_000_000_000, help="Of the split, the search and the models.")] = 0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting to keep; may be repeated.")
    ] = None,
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
    """Search the settings of a model; the test part is not touched.

    Each trial trains on the train part and is judged on the validation part; what is worse than half of the trials
    before it ends early. Every trial is written as it ends, and the same command goes on after an interrupt. Ends with
    the command that trains with the best settings. Needs the extra `train`.

    Example: redshank tune ton_iot --task family --model lightgbm --trials 40
    """
    from redshank.core.files import writable_folder
    from redshank.data.dataset import file_name, read
    from redshank.data.protocol import check_names, partition, read_protocol
    from redshank.learn.settings import read_settings
    from redshank.learn.tune import tune as search
    from redshank.report.summary import Section, show

    check_names(protocol, task, features)
    asked = read_protocol(protocol, protocol_settings or [])
    kept = read_settings(model, settings or [])
    called = file_name(dataset)
    folder = writable_folder(out or Path("out") / f"tune-{called}-{protocol}-{task}-{model}", "-o")
    labelled = read(dataset, data)
    parts = partition(labelled, protocol=protocol, task=task, feature_set=features, seed=seed, **asked)
    found = search(parts, model, folder, trials=trials, by=by, settings=kept, seed=seed)
    command = ["redshank", "train", dataset, *(["--data", str(data)] if data else [])]
    command += ["--protocol", protocol, "--model", model, "--task", task]
    command += [word for pair in protocol_settings or [] for word in ("--with", pair)]
    command += [*(["--features", features] if features else []), "--seed", str(seed), *found.options()]
    best: dict[str, str | int | float | None] = {
        f"validation {by}": found.value,
        **found.trials,
        "folder": str(folder),
        "train": shlex.join(command),
    }
    show(f"Tuning {model} on {dataset}", [Section("Best", best)], as_json=as_json)
