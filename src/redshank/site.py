"""Make from the settings what a service is wired of, and find every mistake before anything runs.

In: `Settings`. Out: sources to open, detectors, sinks. The one idea: `redshank check` and `redshank run` make the same
things by the same functions, so what was checked is what runs.
"""

from collections.abc import Callable
from typing import TypeVar

from redshank.alerts.sink import SINKS, Sink
from redshank.config import Settings, Source
from redshank.core.configured import configured
from redshank.core.errors import ConfigError, RedshankError
from redshank.flows.source import FLOW_SOURCES, FlowSource
from redshank.inputs import Inputs
from redshank.pipeline.service import Feed

T = TypeVar("T")
KIND = "kind"
"""What names a sink in a table that is not called like one."""


class Problems:
    """Every mistake found so far.

    Example:
        >>> found = Problems()
        >>> found.attempt(lambda: sinks(Settings(sinks={"bell": {}})))
        >>> found.lines[0].partition(";")[0]
        "sinks.bell: 'bell' is no sink"
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def attempt(self, make: Callable[[], T]) -> T | None:
        """Return what `make` makes; None if it finds a mistake, which is kept."""
        try:
            return make()
        except ConfigError as error:
            self.lines += error.problems
        except RedshankError as error:
            self.lines.append(str(error))
        return None

    def end(self) -> None:
        """Raise what was found.

        Raises:
            ConfigError: If anything was.
        """
        if self.lines:
            raise ConfigError(self.lines)


def feeds(settings: Settings) -> dict[str, Feed]:
    """Return the sources by name; they are not opened yet.

    Raises:
        ConfigError: If there are none, two have one name, or one of them is not named well; all at once.
    """
    problems: list[str] = []
    found: dict[str, Feed] = {}
    for number, source in enumerate(settings.sources):
        where = f"sources.{number}"
        wrong = list(_wrong(source, where))
        name = source.name or "+".join(source.interfaces) or str(source.captures or source.path)
        if name in found:
            wrong.append(f"{where}.name: there are two sources called '{name}'; give each a name of its own")
        problems += wrong
        if not wrong:
            found[name] = _feed(source, settings)
    if not settings.sources:
        problems.append("sources: none given; name one in a [[sources]] table, for example interfaces = ['eth1']")
    if problems:
        raise ConfigError(problems)
    return found


def sinks(settings: Settings) -> dict[str, Sink]:
    """Return the sinks by name.

    Raises:
        ConfigError: If one cannot be made; all at once.
    """
    problems = Problems()
    made = {}
    for name, values in settings.sinks.items():
        where = f"sinks.{name}"
        kind = values.get(KIND, name)
        if not isinstance(kind, str) or kind not in SINKS.names():
            known = ", ".join(SINKS.names())
            problems.lines.append(
                f"{where}: {str(kind)[:40]!r} is no sink; there are {known}; with another name of the table, name one "
                f"as {KIND}"
            )
            continue
        rest = {key: value for key, value in values.items() if key != KIND}
        sink = problems.attempt(lambda kind=kind, rest=rest, where=where: configured(SINKS, kind, rest, where))  # type: ignore[misc]
        if sink is not None:
            made[name] = sink
    problems.end()
    return made


def _wrong(source: Source, where: str) -> list[str]:
    given = {
        "interfaces": ", ".join(source.interfaces),
        "captures": str(source.captures or ""),
        "tool": source.tool or str(source.path or ""),
    }
    named = [f"{name} = {text}" for name, text in given.items() if text]
    if len(named) != 1:
        return [f"{where}: {' and '.join(named) or 'nothing'} given; name exactly one of {', '.join(given)}"]
    problems = []
    if bool(source.tool) != bool(source.path):
        missing = "path" if source.tool else "tool"
        problems.append(f"{where}.{missing}: nothing given; a tool's records need both, tool and path")
    elif source.tool and source.tool not in FLOW_SOURCES.names():
        problems.append(f"{where}.tool: no '{source.tool}'; there are {', '.join(FLOW_SOURCES.names())}")
    if source.bpf and not source.interfaces:
        problems.append(f"{where}.bpf: '{source.bpf}' is for the packets of interfaces; leave it away")
    return problems


def _feed(source: Source, settings: Settings) -> Feed:
    def opened() -> FlowSource:
        return Inputs(
            read=source.captures,
            interfaces=source.interfaces,
            records=(source.tool, source.path) if source.path else None,
            follow=source.follow and not source.interfaces,
            bpf=source.bpf or None,
        ).source(settings.sensor)

    return Feed(opened, patient=not source.interfaces)
