"""Settings: what a person may choose, from redshank.toml and the environment.

In: a TOML file (optional) and REDSHANK_* variables (REDSHANK_DATA, REDSHANK_DETECT__FALSE_ALARM_RATE: a section and a
name, joined by two underscores); the environment wins. Out: one checked `Settings`. Every mistake is reported at once,
each with its place: nothing starts with half of its settings.
"""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from redshank.core import variables
from redshank.core.concealed import masked
from redshank.core.configured import Checked, wanted
from redshank.core.errors import ConfigError

FALSE_ALARM_RATES = (0.05, 0.01, 0.001, 0.0001)
"""The rates that a bundle has thresholds for."""
_NO_THRESHOLD = "no_threshold"

STORE_FILE = "redshank.db"
"""The store's file in service.state, if store.url names no other."""
KIND = "kind"
"""What names a sink in a table that is not called like one."""


def _with_threshold(rate: float) -> float:
    if rate not in FALSE_ALARM_RATES:
        allowed = ", ".join(map(str, FALSE_ALARM_RATES))
        raise PydanticCustomError(
            _NO_THRESHOLD, "{rate} has no threshold; allowed are {allowed}", {"rate": rate, "allowed": allowed}
        )
    return rate


class _Section(Checked, BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Sensor(_Section):
    """How packets become flows."""

    capacity: Annotated[int, Field(ge=1_024, le=16_777_216)] = 131_072
    """Flows held at once; beyond it the least recently active of a sample is put out and counted."""
    checksums: bool = False
    """Discard packets with wrong checksums, as Zeek does by default. Off: captures on the sending machine have none."""
    interim_packets: Annotated[int, Field(ge=0, le=1_000_000)] = 32
    """Packets after which a flow that goes on gets a row of its own, and again whenever they have doubled; 0: never."""
    interim_s: Annotated[float, Field(ge=0, le=86_400)] = 1.0
    """Age in seconds of packet time after which a flow that goes on gets a row of its own, as above; 0: never. Other
    commands than `redshank run` take 10 s, unless it is chosen here."""
    bpf: str = ""
    """Which packets a live sensor takes, in the words of pcap-filter(7); all if empty."""
    snap_bytes: Annotated[int, Field(ge=64, le=262_144)] = 65_535
    """Bytes of each packet that a live sensor looks at."""
    promiscuous: bool = True
    """Whether a live sensor also takes packets that are not for its own interface."""
    ring_mib: Annotated[int, Field(ge=1, le=4_096)] = 64
    """Memory in which the kernel queues packets for a live sensor, for each interface and worker."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that share the packets of a live sensor; both directions of a flow go to the same one."""


class Source(_Section):
    """One of the places that a service takes flows from: an interface, a folder of captures, or another tool."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,40}$")] = ""
    """What metrics and logs call it; its interfaces or path if empty."""
    interfaces: tuple[str, ...] = ()
    """Interfaces to watch, metered as one."""
    captures: Path | None = None
    """Folder that captures are written to; new ones are read as they are closed."""
    tool: str = ""
    """Another tool whose records are read, for example zeek or eve; `redshank flows --help` lists them."""
    path: Path | None = None
    """File or folder of that tool's records."""
    follow: bool = True
    """Whether to wait for more records or captures; otherwise the source is done at their end."""
    bpf: str = ""
    """Which packets of the interfaces to take; those of sensor.bpf if empty."""


class Detect(_Section):
    """How flows are judged."""

    detectors: Annotated[tuple[str, ...], Field(min_length=1)] = ("classifier", "signatures")
    """Which detectors judge; `redshank run` and `redshank detect` fuse what they say. `redshank detect` takes the
    classifier alone, unless they are chosen here."""
    bundle: Path | None = None
    """Folder of the model bundle; the one that ships with the package if absent."""
    models: Path | None = None
    """Shelf of bundles (`redshank models`) whose champion judges; wins over `bundle`."""
    false_alarm_rate: Annotated[
        float, AfterValidator(_with_threshold), Field(json_schema_extra={"enum": list(FALSE_ALARM_RATES)})
    ] = 0.01
    """Share of benign flows that may raise an alarm: 0.05, 0.01, 0.001 or 0.0001."""
    groups: dict[str, str] = {}
    """Name of a group of devices by network, for example cameras; drift is looked for in each. All are one if empty."""


class Alerts(_Section):
    """How verdicts become alerts."""

    window_s: Annotated[float, Field(ge=1, le=86_400)] = 300.0
    """Length of the window in which one device and family make one alert, packet time in seconds."""
    unknown_minimum: Annotated[int, Field(ge=1)] = 20
    """Unknown flows of a device in a window below which no alert is raised for them."""
    chance: Annotated[float, Field(gt=0, lt=1)] = 1e-7
    """In a service, one benign flow of a device in 1 / chance, at most, completes the evidence for an alert."""
    assets: dict[str, str] = {}
    """What devices are worth, by address or network: low, normal, high or critical; severity goes by it."""


class Store(_Section):
    """Where alerts, labels and actions are kept."""

    url: str = ""
    """postgresql://USER@HOST/NAME, or the path of an SQLite file; redshank.db in service.state if empty."""
    keep_days: Annotated[float, Field(gt=0)] = 90.0
    """Age in days after which alerts and their flows are deleted; labels and the ledger stay."""
    keep_mib: Annotated[float, Field(gt=0)] = 2_048.0
    """Size in MiB beyond which the oldest alerts are deleted; none is where all else is larger."""


class Archive(_Section):
    """Whether every flow is kept, with its verdict, in Parquet files."""

    folder: Path | None = None
    """Where; nowhere if absent."""
    file_minutes: Annotated[float, Field(gt=0, le=1_440)] = 60.0
    """Packet time after which a file is closed and another begun."""
    file_rows: Annotated[int, Field(ge=1_000, le=10_000_000)] = 1_000_000
    """Rows after which it is."""
    keep_days: Annotated[float, Field(gt=0)] = 14.0
    """Age in days after which a file is deleted."""
    keep_mib: Annotated[float, Field(gt=0)] = 10_240.0
    """Size in MiB of all files beyond which the oldest are deleted."""


class Respond(_Section):
    """What is done against a device that an alert is about; docs/how-to/respond-safely.md."""

    backend: str = "dry_run"
    """What carries actions out: dry_run only says what it would load, nftables loads it."""
    protect: tuple[str, ...] = ()
    """Addresses, networks and MACs that nothing is ever done against, beside those that the machine itself needs."""
    ssh_ports: tuple[Annotated[int, Field(ge=1, le=65_535)], ...] = (22,)
    """Ports of this machine whose sessions are an operator's: their far ends are protected."""
    repeats: int = 3
    """Windows with the same family after which evidence counts as repeated."""
    repeat_s: float = 86_400.0
    """Within how long, in s."""
    model_alone: bool = False
    """Whether one model's word may act without a person."""
    fresh_s: Annotated[float, Field(gt=0)] = 3_600.0
    """How long after its last flow an alert is answered, in s: later, as in an old log, its address may be another
    device's. A person who confirms it may be later; a dry run, which harms nobody, answers at any age."""
    ladder_s: tuple[float, ...] = (600.0, 3_600.0, 86_400.0, 604_800.0)
    """How long the first, second, ... action against one address holds at least, in s."""
    rules: tuple[dict[str, Any], ...] = ()
    """The table of what to do, one [[respond.rules]] each, the first that fits counts; a careful one if empty."""
    breaker: dict[str, int] = {}
    """How much may happen at once, in a table [respond.breaker]."""
    devices: dict[str, tuple[str, ...]] = {}
    """Addresses, networks and MACs by the name of a device class, for the rules."""


class Questions(_Section):
    """What a person is asked while `redshank run` runs; `redshank label` and the console show it."""

    per_day: Annotated[int, Field(ge=0, le=1_000)] = 24
    """Flows that a person is asked about in 24 hours, at most; 0: none."""
    answer_costs: Annotated[float, Field(ge=0)] | None = None
    """What an answer costs, in minutes or any unit: with the next one, pages say when more labels stop paying."""
    point_is_worth: Annotated[float, Field(gt=0)] | None = None
    """What a point of macro-F1 is worth, in the same unit."""


class Service(_Section):
    """How `redshank run` runs."""

    state: Path = Path("/var/lib/redshank")
    """Folder for what must survive a restart."""
    metrics: str = "127.0.0.1:9477"
    """Address and port of the Prometheus endpoint; none if empty."""
    waiting_rows: Annotated[int, Field(ge=1_000, le=100_000_000)] = 262_144
    """Flow rows that may wait to be judged, of 128 MiB together; beyond it rows of a wire are shed, and counted."""
    drain_s: Annotated[float, Field(ge=0, le=600)] = 20.0
    """Time to judge and deliver what is left when the service is asked to end; the end takes at most 15 s more."""


class Console(_Section):
    """The analyst's pages, which `redshank console` shows; docs/how-to/console.md."""

    listen: str = "127.0.0.1:8477"
    """Address and port; one that others can reach needs a certificate or a proxy."""
    hosts: tuple[str, ...] = ()
    """What people type into the browser to get there, beside localhost; other names are refused."""
    certificate: Path | None = None
    """File with the certificate, and those between it and its root, in PEM form."""
    key: Path | None = None
    """File with its private key."""
    behind_proxy: bool = False
    """Whether a proxy in front has TLS, and says for whom and how it asks."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses and networks of such proxies; X-Forwarded-For and -Proto of others are not believed."""
    idle_minutes: Annotated[float, Field(ge=1, le=1_440)] = 60.0
    """After how long without use somebody is logged out."""
    session_hours: Annotated[float, Field(ge=0.1, le=720)] = 12.0
    """After how long in all."""
    training_data: Path | None = None
    """File or folder of the dataset that the champion was made from, to retrain it; where it usually is if absent."""


class Settings(_Section):
    """All settings."""

    data: Path = Path("../shared")
    """Folder that holds the public datasets and captures; a relative path begins where the program was started."""
    sources: tuple[Source, ...] = ()
    """Where a service takes flows from: one [[sources]] table each."""
    sensor: Sensor = Sensor()
    detect: Detect = Detect()
    detectors: dict[str, dict[str, Any]] = {}
    """Settings of a detector, in a table [detectors.NAME]; docs/reference/extensions.md lists them."""
    alerts: Alerts = Alerts()
    sinks: dict[str, dict[str, Any]] = {}
    """Where alerts go: one table [sinks.NAME] each; `kind` names the sink if NAME does not."""
    respond: Respond = Respond()
    backends: dict[str, dict[str, Any]] = {}
    """Settings of what carries actions out, in a table [backends.NAME]."""
    store: Store = Store()
    archive: Archive = Archive()
    questions: Questions = Questions()
    service: Service = Service()
    console: Console = Console()

    @property
    def store_place(self) -> Path | str:
        """Where the store is."""
        return self.store.url or self.service.state / STORE_FILE


Also = Callable[[Settings, Collection[str]], Sequence[str]]


def load(path: Path | None = None, also: Also | None = None) -> Settings:
    """Read the settings.

    Args:
        path: The settings file; none if absent.
        also: Asked for what else is wrong, if something is: of settings with defaults in place of those that are
            wrong, and the names of these, as in "alerts.window_s".

    Raises:
        ConfigError: With every problem found: where, what was given, what is allowed.

    Example:
        >>> load().alerts.window_s
        300.0
    """
    problems: list[str] = []
    text = ""
    values: dict[str, Any] = {}
    try:
        if path:
            text, values = _read(path)
    except ConfigError as error:
        problems, also = error.problems, None  # nobody knows what else it would have said
    strange = variables.mistakes(Settings, values)
    settings, wrong = _right(_over(values, variables.given(Settings, without=strange)))
    problems += [*strange.values(), *(_problem(item, path, text) for item in wrong)]
    if problems and also:
        names = {*map(variables.named, strange), *(_name(item) for item in wrong)}
        problems += also(settings, names)
    if problems:
        raise ConfigError(problems)
    return settings


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, table by table; what stands in both is that of `above`."""
    made = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], Mapping) and isinstance(above[name], Mapping):
            made[name] = _over(below[name], above[name])
    return made


def _right(values: dict[str, Any]) -> tuple[Settings, list[ErrorDetails]]:
    """Return the settings with defaults in place of what is wrong, and what that is."""
    try:
        return Settings(**values), []
    except ValidationError as error:
        wrong = error.errors()
    rest = values
    for item in wrong:
        rest = _without(rest, item["loc"])
    settings, more = _right(rest) if rest != values else (Settings(), [])
    return settings, wrong + more


def _without(values: Mapping[str, Any], place: Sequence[int | str]) -> dict[str, Any]:
    """Return a copy without what stands at a place, or without the list of plain values that it stands in."""
    name, *inside = place
    rest = {**values}
    inner = rest.pop(str(name), None)
    if isinstance(inner, Mapping) and inside:
        rest[str(name)] = _without(inner, inside) if inside[0] in inner else inner
    elif isinstance(inner, list | tuple) and len(inside) > 1 and isinstance(inner[int(inside[0])], Mapping):
        at = int(inside[0])
        rest[str(name)] = [*inner[:at], _without(inner[at], inside[1:]), *inner[at + 1 :]]
    return rest


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text()
    except OSError as error:
        raise ConfigError(f"settings: cannot read '{path}' ({error.strerror}); name an existing file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"settings: '{path}' is not text in UTF-8; name a TOML file") from None
    try:
        return text, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"settings: '{path}' is not TOML: {error}") from None


def _name(item: ErrorDetails) -> str:
    return ".".join(str(part) for part in item["loc"])


def _problem(item: ErrorDetails, path: Path | None, text: str) -> str:
    name = _name(item)
    place = _place(name, path, text)
    if item["type"] == _NO_THRESHOLD:
        return f"{name}: {item['msg']} ({place})"
    if item["type"] == "extra_forbidden":
        return f"{name}: there is no such setting ({place}); docs/reference/settings.md lists them all"
    return f"{name}: {masked(repr(item['input']))[:80]} is not allowed: {wanted(item)} ({place})"


def _place(name: str, path: Path | None, text: str) -> str:
    """Say where a setting stands, or would stand."""
    return place_of(name, path, text) or (str(path) if path else f"environment, {variables.variable_of(name)}")


def place_of(name: str, path: Path | None, text: str) -> str | None:
    r"""Return where a setting stands: the file and line, or the environment variable; None if nothing names it.

    Args:
        name: Its sections and its name: "sources.0.bpf".
        path: The settings file.
        text: What is in it.

    Example:
        >>> place_of("alerts.window_s", Path("redshank.toml"), "[alerts]\nwindow_s = 60\n")
        'redshank.toml, line 2'
    """
    *sections, key = name.split(".")
    section = ""
    tables: Counter[str] = Counter()
    variable = variables.variable_of(name)
    # Of several values in JSON one may be wrong.
    given = [one for one in map(str.upper, os.environ) if variable == one or variable.startswith(f"{one}__")]
    if given:
        return f"environment, {max(given, key=len)}"
    for number, line in enumerate(text.splitlines(), start=1):
        heading = re.match(r"\s*(\[+)([^\]]+)\]", line)
        if heading:
            section = heading.group(2).strip()
            if section == name:
                return f"{path}, line {number}"
            if heading.group(1) == "[[":
                tables[section] += 1
                section = f"{section}.{tables[section] - 1}"
        elif section == ".".join(sections) and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return f"{path}, line {number}"
    return None
