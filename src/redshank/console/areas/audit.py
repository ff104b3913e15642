"""Who decided what, and when."""

import calendar
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from redshank.console.area import Area
from redshank.console.facts import audit as facts
from redshank.console.form import Asked, Form
from redshank.console.page import render

AT_ONCE = 50
MOST_AT_ONCE = 1_000
MOST_WORDS = 8
DAY_S = 86_400.0
Words = Annotated[str, Query(max_length=200)]
Place = Annotated[int, Query(ge=0, le=2**53)]


class EntryNow(BaseModel):
    """What somebody did."""

    place: int
    at_s: float
    who: str
    what: str
    about: str
    detail: dict[str, Any]


class EntriesNow(BaseModel):
    """A page of the audit; give `before` to have the next, 0 if there is none."""

    entries: list[EntryNow]
    before: int


class Audit(Area):
    """The audit."""

    title, place, key = "Audit", 90, "t"

    def pages(self, routes: APIRouter) -> None:
        """Show it."""

        @routes.get("")
        def entries(request: Request, query: Asked) -> Response:
            wanted, before = _wanted(query)
            query.check()
            found = facts.entries(self.desk, wanted, AT_ONCE, before)
            return render(
                request,
                "audit/list.html",
                found=found,
                wanted=wanted,
                since=query.text("since", most=10),
                until=query.text("until", most=10),
                narrowed=wanted != facts.Wanted(),
                paged=before is not None,
                details=[facts.detail(one) for one in found.entries],
                links=[facts.link(one) for one in found.entries],
            )

    def api(self, routes: APIRouter) -> None:
        """Tell it."""

        @routes.get("")
        def entries(
            q: Words = "", who: Words = "", what: Words = "", about: Words = "", since: Words = "", until: Words = "",
            before: Place = 0, limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = AT_ONCE,
        ) -> EntriesNow:  # fmt: skip
            """Return entries, the newest first: `q` holds words, `since` and `until` are days (2026-01-31, both in)."""
            given = {"q": q, "who": who, "what": what, "about": about, "since": since, "until": until}
            query = Form(given.items())
            wanted, _ = _wanted(query)
            query.check()
            found = facts.entries(self.desk, wanted, limit, before or None)
            return EntriesNow(
                entries=[EntryNow(**vars(one) | {"detail": dict(one.detail)}) for one in found.entries],
                before=found.before or 0,
            )


def _wanted(query: Form) -> tuple[facts.Wanted, int | None]:
    until_s = _day(query, "until")
    wanted = facts.Wanted(
        tuple(query.text("q", most=200).split()[:MOST_WORDS]),
        query.text("who", most=100),
        query.text("what", most=100),
        query.text("about", most=200),
        _day(query, "since"),
        None if until_s is None else until_s + DAY_S,
    )
    return wanted, query.whole("before", 1, 2**53, 0) or None


def _day(query: Form, name: str) -> float | None:
    """Return when a day begins, UTC; None if none is named."""
    text = query.text(name, most=10)
    if not text:
        return None
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%d")))
    except ValueError:
        query.problems.append(f"{name}: {text!r} is no day; write one like 2026-01-31")
        return None
