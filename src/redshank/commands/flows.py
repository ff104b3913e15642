"""`redshank flows`: packets, or another tool's records, to flow records."""

import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from redshank.config import Sensor as Settings
    from redshank.flows.source import FlowSource


def flows(
    read: Annotated[Path | None, typer.Option("--read", "-r", help="A capture: pcap or pcapng, plain or gzip.")] = None,
    zeek: Annotated[
        Path | None, typer.Option(help="A Zeek conn.log (tab-separated or JSON, plain or gzip), or a folder of them.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="jsonl, zeek (a conn.log), csv or parquet. If absent: by the ending of -o, otherwise jsonl.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write, instead of standard output.")] = None,
    capacity: Annotated[
        int | None, typer.Option(help="Flows the meter holds at once; the quietest are put out beyond it.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="A redshank.toml; its section sensor is used.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="End with the summary as one JSON object on standard output; needs -o.")
    ] = False,
) -> None:
    """Turn packets into flow records with the meaning of Zeek's conn.log.

    Exactly one of -r and --zeek is read. The flows go to standard output or, whole or not at all, to the file of -o.
    Options win over the environment (REDSHANK_SENSOR__CHECKSUMS), the environment over the settings file.

    Example: redshank flows -r capture.pcap --format zeek > conn.log

    Example: redshank flows --zeek /opt/zeek/logs/current -o flows.parquet --json
    """
    from redshank.config import load
    from redshank.core.errors import ConfigError
    from redshank.flows.write import SUFFIXES, check, write
    from redshank.report.progress import watched
    from redshank.report.summary import Section, show

    if (read is None) == (zeek is None):
        given = "neither is given" if read is None else f"'{read}' and '{zeek}' are given"
        raise ConfigError(f"flows: {given}; name exactly one input, with -r FILE or --zeek PATH")
    if as_json and out is None:
        raise ConfigError("--json: the flows themselves go to standard output; name a file for them with -o")
    form = form or SUFFIXES.get(out.suffix if out else "", "jsonl")
    check(form, out, read or zeek)
    sensor = load(config).sensor
    source = _source(read, zeek, capacity, sensor)
    begin = time.perf_counter()
    rows = write(watched(source, hidden=out is None and sys.stdout.isatty()), form, out)
    seconds = time.perf_counter() - begin
    anomalies = {f"{stage}.{name}": count for (stage, name), count in sorted(source.anomalies.items())}
    rate = source.packets / seconds if read else None
    if as_json:
        run = {"packets": source.packets, "flows": rows, "seconds": seconds, "packets_per_s": rate}
        show("flows", [Section("run", run), Section("anomalies", anomalies)], as_json=True)
        return
    odd = ", ".join(f"{name} {count:,}" for name, count in anomalies.items()) or "none"
    packets, speed = (f"{source.packets:,} packets, ", f", {rate:,.0f} packets/s") if rate is not None else ("", "")
    logging.getLogger(__name__).info("%s%s flows, anomalies: %s, %.2f s%s", packets, f"{rows:,}", odd, seconds, speed)


def _source(read: Path | None, zeek: Path | None, capacity: int | None, settings: "Settings") -> "FlowSource":
    from redshank.core.errors import ConfigError

    if zeek is not None:
        from redshank.flows.sources.zeek import Zeek

        if capacity is not None:
            raise ConfigError(f"--capacity: {capacity} is for the meter of -r; a log of Zeek is not metered again")
        return Zeek(zeek)
    assert read is not None
    from redshank.capture.sources.pcap import Pcap
    from redshank.flows.meter import MeterSettings
    from redshank.flows.sources.sensor import Sensor

    capacity = settings.capacity if capacity is None else capacity
    return Sensor(Pcap(read), MeterSettings(capacity=capacity, checksums=settings.checksums))
