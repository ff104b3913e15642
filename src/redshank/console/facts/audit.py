"""Who did what: the audit as a person searches it.

In: a desk, and what is looked for. Out: entries, the newest first, page by page.
"""

import json
import re
from dataclasses import dataclass

from redshank.console.desk import Desk
from redshank.report.summary import time_text
from redshank.store.audit import Entry

PLACES = {
    "alert": "/alerts/",
    "action": "/responses/action/",
    "allowance": "/allowances#",
    "bundle": "/models/bundles/",
    "job": "/models/jobs/",
    "label": "/labels/given/",
}
"""Where pages about things are, by the first word of what was done to them."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty fields ask nothing.

    Args:
        words: Each is to be found somewhere in the entry.
        who: Whose entries.
        what: What was done, by its first words.
        about: The id that it was done to.
        since_s: From when, s since the epoch.
        until_s: Before when.
    """

    words: tuple[str, ...] = ()
    who: str = ""
    what: str = ""
    about: str = ""
    since_s: float | None = None
    until_s: float | None = None


@dataclass(frozen=True)
class Page:
    """Entries.

    Args:
        entries: The newest first.
        before: What the next page is before; None: there is none.
    """

    entries: tuple[Entry, ...]
    before: int | None


def entries(desk: Desk, wanted: Wanted, limit: int = 50, before: int | None = None) -> Page:
    """Return a page of the audit.

    Args:
        desk: The desk.
        wanted: What is looked for.
        limit: How many at most.
        before: As the page before tells.
    """
    found = desk.audit.entries(
        limit + 1,
        before,
        wanted.about or None,
        who=wanted.who or None,
        what=wanted.what or None,
        words=wanted.words,
        since_s=wanted.since_s,
        until_s=wanted.until_s,
    )
    return Page(tuple(found[:limit]), found[limit - 1].place if len(found) > limit else None)


def detail(entry: Entry) -> list[tuple[str, str]]:
    """Return what more is known of an entry, as names and short texts; what is empty is left out."""
    found = []
    for key, value in entry.detail.items():
        name, text = str(key), value if isinstance(value, str) else json.dumps(value)
        if name.endswith("_at_s") and isinstance(value, int | float):
            name, text = name.removesuffix("_s"), f"{time_text(value)} UTC"
        elif name.endswith("_s") and isinstance(value, int | float):
            name, text = name.removesuffix("_s"), f"{value:g} s"
        if text not in {"", "null"}:
            found.append((name, text))
    return found


def link(entry: Entry) -> str:
    """Return the page about what an entry is about, or ""."""
    place = PLACES.get(entry.what.partition(" ")[0])
    name = entry.about.removeprefix("job ")
    return f"{place}{name}" if place and _PLAIN.fullmatch(name) else ""
