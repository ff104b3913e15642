"""What the console works on: the settings, and the store in which it meets the sensor.

In: `Settings` and an open `Database`. Out: the parts of the store by name, made when they are asked for. The one idea:
an area is given the desk and nothing else, so a test makes one over a temporary store, with a clock of its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from redshank import site
from redshank.config import Settings
from redshank.console.facts.responses import Book
from redshank.console.facts.rules import Rulebook
from redshank.console.jobs import Job, Jobs
from redshank.console.shared import Shared
from redshank.detect.shelf import Shelf
from redshank.respond.ledger import Ledger
from redshank.respond.names import Names
from redshank.respond.protected import Protected
from redshank.respond.states import Breaker
from redshank.respond.surroundings import look
from redshank.store.alerts import CHANGES, Alerts
from redshank.store.allowances import Allowances
from redshank.store.audit import Audit, Newest
from redshank.store.database import Database
from redshank.store.devices import Inventory
from redshank.store.examples import Examples
from redshank.store.ledger import Journal
from redshank.store.queue import Queue

JOBS_FOLDER = "jobs"
"""In service.state."""


def names(settings: Settings) -> Names:
    """Return the peers that the settings give by name, being looked up."""
    found = Names(site.called(settings))
    found.start()
    return found


def protected(settings: Settings, called: Names) -> Protected:
    """Return the never-block list of this machine and of the settings, as it is now."""
    return Protected.of(look((*site.protected(settings), *called.facts()), settings.respond.ssh_ports))


@dataclass(frozen=True)
class Desk:
    """What pages and API work on.

    Args:
        settings: As the service has them.
        database: The open store.
        config: The settings' file, for what is started as a program of its own; None: there is none.
        now_s: The clock, s since the epoch.
    """

    settings: Settings
    database: Database
    config: Path | None = None
    now_s: Callable[[], float] = time.time

    @cached_property
    def alerts(self) -> Alerts:
        """The alerts."""
        return Alerts(self.database)

    @cached_property
    def queue(self) -> Queue:
        """The questions and their labels."""
        return Queue(self.database)

    @cached_property
    def examples(self) -> Examples:
        """Flows of alerts that a person can label by calling the alert false."""
        return Examples(self.database)

    @cached_property
    def inventory(self) -> Inventory:
        """The devices, and the bundles that judged."""
        return Inventory(self.database)

    @cached_property
    def allowances(self) -> Allowances:
        """What raises no alert."""
        return Allowances(self.database)

    @cached_property
    def audit(self) -> Audit:
        """Who did what."""
        return Audit(self.database)

    @cached_property
    def risk_changed(self) -> Newest:
        """What people and the service did, of what changes how much stands open against devices."""
        return Newest(self.database, CHANGES)

    @cached_property
    def book(self) -> Book:
        """The ledger of responses as pages show it, read and checked once for all of them."""
        return Book(self)

    @cached_property
    def breaker(self) -> Breaker:
        """When the ledger lets nothing be approved, as the settings have it."""
        return site.breaker(self.settings)

    @cached_property
    def rulebook(self) -> Rulebook:
        """The rules, and how often they fired, counted once for all pages."""
        return Rulebook(self)

    @cached_property
    def shared(self) -> Shared:
        """What was read a moment ago, for whoever asks next."""
        return Shared()

    @cached_property
    def shelf(self) -> Shelf | None:
        """The bundles among which one is the champion; None: the settings name no shelf."""
        return Shelf(self.settings.detect.models, clock=self.now_s) if self.settings.detect.models else None

    @cached_property
    def jobs(self) -> Jobs:
        """What pages begin that takes minutes; what became of it is in the audit."""

        def note(job: Job) -> None:
            detail = {"title": job.title, "begun by": job.by, "state": job.state, "exit code": job.code}
            self.audit.write(self.now_s(), "redshank", "job ended", f"job {job.id}", detail)

        return Jobs(self.settings.service.state / JOBS_FOLDER, self.now_s, note)

    def ledger(self, journal: Journal | None = None) -> Ledger:
        """Return the ledger as it is now, read anew; several threads share that of `book`.

        Args:
            journal: Where its lines are; the store's by default.

        Raises:
            ActionError: If lines of it were changed.
        """
        ledger = Ledger(journal or Journal(self.database), self.protected, self.breaker)
        ledger.refresh()
        return ledger

    def protected(self) -> Protected:
        """Return the never-block list of this machine and of the settings, as it is now."""
        return protected(self.settings, self._names)

    @cached_property
    def _names(self) -> Names:
        return names(self.settings)
