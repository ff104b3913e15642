"""Programs that follow what happens: the same server-sent events that pages are brought up to date by.

In: the look at the store for all who follow. Out: the route /api/v1/live. The one idea: a program is told what changed,
and asks for what it wants of that; who comes back says what they heard last, and are told what they missed.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from redshank.console.live import Live
from redshank.console.people import Person
from redshank.console.sessions import viewer

MOST = 60
"""Characters of what somebody heard last."""
KIND = "text/event-stream"


class Events(Response):
    """Server-sent events; it has no end while the token counts."""

    media_type = KIND


def routes(live: Live) -> APIRouter:
    """Return the route.

    Args:
        live: Tells what changed.
    """
    found = APIRouter(tags=["live"])

    @found.get("/live", response_class=Events)
    async def follow(
        who: Annotated[Person, Depends(viewer)],
        heard: Annotated[str, Query(max_length=MOST, description="The `id` of the last event, after a break.")] = "",
        last_event_id: Annotated[str, Header(max_length=MOST, description="The same, as browsers send it.")] = "",
    ) -> Response:
        """Tell what changes as it does, without end: events `alerts`, `labels`, `devices`, `risk`, `responses`, ...

        The first is `hello`; `over` is the last, when the token counts no more. What changes twice before it is told
        is told once: ask for what you want of it.
        """
        return live.stream(who.token, last_event_id or heard, program=True)

    return found
