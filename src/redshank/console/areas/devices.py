"""The devices of a site, and everything about one of them."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from redshank.console import keyset
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts import devices as facts
from redshank.console.facts.usual import LEAST_DAYS, AtHour, Usual
from redshank.console.form import Asked, Form
from redshank.console.page import render
from redshank.console.query import wrong_network
from redshank.console.request_error import RequestError
from redshank.flows.did import KINDS, MOST_NAMES
from redshank.store.devices import Device
from redshank.store.risk import Risk

AT_ONCE = 50
MOST_AT_ONCE = 500
MOST_WORDS = 8
FEW_NAMES = 8
"""Services and peers of a device that are not folded."""
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
Span = Literal["24h", "7d", "30d"]


class RiskNow(BaseModel):
    """What stands open."""

    points: float
    open: dict[str, int] = Field(description="Alerts by severity.")
    last_seen_s: float = Field(description="Packet time at which the latest of them was seen last; 0: there is none.")

    @classmethod
    def of(cls, risk: Risk) -> Self:
        """Return it for programs."""
        return cls(points=risk.points, open=dict(risk.open), last_seen_s=risk.last_seen_s)


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


class NameNow(BaseModel):
    """A service or a peer that is usual; `days` on which it was seen, and how many `flows`."""

    name: str
    flows: int
    days: int
    first_s: float | None
    last_s: float | None


class UsualNow(BaseModel):
    """What was judged benign and no alert is about, and what is different now; `enough`: known long enough to say."""

    days: int
    enough: bool
    flows: int
    others: int
    flows_per_hour: float | None
    since_s: float | None
    offers: list[NameNow]
    uses: list[NameNow]
    peers: list[NameNow]
    hours: list[AtHour]
    changes: list[str]
    full: list[str]

    @classmethod
    def of(cls, usual: Usual) -> Self:
        """Return it for programs."""
        kept = NameNow.model_fields
        names = {
            kind: [NameNow(**{name: getattr(one, name) for name in kept}) for one in usual.names.get(kind, ())]
            for kind in KINDS
        }
        lists = {name: list(getattr(usual, name)) for name in ("hours", "changes", "full")}
        told = vars(usual) | {"enough": usual.enough} | names | lists
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class TrafficNow(BaseModel):
    """What a device did in an hour."""

    start_s: float = Field(description="Packet time at which it begins.")
    flows: int
    sent_bytes: int
    received_bytes: int
    benign_flows: int | None = Field(description="Those that speak for what is usual; None: nobody told.")
    benign_bytes: int | None


class AboutNow(BaseModel):
    """A device and its past."""

    device: DeviceNow
    usual: UsualNow
    group: str = Field(description="The group whose habits it is judged by.")
    addresses: list[str] = Field(description="By which alerts and actions name it.")
    traffic: list[TrafficNow] = Field(
        description="Of `span`, up to when it was seen last; hours without any are left out."
    )
    alert_count: int
    alerts: list[str] = Field(description="The latest; `device:` finds them all among the alerts.")
    actions: list[str]
    questions: list[str] = Field(description="Questions about its flows, the newest first.")
    labels: list[str]
    allowances: list[str] = Field(description="Those in force that name an address of it.")


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
            bounds = {"few": FEW_NAMES, "least_days": LEAST_DAYS, "most_names": MOST_NAMES}
            return render(request, "devices/one.html", it=about, spans=list(facts.SPANS_S), span=span, **bounds)

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
        def one(name: str, span: Span = "24h") -> AboutNow:
            """Return a device, by its id or an IP address, and the ids of what is known of its past."""
            device, span_s = self._device(name), facts.SPANS_S[span]
            about = facts.about(self.desk, self._book, device, span_s)
            return AboutNow(
                device=DeviceNow.of(about.row),
                usual=UsualNow.of(about.usual),
                group=about.group,
                addresses=list(about.addresses),
                traffic=[TrafficNow(**vars(one)) for one in facts.hours(self.desk, device, span_s)],
                questions=list(dict.fromkeys(one.question for one in about.said)),
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
