"""Look whether a service could run with its settings, here and now, without running it.

In: `Settings`. Out: a row for each part: what it is, whether it is well, and what to do if not. The one idea: parts are
made by the functions that `redshank run` makes them by, opened, and closed again; so a part that is well here starts.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec

from redshank import site
from redshank.alerts.sink import Sink
from redshank.config import Settings
from redshank.console.place import address
from redshank.core.concealed import concealed
from redshank.core.configured import arguments_of
from redshank.core.errors import ConfigError, RedshankError
from redshank.core.files import is_held, writable_folder
from redshank.core.metrics_server import may_be_had
from redshank.core.problems import Problems
from redshank.feeds import feeds
from redshank.parts import LOCK, Parts
from redshank.pipeline.archive import MIB
from redshank.respond.names import Names
from redshank.respond.surroundings import Lookout
from redshank.store.database import Database
from redshank.store.tables import VERSION

LEAST_FREE_MIB = 512
"""Free disk below which a state folder is not well: a store that cannot be written holds up every alert."""
REACH_S = 5.0
"""How long sinks are tried, all side by side."""
HAND = "put those that it may have into respond.protect"


BESIDE = {"console": lambda settings: address(settings.console)}
"""What a check asks of settings beside what a service asks."""


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Args:
        part: Which, as the settings name it.
        well: Whether a service could run with it.
        words: What it is, or what is wrong and what to do.
        hint: Whether there is something to look at all the same.
    """

    part: str
    well: bool
    words: str
    hint: bool = False


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at every part, one after the other; what is made are folders and a store that are not there, empty."""
    parts = Parts(settings)
    yield from _looked("service.state", lambda: _state(settings))  # made first, as a service does: files go beside it
    yield from _looked("sources", lambda: _sources(parts))
    yield from _looked("detect", lambda: _detectors(parts))
    yield from _looked("alerts", lambda: _alerts(parts))
    yield from _looked("sinks", lambda: _sinks(parts))
    yield from _looked("respond", lambda: _respond(parts))
    yield from _looked("archive", lambda: _archive(settings))
    yield from _looked("store", lambda: _store(settings))
    yield from _looked("service.metrics", lambda: _metrics(settings))
    yield from _looked("console", lambda: _console(settings))


def _looked(part: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except ConfigError as error:
        yield from (Finding(part, False, problem) for problem in error.problems)
    except RedshankError as error:
        yield Finding(part, False, str(error))


def _sources(parts: Parts) -> Iterator[Finding]:
    try:
        found = parts.feeds
    except ConfigError:  # tells of the others, too
        found = feeds(parts.settings, here=True)
    for name, feed in found.items():
        try:
            source = feed.opened()
            source.stop()
            if not feed.patient:
                for _ in source.batches():  # closes what it holds
                    pass
        except RedshankError as error:
            yield Finding(f"sources {name}", False, str(error))
        else:
            kind = "a file or a log: read as fast as it is judged" if feed.patient else "a wire: may be captured"
            yield Finding(f"sources {name}", True, kind)


def _detectors(parts: Parts) -> Iterator[Finding]:
    for detector in parts.detectors:
        name = type(detector).__module__.rpartition(".")[2]
        bundle = getattr(detector, "name", "")
        yield Finding(f"detect {name}", True, f"judges with {bundle}" if bundle else "judges")


def _alerts(parts: Parts) -> Iterator[Finding]:
    _ = parts.groups  # raises what is wrong with it
    yield Finding("alerts", True, f"one per device, family and {parts.settings.alerts.window_s:g} s")


def _sinks(parts: Parts) -> Iterator[Finding]:
    made = parts.sinks
    away = _unreached(made)
    for name, sink in made.items():
        sink.close()
        if problem := sink.problem():
            yield Finding(f"sinks {name}", False, f"sinks.{name}.{problem}")
        elif reason := away[name]:
            words = f"{_said(sink)}; not reached now: {reason}; alerts would wait for it"
            yield Finding(f"sinks {name}", True, words, hint=True)
        else:
            yield Finding(f"sinks {name}", True, _said(sink))
    if not made:
        yield Finding("sinks", True, "none: alerts are in the store alone; add a table [sinks.eve], for example")


def _unreached(sinks: Mapping[str, Sink]) -> dict[str, str]:
    """Say of each sink why it cannot be reached now; all are tried at once, and none for long."""
    found = dict.fromkeys(sinks, "no answer in time")

    def look(name: str) -> None:
        try:
            found[name] = sinks[name].unreached()
        except RedshankError as error:  # a secret that is gone by now
            found[name] = str(error)

    # Daemons: a name may be looked up for longer than anybody waits.
    threads = [threading.Thread(target=look, args=(name,), daemon=True) for name in sinks]
    for thread in threads:
        thread.start()
    ends_s = time.monotonic() + REACH_S
    for thread in threads:
        thread.join(max(0.0, ends_s - time.monotonic()))
    return dict(found)


def _said(sink: Sink) -> str:
    """Return what is set of a sink, but for what is as usual, and for secrets."""
    usual = arguments_of(type(sink)).model_fields
    told = {name: value for name, value in vars(sink).items() if name in usual and value != usual[name].default}
    return ", ".join(f"{name} {value}" for name, value in concealed(type(sink), told).items()) or "as usual"


def _respond(parts: Parts) -> Iterator[Finding]:
    problems, settings = Problems(), parts.settings
    for _, make in parts.of_responses():
        problems.attempt(make)
    problems.end()
    names = Names(site.called(settings))
    names.start()
    with closing(Lookout(parts.protected, settings.respond.ssh_ports, names=names)) as around:
        count = len(around.protected().addresses)
    holds = len(parts.backend.active())
    words = (
        f"{settings.respond.backend}: {holds} actions hold; {count} addresses of this machine's surroundings are never "
        "acted against"
    )
    for name, found in names.found().items():
        words += f"; {name} is {', '.join(found)}" if found else f"; {name} has no address now: {HAND}"
    yield Finding("respond", True, words)


def _state(settings: Settings) -> Iterator[Finding]:
    folder = writable_folder(settings.service.state, "service.state")
    free = shutil.disk_usage(folder).free / MIB
    if free < LEAST_FREE_MIB:
        yield Finding(
            "service.state", False, f"'{folder}': {free:.0f} MiB are free; make room for {LEAST_FREE_MIB} MiB"
        )
    else:
        yield Finding("service.state", True, f"'{folder}': {free:.0f} MiB are free")


def _archive(settings: Settings) -> Iterator[Finding]:
    # Not made: that would clean up what a service that runs is writing.
    folder = settings.archive.folder
    yield Finding("archive", True, f"'{writable_folder(folder, 'archive.folder')}'" if folder else "none")


def _store(settings: Settings) -> Iterator[Finding]:
    # Not brought up to date: a service of the older version may be at work on it.
    with closing(Database(settings.store_place, create=True, as_found=True)) as database:
        words = database.name
        if database.version < VERSION:
            words += f": version {database.version}; `redshank run` brings it up to {VERSION}"
        yield Finding("store", True, words)


def _metrics(settings: Settings) -> Iterator[Finding]:
    place = settings.service.metrics
    words = f"http://{place}/metrics" if place else "none"
    if place and is_held(settings.service.state / LOCK):
        words += ": not tried, for a service with this state runs"
    elif place:
        may_be_had(place)
    yield Finding("service.metrics", True, words)


def _console(settings: Settings) -> Iterator[Finding]:
    # Not opened: a console that runs is no reason why a service could not.
    if find_spec("fastapi") is None:
        words = "not installed; for the analyst's pages, `pip install -c constraints.txt '.[console]'`"
        yield Finding("console", True, f"{words} in a copy of the source")
        return
    host, port = address(settings.console)
    scheme = "https" if settings.console.certificate else "http"
    yield Finding("console", True, f"would be at {scheme}://{f'[{host}]' if ':' in host else host}:{port}")
