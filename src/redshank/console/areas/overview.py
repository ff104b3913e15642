"""What is happening, on one page that keeps itself up to date."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from redshank.console.area import Area
from redshank.console.areas.devices import RiskNow
from redshank.console.charts import Chart
from redshank.console.desk import Desk
from redshank.console.facts.overview import SPANS_S, Moment
from redshank.console.form import Asked
from redshank.console.page import render
from redshank.console.programs.alerts import AlertRow
from redshank.store.runs import Health


class NeedNow(BaseModel):
    """Something that only a person can do."""

    kind: str
    text: str
    link: str


class CountAt(BaseModel):
    """How much there was of something in a bar of a chart."""

    label: str
    kinds: dict[str, float]


class GroupNow(BaseModel):
    """The last comparison of a group of devices with what its bundle learnt."""

    group: str
    detector: str
    bundle: str
    at_s: float = Field(description="Packet time.")
    told_at_s: float
    moved: bool
    p_value: float
    score_psi: float
    input_psi: float
    worst: list[tuple[str, float]] = Field(description="The columns with the largest PSI, with theirs.")


class AtRiskNow(BaseModel):
    """A device that alerts stand open against."""

    device: str
    ips: list[str]
    vendor: str | None
    risk: RiskNow


class ServiceNow(BaseModel):
    """How much of the traffic spoke something."""

    value: str = Field(description="The service; '' where none was recognized.")
    flows: int
    ip_bytes: int


class DeliveriesNow(BaseModel):
    """What stands at one place that alerts are delivered to."""

    sink: str
    state: str
    number: int


class NewestNow(BaseModel):
    """The alert that was seen last, where that was before the span."""

    last_seen_s: float
    query: str = Field(description="Finds it, and those of the day before.")


class Now(BaseModel):
    """The site now."""

    span: str
    needs: list[NeedNow]
    urgent_count: int = Field(description="Open alerts of high or critical severity.")
    urgent: list[AlertRow] = Field(description="The latest of them.")
    alerts: list[CountAt]
    newest: NewestNow | None
    flows: list[CountAt]
    services: list[ServiceNow] = Field(description="The most flows first.")
    at_risk: list[AtRiskNow]
    questions: dict[str, int]
    champion: str
    shadow: str
    champion_since_s: float | None
    shelf_problem: str = Field(description="Why the shelf cannot be read, or ''.")
    next_answers: str = Field(description="Whether more labels pay, in a sentence.")
    drift: list[GroupNow] = Field(description="The last comparison of each group by each detector.")
    deliveries: list[DeliveriesNow]
    silent_s: float = Field(
        description="For how long nothing was heard of the service; 0: it is heard of, or has ended."
    )
    health: Health | None = Field(description="As the service told it last.")
    earlier: list[Health] = Field(description="Runs before it, of the last week, that gave up rows or lost something.")


class Overview(Area):
    """The overview."""

    title, place, key = "Overview", 10, "o"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._book = desk.book

    def pages(self, routes: APIRouter) -> None:
        """Show it; parts are brought up to date one by one."""

        @routes.get("")
        def now(request: Request, query: Asked) -> Response:
            span = query.choice("span", list(SPANS_S), "24h")
            query.check()
            return render(request, "overview/now.html", it=self._moment(span), spans=list(SPANS_S))

    def api(self, routes: APIRouter) -> None:
        """Tell the same."""

        @routes.get("")
        def now(span: Literal["24h", "7d"] = "24h") -> Now:
            """Return what is happening, and what happened in the last `span`."""
            return _told(self._moment(span))

    def warm(self) -> None:
        """Read the ledger, the labels, and what the charts show of a day."""
        _told(self._moment("24h"))

    def _moment(self, span: str) -> Moment:
        return Moment(self.desk, self._book, span)


def _told(it: Moment) -> Now:
    return Now(
        span=it.span,
        needs=[NeedNow(**vars(one)) for one in it.needs],
        alerts=_counted(it.alerts),
        flows=_counted(it.verdicts),
        at_risk=[
            AtRiskNow(
                device=one.name,
                ips=list(one.device.ips) if one.device else [],
                vendor=one.device.vendor if one.device else None,
                risk=RiskNow.of(one.risk),
            )
            for one in it.at_risk
        ],
        urgent_count=it.urgent_count,
        urgent=[AlertRow.of(one) for one in it.urgent],
        newest=None if it.newest is None else NewestNow(**vars(it.newest)),
        services=[ServiceNow(value=one.value or "", flows=one.flows, ip_bytes=one.ip_bytes) for one in it.services],
        champion_since_s=it.in_service.since_s,
        shelf_problem=it.in_service.problem,
        deliveries=[DeliveriesNow(sink=sink, state=state, number=number) for (sink, state), number in it.owed.items()],
        questions=dict(it.questions),
        champion=it.in_service.champion,
        shadow=it.in_service.shadow,
        next_answers=it.in_service.next_answers,
        drift=[GroupNow(**{name: getattr(one, name) for name in GroupNow.model_fields}) for one in it.drift],
        silent_s=it.silent_s,
        health=it.health,
        earlier=it.earlier,
    )


def _counted(chart: Chart) -> list[CountAt]:
    return [
        CountAt(label=bar.label, kinds={chart.kinds[piece.kind]: piece.amount for piece in bar.pieces})
        for bar in chart.bars
        if bar.total
    ]
