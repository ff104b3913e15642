"""`redshank lab`: record a small IoT network, attacks included, with the truth about every flow."""

import json
from pathlib import Path
from typing import Annotated

import typer

lab = typer.Typer(
    help="A small IoT network in namespaces of this machine: devices, services and harmless emulated attacks.",
    no_args_is_help=True,
)


@lab.callback()
def about() -> None:
    """Keep `record` a command of its own."""


@lab.command()
def record(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the recording.")],
    seed: Annotated[int, typer.Option(help="Decides devices, addresses, timings and attacks.")] = 1,
    seconds: Annotated[float, typer.Option(help="How long to record, 10 to 900 s; with --fast to 86400.")] = 165.0,
    benign: Annotated[bool, typer.Option("--benign", help="Nobody attacks: hours for counting false alarms.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Wait for nothing: pauses stand in the capture alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with the summary as JSON.")] = False,
) -> None:
    """Record a lab: capture.pcap.gz, labels.csv.gz and recording.json.

    Needs root, iproute2, tcpdump and mosquitto. Nothing leaves the namespaces it makes, and they are gone afterwards.

    Example: sudo redshank lab record --seed 7 -o out/lab --seconds 60

    Example: sudo redshank lab record --benign --fast --seconds 10800 -o out/quiet
    """
    from redshank.lab.record import record as record_lab

    done = record_lab(seed, out, seconds, lambda line: typer.echo(line, err=True), attacks=not benign, fast=fast)
    if as_json:
        typer.echo(json.dumps(done.about))
        return
    for family, count in done.about["families"].items():
        typer.echo(f"{family:<12} {count:>6} flows")
    typer.echo(f"{'all':<12} {done.about['flows']:>6} flows in {done.about['frames']} frames: {done.folder}")
