"""`redshank run`: the service of a site."""

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.pipeline.tally import Summary
    from redshank.report.summary import Section

READ_WITHIN_S = 5.0
"""How long the end waits for whoever reads the summary."""

_log = logging.getLogger(__name__)


def run(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="A redshank.toml (`redshank config example`)."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Ask the service to end after so many seconds.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead of text.")] = False,
) -> None:
    """Watch a site: sources, detectors, alerts to sinks, responses, until asked to end.

    The settings name several of each. detect.detectors says who judges: classifier and signatures if it is not set.

    Every mistake in the settings is told before the first packet. Ctrl-C or SIGTERM asks the service to end: it judges
    what has arrived, delivers what it can within service.drain_s, and ends with code 0 at most 15 s later, also if the
    store hangs; a second one ends it at once, and nothing is lost but what was not judged yet. What a sink did not take
    is tried again by the next run. Alerts that the store did not take until the end, or that are lost, are an error,
    with code 1.

    SIGHUP reads watchlists and respond.protect again; other settings need a restart. Files of alerts may be moved away
    at any time: each alert opens its file anew.

    Responses are a dry run unless respond.backend says otherwise.

    Example: redshank run -c redshank.toml
    """
    from redshank.core.errors import ActionError
    from redshank.core.metrics import LOST
    from redshank.loading import load
    from redshank.report.summary import show
    from redshank.running import Running

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # one that comes before there is anything to read again
    # Who reads them again looks at no store, folder or source: flows wait meanwhile.
    with Running(load(config), again=lambda: load(config, watches=False)) as running:
        done = _until_asked(running.stop, running.reload, running.run, seconds)
    # What could not be kept is known when everything has ended.
    try:
        show("Service", sections(done, running.metrics.named(LOST)), as_json=as_json, within_s=READ_WITHIN_S)
    except TimeoutError as error:
        _log.warning("the summary is not written: %s", error)
    if words := running.unkept:
        raise ActionError(words)


def _until_asked(
    stop: Callable[[], None], again: Callable[[], None], work: "Callable[[], Summary]", seconds: float | None
) -> "Summary":
    """Work, and let the first signal ask for the end; the second breaks off. SIGHUP reads lists again."""

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        _log.info("%s: ending; once more breaks off", signal.Signals(number).name)
        stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))

    def go_on(number: int, frame: FrameType | None) -> None:
        del number, frame
        again()

    handlers = {signal.SIGINT: ask, signal.SIGTERM: ask, signal.SIGHUP: go_on}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    timer = threading.Timer(seconds, stop) if seconds else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        return work()
    finally:
        if timer:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def sections(done: "Summary", lost: Mapping[str, int]) -> "list[Section]":
    """Return what a service tells at its end, with what was lost until then."""
    from redshank.report.summary import Section

    return [
        Section(
            "Summary",
            {
                "packets": done.packets,
                "bytes": done.packet_bytes,
                "flows": done.flows,
                "alarms": done.alarms,
                "alerts": sum(done.alerts.values()),
                "seconds": done.seconds,
            },
        ),
        Section("Verdicts by family", done.verdicts),
        Section(
            "Alerts by family and severity",
            [{"family": family, "severity": grade, "alerts": n} for (family, grade), n in done.alerts.items()],
        ),
        Section("Anomalies of input", done.anomalies),
        Section("Rows given up", done.shed),
        Section("Lost", dict(lost)),
    ]
