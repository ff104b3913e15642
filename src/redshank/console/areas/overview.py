"""What is happening, on one page that keeps itself up to date."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from redshank.console.area import Area
from redshank.console.areas.devices import RiskNow
from redshank.console.charts import Chart
from redshank.console.desk import Desk
from redshank.console.facts.overview import SPANS_S, Moment
from redshank.console.form import Asked
from redshank.console.page import render


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
    bundle: str
    told_at_s: float
    moved: bool
    p_value: float
    score_psi: float
    input_psi: float


class AtRiskNow(BaseModel):
    """A device that alerts stand open against."""

    device: str
    ips: list[str]
    risk: RiskNow


class Now(BaseModel):
    """The site now."""

    span: str
    needs: list[NeedNow]
    alerts: list[CountAt]
    flows: list[CountAt]
    at_risk: list[AtRiskNow]
    questions: dict[str, int]
    champion: str
    shadow: str
    next_answers: str
    drift: list[GroupNow]
    silent_s: float
    health: dict[str, Any] | None
    """As the service told it last; its fields are those of `Health` in store/runs.py."""


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
    health = it.health
    return Now(
        span=it.span,
        needs=[NeedNow(**vars(one)) for one in it.needs],
        alerts=_counted(it.alerts),
        flows=_counted(it.verdicts),
        at_risk=[
            AtRiskNow(device=one.name, ips=list(one.device.ips) if one.device else [], risk=RiskNow.of(one.risk))
            for one in it.at_risk
        ],
        questions=dict(it.questions),
        champion=it.in_service.champion,
        shadow=it.in_service.shadow,
        next_answers=it.in_service.next_answers,
        drift=[GroupNow(**{name: getattr(one, name) for name in GroupNow.model_fields}) for one in it.drift],
        silent_s=it.silent_s,
        health=None if health is None else asdict(health),
    )


def _counted(chart: Chart) -> list[CountAt]:
    return [
        CountAt(label=bar.label, kinds={chart.kinds[piece.kind]: piece.amount for piece in bar.pieces})
        for bar in chart.bars
        if bar.total
    ]
