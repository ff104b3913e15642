"""The devices of a site, and everything about one of them."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from redshank.console import keyset
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts import devices as facts
from redshank.console.form import Asked, Form
from redshank.console.page import render
from redshank.console.query import wrong_network
from redshank.console.request_error import RequestError
from redshank.store.devices import Device
from redshank.store.risk import Risk

AT_ONCE = 50
MOST_AT_ONCE = 500
MOST_WORDS = 8
SORTS = (
    ("last_seen_s", "last seen"),
    ("risk", "risk"),
    ("flows", "flows"),
    ("sent_bytes", "sent"),
    ("received_bytes", "received"),
    ("first_seen_s", "first seen"),
)
"""As people read what the inventory can be sorted by."""
Order = Literal["last_seen_s", "first_seen_s", "flows", "sent_bytes", "received_bytes", "risk"]


class RiskNow(BaseModel):
    """What stands open."""

    points: float
    open: dict[str, int]

    @classmethod
    def of(cls, risk: Risk) -> Self:
        """Return it for programs."""
        return cls(points=risk.points, open=dict(risk.open))


class DeviceNow(BaseModel):
    """A device."""

    id: str
    mac: str | None
    ips: list[str]
    vendor: str | None
    first_seen_s: float
    last_seen_s: float
    offers: list[str]
    uses: list[str]
    peers: list[str]
    flows: int
    sent_bytes: int
    received_bytes: int
    worth: str
    risk: RiskNow

    @classmethod
    def of(cls, row: facts.Row) -> Self:
        """Return it for programs."""
        return cls(**vars(row.device), worth=row.value, risk=RiskNow.of(row.risk))


class DevicesNow(BaseModel):
    """A page of the inventory; give `after` to have the next."""

    devices: list[DeviceNow]
    after: str
    known: int


class AboutNow(BaseModel):
    """A device and its past."""

    device: DeviceNow
    group: str
    alert_count: int
    alerts: list[str]
    actions: list[str]
    labels: list[str]
    allowances: list[str]


class Devices(Area):
    """The inventory."""

    title, place, key = "Devices", 50, "d"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._book = desk.book

    def pages(self, routes: APIRouter) -> None:
        """Show the inventory, and one device, by its id or an address."""

        @routes.get("")
        def inventory(request: Request, query: Asked) -> Response:
            found, sort = self._found(query, AT_ONCE)
            return render(
                request,
                "devices/list.html",
                found=found,
                q=query.text("q"),
                sort=sort,
                sorts=SORTS,
                paged=query.has("after"),
                next=keyset.written(found.after),
            )

        @routes.get("/{name:path}")
        def one(request: Request, name: str, query: Asked) -> Response:
            span = query.choice("span", list(facts.SPANS_S), "24h")
            query.check()
            about = facts.about(self.desk, self._book, self._device(name), facts.SPANS_S[span])
            return render(request, "devices/one.html", it=about, spans=list(facts.SPANS_S), span=span)

    def api(self, routes: APIRouter) -> None:
        """Tell the same."""

        @routes.get("")
        def inventory(
            q: Annotated[str, Query(max_length=200)] = "",
            sort: Order = "last_seen_s",
            after: Annotated[str, Query(max_length=keyset.MOST)] = "",
            limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = AT_ONCE,
        ) -> DevicesNow:
            """Return devices, the greatest by `sort` first; `q` holds words, and networks like 10.0.0.0/24."""
            found, _ = self._found(Form([("q", q), ("sort", sort), ("after", after)]), limit)
            return DevicesNow(
                devices=[DeviceNow.of(row) for row in found.rows], after=keyset.written(found.after), known=found.known
            )

        @routes.get("/{name:path}")
        def one(name: str) -> AboutNow:
            """Return a device, by its id or an IP address, and the ids of what is known of its past."""
            about = facts.about(self.desk, self._book, self._device(name), facts.DAY_S)
            return AboutNow(
                device=DeviceNow.of(about.row),
                group=about.group,
                alert_count=about.alert_count,
                alerts=[one.alert.id for one in about.alerts],
                actions=[one.action.id for one in about.actions],
                labels=[one.label for one in about.said if one.label],
                allowances=[one.id for one in about.allowances],
            )

    def warm(self) -> None:
        """Read the first page of the inventory."""
        facts.inventory(self.desk)

    def _found(self, query: Form, limit: int) -> tuple[facts.Rows, str]:
        words = [word.removeprefix("device:") for word in query.text("q", most=200).split()[:MOST_WORDS]]
        query.problems += [f"q: {word[:40]} {wrong}" for word in words if (wrong := wrong_network(word))]
        sort = query.choice("sort", facts.ORDERS, facts.ORDERS[0])
        after = keyset.asked(query)
        query.check()

        return facts.inventory(self.desk, words, sort, limit, after), sort

    def _device(self, name: str) -> Device:
        found = facts.find(self.desk, name)
        if found is None:
            raise RequestError(
                404, f"There is no device {name[:80]!r}; the inventory at /devices has all that were seen."
            )
        return found
