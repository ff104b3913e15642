"""The sources of a service, as its settings name them.

In: `Settings`. Out: a Feed by name for each table [[sources]], or every mistake in them. The one idea: a source is
opened when the service runs, and again when it failed; what a person got wrong is told before, of all of them at once.
"""

from functools import partial

from redshank.config import Settings, Source
from redshank.core.problems import Problems
from redshank.flows.source import FLOW_SOURCES, FlowSource
from redshank.inputs import Inputs
from redshank.pipeline.service import Feed


def feeds(settings: Settings, *, here: bool = False) -> dict[str, Feed]:
    """Return the sources by name; they are not opened yet.

    Args:
        settings: Of everything.
        here: Whether it is looked, as far as that goes without capturing, if what they name is there.

    Raises:
        ConfigError: If there are none, two have one name, one of them is not named well, or is not there; all at once.
    """
    problems = Problems()
    found: dict[str, Feed] = {}
    for number, source in enumerate(settings.sources):
        where = f"sources.{number}"
        wrong = list(_wrong(source, where))
        name = source.name or "+".join(source.interfaces) or str(source.captures or source.path)
        if name in found:
            wrong.append(f"{where}.name: there are two sources called '{name}'; give each a name of its own")
        problems.lines += wrong
        if not wrong:
            found[name] = _feed(source, settings, where)
            if here:
                problems.attempt(partial(_inputs(source, where).look, settings.sensor))
    if not settings.sources:
        problems.lines.append("sources: none given; name one in a [[sources]] table, for example interfaces = ['eth1']")
    problems.end()
    return found


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


def _inputs(source: Source, where: str) -> Inputs:
    return Inputs(
        read=source.captures,
        interfaces=source.interfaces,
        records=(source.tool, source.path) if source.path else None,
        follow=source.follow and not source.interfaces,
        bpf=source.bpf or None,
        table=where,
    )


def _feed(source: Source, settings: Settings, where: str) -> Feed:
    # The age at which a service has flows judged holds even where nobody wrote it down.
    sensor = settings.sensor.model_copy(update={"interim_s": settings.sensor.interim_s})

    def opened() -> FlowSource:
        return _inputs(source, where).source(sensor)

    return Feed(opened, patient=not source.interfaces)
