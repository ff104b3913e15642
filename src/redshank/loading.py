"""The settings of a service, read with every mistake of the parts that are made of them.

In: a settings file and the environment. Out: `Settings`, or all that is wrong, at once: what no setting may be, and
what sources, sinks, detectors, rules and backends say of their own tables. The one idea: a part is asked by the
function that makes it; where settings that it needs beside its own are wrong, it is asked for its own alone, so that no
mistake is told that is only another one's shadow.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from redshank import config, site
from redshank.config import Settings
from redshank.core.problems import Problems
from redshank.parts import Parts

Looks = Mapping[str, Callable[[Settings], object]]
"""What finds mistakes of a section, by the section."""


def load(path: Path | None = None, *, watches: bool = True, beside: Looks = MappingProxyType({})) -> Settings:
    """Read the settings of a service.

    Args:
        path: The settings file; none if absent.
        watches: Whether a service is to run here: there must be sources, and every place that it needs.
        beside: What else is asked, of sections that a service does not need.

    Raises:
        ConfigError: With every problem found, if a setting is wrong by itself. Then parts were asked too; settings that
            are right by themselves are asked by whoever makes parts of them.
    """
    return config.load(path, partial(mistakes, watches=watches, beside=beside))


def mistakes(
    settings: Settings, wrong: Collection[str], *, watches: bool, beside: Looks = MappingProxyType({})
) -> list[str]:
    """Return what parts say of settings of which some are wrong.

    Args:
        settings: With defaults in place of those.
        wrong: Their names, as in "respond.repeats".
        watches: As of `load`.
        beside: As of `load`.

    Example:
        >>> mistakes(Settings(sinks={"bell": {}}), ["alerts.window_s"], watches=False)[0].partition(";")[0]
        "sinks.bell: 'bell' is no sink"
    """

    def is_wrong(name: str) -> bool:
        return any(f"{one}.".startswith(f"{name}.") or f"{name}.".startswith(f"{one}.") for one in wrong)

    problems = Problems()
    if is_wrong("detect.detectors"):  # nobody knows which were meant: those that have a table
        detect = settings.detect.model_copy(update={"detectors": tuple(settings.detectors)})
        settings = settings.model_copy(update={"detect": detect})
    parts = Parts(settings)
    for section, make in parts.of_settings():
        if section == "sources" and (is_wrong(section) or not (watches or settings.sources)):
            continue
        if section == "respond.rules" and is_wrong("respond.devices"):  # rules name them
            for number, values in enumerate(settings.respond.rules):
                problems.attempt(partial(site.rule, values, number))
        else:
            problems.attempt(make)
    for section, look in parts.of_here() if watches else ():
        hidden = is_wrong(section) or (section == "store" and is_wrong("service.state"))  # a file may be there
        if not hidden:
            problems.attempt(look)
    for section, ask in beside.items():
        if not is_wrong(section):
            problems.attempt(partial(ask, settings))
    return problems.lines
