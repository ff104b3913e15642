"""`redshank selftest`: known attacks through the whole line of a service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.checking import Finding


from redshank.inputs import AsJson


def selftest(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="A redshank.toml, whose detectors and alerts are tried; ours if none.",
        ),
    ] = None,
    sinks: Annotated[
        bool, typer.Option("--sinks", help="Send one alert that is marked as a test to every sink of the settings.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replay known attacks through detectors, alerts, store, sink and a dry run, and say what fired.

    Runs a service in a temporary folder on the recording that ships with the package: nothing of the site is written,
    blocked or told, but what --sinks asks for. Ends with code 0 if everything fired, with 1 if not.

    It tries the stages, not how well a model detects: the bundle that ships was taught on that recording. A bundle that
    learnt another network may miss a family of it.

    Example: redshank selftest

    Example: redshank selftest -c redshank.toml --sinks
    """
    import time

    from redshank import selftest as test
    from redshank import site
    from redshank.loading import load
    from redshank.report.summary import Row, Section, show

    settings = load(config, watches=False)
    named = site.sinks(settings) if sinks else {}
    found = test.findings(settings if config else test.packaged(settings))
    took = list(test.tried(named, time.time()))

    def rows(several: "list[Finding]") -> list[Row]:
        return [{"part": one.part, "fired": "yes" if one.well else "NO", "what": one.words} for one in several]

    parts = [Section("Checks", rows(found)), *([Section("Sinks", rows(took))] if sinks else [])]
    show(f"{sum(one.well for one in found)}/{len(found)} detections fired", parts, as_json=as_json)
    if not all(one.well for one in (*found, *took)):
        raise typer.Exit(1)
