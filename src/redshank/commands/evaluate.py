"""`redshank evaluate`: judge a bundle on a labelled dataset, with the runtime that serves it."""

import shlex
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.")],
    dataset: Annotated[str, typer.Argument(help="Its name: lab, ton_iot, telemetry/fridge, ...")],
    data: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Its file or folder; under $REDSHANK_DATA/data if absent."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Every row, for a dataset the bundle was not trained on.")
    ] = False,
    flows_per_s: Annotated[
        float, typer.Option(min=1e-6, help="Flows per second that alerts per day are stated for.")
    ] = 1.0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Also write evaluation.json and report.html.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of tables.")] = False,
) -> None:
    """Judge a bundle on rows it was not trained on.

    Without --whole these are the test part of the dataset, split with the protocol and seed that the bundle names.
    Scores with ONNX Runtime, as a gateway does. A family that the bundle has no class for counts as an attack.

    Example: redshank evaluate out/lab-leakfree-binary-bilstm/bundle ton_iot --whole
    """
    from redshank.core.bundle import Bundle
    from redshank.data.dataset import find_all, read
    from redshank.learn.retest import retest
    from redshank.report.evaluation import destination, write
    from redshank.report.results import sections, written
    from redshank.report.summary import show

    loaded = Bundle.load(bundle)
    find_all(dataset)  # a wrong name is told before anything is read
    folder = destination(out, "-o") if out else None
    command = ["redshank", "evaluate", loaded.manifest.name, dataset, *(["--whole"] if whole else [])]
    comparison = retest(
        loaded,
        read(dataset, data),
        whole=whole,
        flows_per_s=flows_per_s,
        command=shlex.join(command),
    )
    told = sections(comparison, as_json=as_json)
    if folder:
        told.append(written(str(folder), write(folder, comparison), loaded.manifest.name))
    show(f"Evaluation of {loaded.manifest.name} on {dataset}", told, as_json=as_json)
