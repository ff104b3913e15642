"""The settings in force, and whether the running service has the same.

In: a desk. Out: sections with each setting's value, meaning and origin. The one idea: this page only reads; a change is
made in the file, where it can be reviewed and kept, and the service takes it when it begins anew.
"""

from dataclasses import dataclass

from redshank import site
from redshank.console.desk import Desk
from redshank.report.in_force import InForce, Part
from redshank.store.runs import ENDED, Runs


@dataclass(frozen=True)
class Shown:
    """The settings.

    Args:
        parts: Their sections.
        path: The file; "" if there is none.
        changed_at_s: When the file was changed last; None if it cannot be told.
        service_since_s: When the service began that runs now; None: none does.
    """

    parts: tuple[Part, ...]
    path: str
    changed_at_s: float | None
    service_since_s: float | None

    @property
    def stale(self) -> bool:
        """Tell whether the file was changed after the service had read it."""
        if self.changed_at_s is None or self.service_since_s is None:
            return False
        return self.changed_at_s > self.service_since_s


def settings(desk: Desk, words: tuple[str, ...] = (), *, chosen: bool = False) -> Shown:
    """Return the settings in force.

    Args:
        desk: The desk.
        words: Each is to be found in a setting's name, section, value or meaning.
        chosen: Only those that somebody chose.
    """
    try:
        changed_at_s = desk.config.stat().st_mtime if desk.config else None
    except OSError:
        changed_at_s = None
    run = Runs(desk.database).latest()
    alive = run is not None and run.state != ENDED and not run.silent_s(desk.now_s())
    return Shown(
        tuple(_parts(desk, [word.lower() for word in words], chosen=chosen)),
        str(desk.config or ""),
        changed_at_s,
        run.started_at_s if run is not None and alive else None,
    )


def _parts(desk: Desk, words: list[str], *, chosen: bool) -> list[Part]:
    found = []
    for part in InForce(desk.settings, desk.config, site.tables()).parts():
        kept = tuple(
            one
            for one in part.chosen
            if not (chosen and one.is_default)
            and all(word in f"{part.heading} {one.name} {one.value} {one.meaning}".lower() for word in words)
        )
        if kept:
            found.append(Part(part.heading, part.meaning, kept))
    return found
