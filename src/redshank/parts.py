"""The parts of a service, each made of the settings once, and every mistake of all of them at once.

In: `Settings`. Out: sources to open, detectors, sinks, what responds; or all that is wrong with them, and with the
places that they need here. The one idea: `redshank run`, `redshank check` and whoever
reads settings go by one list, so that none of them knows of a mistake that another does not tell.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from redshank import site
from redshank.alerts.group import Groups
from redshank.alerts.sink import Sink
from redshank.config import Settings
from redshank.core.files import is_held, usable_folder
from redshank.core.metrics import Metrics
from redshank.core.metrics_server import may_be_had
from redshank.core.problems import Problems
from redshank.detect.detector import Detector
from redshank.detect.device_groups import DeviceGroups
from redshank.feeds import feeds
from redshank.pipeline.service import Feed
from redshank.respond.backend import Backend
from redshank.respond.policy import Policy
from redshank.respond.states import Breaker
from redshank.store.database import Database

LOCK = "lock"
"""The file in service.state that one service holds: two would write one archive and tell alerts twice."""


class Parts:
    """What a service is wired of; each part is made when it is first asked for, and raises what is wrong with it.

    Args:
        settings: Of everything.
        metrics: Given to detectors, which count.
        given: Sources in place of those that the settings name.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics | None = None, given: Mapping[str, Feed] | None = None
    ) -> None:
        self.settings, self._metrics, self._given = settings, metrics or Metrics(), given

    @cached_property
    def feeds(self) -> Mapping[str, Feed]:
        """The sources by name; not opened, and not looked for either."""
        return self._given or feeds(self.settings)

    @cached_property
    def sinks(self) -> dict[str, Sink]:
        """The sinks by name."""
        return site.sinks(self.settings)

    @cached_property
    def detectors(self) -> list[Detector]:
        """The detectors, in the order of detect.detectors."""
        return site.detectors(self.settings, self._metrics)

    @cached_property
    def device_groups(self) -> DeviceGroups:
        """The groups of devices; what is wrong with them, the detectors say too."""
        return site.device_groups(self.settings)

    @cached_property
    def groups(self) -> Groups:
        """What makes alerts of verdicts."""
        return Groups(site.grouping(self.settings))

    @cached_property
    def policy(self) -> Policy:
        """What is done about an alert."""
        return site.policy(self.settings)

    @cached_property
    def breaker(self) -> Breaker:
        """What bounds how much may happen at once."""
        return site.breaker(self.settings)

    @cached_property
    def backend(self) -> Backend:
        """What carries actions out."""
        return site.backend(self.settings)

    @cached_property
    def protected(self) -> tuple[tuple[str, str], ...]:
        """Whom the settings protect, each with its reason."""
        return site.protected(self.settings)

    def of_settings(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Give what makes each part of the settings alone, with the sections that it is made of."""
        yield "sources", lambda: self.feeds
        yield "sinks", lambda: self.sinks
        yield "detect", lambda: self.detectors
        yield from self.of_responses()
        yield "store", lambda: site.places(self.settings)
        yield "alerts", lambda: self.groups

    def of_responses(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Give what makes each part of the responses."""
        yield "respond.rules", lambda: self.policy
        yield "respond.breaker", lambda: self.breaker
        yield "respond.backend", lambda: self.backend
        yield "respond.protect", lambda: self.protected

    def of_here(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Give what looks at the places that a service needs on this machine; nothing is left there.

        A store is opened, and made if its server has none; of a file that is not there its folder is looked at.
        """
        chosen = self.settings
        yield "service.state", lambda: usable_folder(chosen.service.state, "service.state")
        if chosen.archive.folder:
            folder = chosen.archive.folder
            yield "archive.folder", lambda: usable_folder(folder, "archive.folder")
        if not self._given:
            yield "sources", lambda: feeds(chosen, here=True)
        if not isinstance(chosen.store_place, Path) or chosen.store_place.exists():
            yield "store", self._open_store
        # One that holds the state has the address, too, and it is the state that keeps another from running.
        if chosen.service.metrics and not is_held(chosen.service.state / LOCK):
            yield "service.metrics", lambda: may_be_had(chosen.service.metrics)

    def problems(self) -> Problems:
        """Make everything and look at every place; return all that is wrong."""
        found = Problems()
        for _, make in (*self.of_settings(), *self.of_here()):
            found.attempt(make)
        return found

    def _open_store(self) -> None:
        # As it is found: whether it may be brought up to date, whoever holds it knows.
        Database(self.settings.store_place, create=True, as_found=True).close()
