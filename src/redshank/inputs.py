"""What a person names as the input of a command, and the source of flows that it means.

In: the options that commands share, and the settings of the sensor. Out: one FlowSource, ready to start.
Exactly one input is named: captures (-r), interfaces (-i) or another tool's records (--from). A wire, and whatever is
followed, has no end of its own: the first Ctrl-C, or the end of --seconds, asks it to end as a file does, so that what
was seen is finished and written; a second Ctrl-C breaks off.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redshank.core.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from redshank.config import Sensor as Settings
    from redshank.flows.source import FlowSource

STANDARD_INPUT = Path("-")
_METERED = ("capacity", "checksums", "interim_packets", "interim_s")
"""Settings of the sensor that are the meter's, by the same names. What nobody chose is as the meter has it: a service
chooses a shorter interim_s than who reads a capture."""
METER = "sensor"
"""The flow source that is our own; the others are tools' records."""

Read = Annotated[
    Path | None,
    typer.Option(
        "--read",
        "-r",
        metavar="PATH",
        help="A capture (pcap or pcapng, plain or gzip), a folder of captures, or - for standard input.",
    ),
]
Interfaces = Annotated[
    list[str] | None,
    typer.Option(
        "--interface",
        "-i",
        metavar="NAME",
        help="A network interface to watch, or any for all; may be given several times.",
    ),
]
From = Annotated[
    tuple[str, Path] | None,
    typer.Option(
        "--from",
        metavar="TOOL PATH",
        help="Records of another tool: zeek, eve, argus, nfdump, or table for our own files.",
    ),
]
Follow = Annotated[
    bool, typer.Option("--follow", help="Go on as the folder of -r, or the logs of --from, grow; end with Ctrl-C.")
]
Seconds = Annotated[
    float | None, typer.Option(min=0.001, metavar="S", help="End a wire, or what is followed, after so many seconds.")
]
Bpf = Annotated[
    str | None, typer.Option(metavar="FILTER", help="Which packets of -i to take, for example 'not port 22'.")
]

Model = Annotated[
    Path | None,
    typer.Option("--model", "-m", metavar="BUNDLE", help="Folder of a bundle; the one that ships if absent."),
]


Config = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="The service's redshank.toml: it names its store.")
]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Who decides; it is written down.")]
Because = Annotated[str, typer.Option(metavar="TEXT", help="Why; it is written down.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Store = Annotated[
    str | None, typer.Option("--store", "-s", metavar="FILE|URL", help="A store, if it is not the one of --config.")
]


def store_named(config: Path | None, store: str | None) -> Path | str:
    """Return where the store is that a person named.

    Raises:
        ConfigError: If nobody named one, or the settings are wrong.
    """
    if store:
        return store
    if config is None:
        raise ConfigError("store: none is named; give --config with the service's redshank.toml, or --store")
    from redshank.config import load

    return load(config).store_place


@dataclass(frozen=True)
class Inputs:
    """The input that a person named.

    Args:
        read: A capture, a folder of captures, or `-`.
        interfaces: Interfaces to watch.
        records: Name of a flow source, and the file or folder that it reads.
        follow: Whether to go on as files grow.
        seconds: After how long an endless input is asked to end; None: never.
        bpf: Which packets of the interfaces to take; None: as the settings say.
        table: The table of settings that names the input, as in sources.0; "": options of a command do.

    Raises:
        ConfigError: If not exactly one input is named, or an option does not go with it.
    """

    read: Path | None = None
    interfaces: tuple[str, ...] = ()
    records: tuple[str, Path] | None = None
    follow: bool = False
    seconds: float | None = None
    bpf: str | None = None
    table: str = ""

    def __post_init__(self) -> None:
        """Check that the options fit together."""
        given = [
            text
            for here, text in (
                (self.read, f"-r {self.read}"),
                (self.interfaces, f"-i {' -i '.join(self.interfaces)}"),
                (self.records, f"--from {' '.join(map(str, self.records or ()))}"),
            )
            if here
        ]
        if len(given) != 1:
            raise ConfigError(
                f"input: {' and '.join(given) or 'none'} given; name exactly one, "
                "with -r PATH, -i INTERFACE or --from TOOL PATH"
            )
        problems = []
        if self.bpf is not None and not self.interfaces:
            problems.append(f"--bpf: '{self.bpf}' is for the packets of -i; filter a capture with tcpdump -r IN -w OUT")
        if self.follow and (self.interfaces or self.read == STANDARD_INPUT):
            problems.append(f"--follow: {given[0]} is followed anyway; leave the option away")
        if self.seconds is not None and not self.endless:
            problems.append(f"--seconds: {self.seconds:g} is for a wire, or with --follow; {given[0]} has an end")
        if problems:
            raise ConfigError(problems)

    @property
    def endless(self) -> bool:
        """Whether the input has no end of its own."""
        return bool(self.interfaces) or self.follow

    @property
    def place(self) -> str:
        """What is read, for a title."""
        if self.interfaces:
            return ", ".join(self.interfaces)
        if self.records:
            return str(self.records[1])
        return "standard input" if self.read == STANDARD_INPUT else str(self.read)

    @property
    def path(self) -> Path | None:
        """The file or folder that is read, if it is one: it must not be written to."""
        if self.records:
            return self.records[1]
        return None if self.read == STANDARD_INPUT else self.read

    def source(self, settings: "Settings | None" = None, capacity: int | None = None) -> "FlowSource":
        """Open the input.

        Args:
            settings: How to meter packets; needed for interfaces. None: as the settings are by default.
            capacity: Flows that our meter holds at once; None: as the settings say.

        Raises:
            ConfigError: If there is no such tool, file or interface.
            SourceError: If the input is not what it should be, or may not be read.
        """
        try:
            return self._source(settings, capacity)
        except ConfigError as error:
            raise ConfigError(map(self._placed, error.problems)) from None

    def look(self, settings: "Settings") -> None:
        """Look for mistakes of a person without capturing; what may come right by waiting is none.

        Args:
            settings: How to meter packets.

        Raises:
            ConfigError: With all of them.
        """
        try:
            if self.interfaces:
                from redshank.capture.sources.live import plan

                bpf = settings.bpf if self.bpf is None else self.bpf
                plan(self.interfaces, bpf, settings.snap_bytes, settings.ring_mib, workers=settings.workers)
            else:
                self._source(settings, None)
        except ConfigError as error:
            raise ConfigError(map(self._placed, error.problems)) from None
        except SourceError:
            pass

    def _placed(self, problem: str) -> str:
        """Say which setting a problem is of, where a table of settings names the input."""
        if not self.table or problem.startswith((f"{self.table}.", "sensor.")):
            return problem
        bpf = "sensor.bpf" if self.bpf is None else f"{self.table}.bpf"
        named = {"live": f"{self.table}.interfaces", "capture": f"{self.table}.captures", "bpf": bpf}
        word, _, rest = problem.partition(": ")
        return f"{named[word]}: {rest}" if word in named else f"{self.table}.path: {problem}"

    def _source(self, settings: "Settings | None", capacity: int | None) -> "FlowSource":
        if self.records:
            return self._tool(*self.records)
        from redshank.flows.meter import MeterSettings

        known = settings.model_fields_set if settings else set[str]()
        chosen: dict[str, Any] = {name: getattr(settings, name) for name in _METERED if name in known}
        if capacity is not None:
            chosen["capacity"] = capacity
        meter = MeterSettings(**chosen)
        if self.interfaces:
            assert settings is not None
            from redshank.flows.wire import wire

            return wire(self.interfaces, settings, meter, bpf=settings.bpf if self.bpf is None else self.bpf)
        assert self.read is not None
        from redshank.flows.sources.sensor import Sensor

        if self.read.is_dir():
            from redshank.capture.sources.folder import Folder

            return Sensor(Folder(self.read, follow=self.follow), meter, live=self.follow, claims=True)
        if self.follow:
            if self.table:
                words = "set follow = false to read it once, or name the folder that captures are written to"
                raise ConfigError(f"{self.table}.captures: '{self.read}' is a file, which is not followed; {words}")
            raise ConfigError(f"--follow: '{self.read}' is a file; name the folder that captures are written to")
        from redshank.capture.sources.pcap import Pcap

        return Sensor(Pcap(self.read), meter, claims=True)

    def _tool(self, name: str, path: Path) -> "FlowSource":
        from redshank.flows.source import FLOW_SOURCES

        found = FLOW_SOURCES.find(name)
        if name == METER and self.table:
            words = "name captures or interfaces instead of tool and path"
            raise ConfigError(f"{self.table}.tool: '{name}' meters packets itself; {words}")
        if name == METER:
            raise ConfigError(f"--from: '{name}' meters packets itself; name a capture with -r or an interface with -i")
        if not self.follow:
            return found(path)  # type: ignore[call-arg]  # what a tool's records lie in is no part of the contract
        if not getattr(found, "FOLLOWS", False):
            if self.table:
                raise ConfigError(f"{self.table}.tool: records of '{name}' come as whole files; set follow = false")
            raise ConfigError(f"--follow: records of '{name}' come as whole files; leave the option away")
        return found(path, follow=True)  # type: ignore[call-arg]  # as above


def settings_chosen(config: Path | None) -> bool:
    """Tell whether somebody chose a setting: if not, there is nothing to check, and what checks takes long to load."""
    return config is not None or any(name.upper().startswith("REDSHANK_") for name in os.environ)


@contextmanager
def ended_in_time(inputs: Inputs, source: "FlowSource") -> Iterator[None]:
    """Ask the source to end when `inputs.seconds` are over."""
    if inputs.seconds is None:
        yield
        return
    timer = threading.Timer(inputs.seconds, source.stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def until_interrupted(inputs: Inputs, source: "FlowSource") -> Iterator[None]:
    """Let the first Ctrl-C ask an endless source to end; the second, and any for other inputs, breaks off."""
    if not inputs.endless:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        source.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
