"""`redshank flows`: packets, or another tool's records, to flow records."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redshank.inputs import (
    Bpf,
    Follow,
    From,
    Inputs,
    Interfaces,
    Read,
    Seconds,
    ended_in_time,
    settings_chosen,
    until_interrupted,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from redshank.flows.devices import Devices


def flows(
    read: Read = None,
    interfaces: Interfaces = None,
    records: From = None,
    follow: Follow = False,
    seconds: Seconds = None,
    bpf: Bpf = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="jsonl, zeek (a conn.log), csv or parquet. If absent: by the ending of -o, otherwise jsonl.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write, instead of standard output.")] = None,
    devices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the devices seen: .jsonl, .csv or .parquet, by the ending."),
    ] = None,
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

    Exactly one of -r, -i and --from is read. The flows go to standard output or, whole or not at all, to the file of
    -o. A flow that goes on gets a row marked interim after 32 packets or 10 s (settings of the section sensor), and its
    last row is marked final. Options win over the environment (REDSHANK_SENSOR__CHECKSUMS), the environment over the
    settings file.

    Example: redshank flows -r capture.pcap --format zeek > conn.log

    Example: redshank flows -i eth1 --bpf 'not port 22' -o today.parquet --devices devices.csv

    Example: redshank flows --from zeek /opt/zeek/logs/current -o flows.parquet --json
    """
    # Before numpy comes: nothing here multiplies matrices, and each thread that waits to do so spins for a moment.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from redshank.core.errors import ConfigError
    from redshank.flows.write import SUFFIXES, check, write, write_devices
    from redshank.report.progress import watched
    from redshank.report.summary import Section, show

    inputs = Inputs(read, tuple(interfaces or ()), records, follow, seconds, bpf)
    if as_json and out is None:
        raise ConfigError("--json: the flows themselves go to standard output; name a file for them with -o")
    form = form or SUFFIXES.get(out.suffix if out else "", "jsonl")
    check(form, out, inputs.path)
    if devices is not None:
        table = SUFFIXES.get(devices.suffix, "jsonl")
        if table == "zeek":
            raise ConfigError(f"--devices: '{devices}' would be a log of Zeek; name a .jsonl, .csv or .parquet file")
        check(table, devices, inputs.path)
    if capacity is not None and inputs.records:
        raise ConfigError(f"--capacity: {capacity} is for our own meter; records of other tools are not metered again")
    sensor = None
    if inputs.interfaces or settings_chosen(config):
        from redshank.config import load

        sensor = load(config).sensor
    source = inputs.source(sensor, capacity)
    inventory = None
    if devices is not None:
        from redshank.flows.devices import Devices
        from redshank.flows.vendor import Vendors

        vendors = Vendors()
        inventory = Devices(vendors=vendors)
        if not vendors.known:
            told = "--devices: without names of vendors; Debian's package ieee-data has them (apt install ieee-data)"
            logging.getLogger(__name__).warning(told)
    begin = time.perf_counter()
    with ended_in_time(inputs, source), until_interrupted(inputs, source):
        batches = watched(source, hidden=out is None and sys.stdout.isatty())
        rows = write(_noticing(inventory, batches) if inventory is not None else batches, form, out)
    took_s = time.perf_counter() - begin
    if inventory is not None and devices is not None:
        write_devices(inventory.rows(), table, devices)
    anomalies = {f"{stage}.{name}": count for (stage, name), count in sorted(source.anomalies.items())}
    if inventory is not None and inventory.evicted:
        anomalies["devices.evicted"] = inventory.evicted
    rate = source.packets / took_s if not inputs.records else None
    if as_json:
        run = {"packets": source.packets, "flows": rows, "seconds": took_s, "packets_per_s": rate}
        show("flows", [Section("run", run), Section("anomalies", anomalies)], as_json=True)
        return
    odd = ", ".join(f"{name} {count:,}" for name, count in anomalies.items()) or "none"
    packets, speed = (f"{source.packets:,} packets, ", f", {rate:,.0f} packets/s") if rate is not None else ("", "")
    logging.getLogger(__name__).info("%s%s rows, anomalies: %s, %.2f s%s", packets, f"{rows:,}", odd, took_s, speed)


def _noticing(devices: "Devices", batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    for batch in batches:
        devices.take(batch)
        yield batch
