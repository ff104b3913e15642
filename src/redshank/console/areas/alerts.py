"""Alerts: the list, one of them with all that helps to judge it, and what a person makes of them."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redshank.console import keyset
from redshank.console.acts import alerts as acts
from redshank.console.acts.allowances import USUAL_SPAN, drafted
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts.alert import case, falsely
from redshank.console.facts.alerts import GROUPS, MOST_GROUPS, Listing
from redshank.console.facts.allowances import preview
from redshank.console.facts.likeness import LEAST, how
from redshank.console.form import Asked, Form, Posted
from redshank.console.page import back, render
from redshank.console.people import Person
from redshank.console.programs.alerts import offer
from redshank.console.query import FIELDS, Query, read, written
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst
from redshank.console.words import number_of
from redshank.core.allowance import CONDITIONS, Allowance
from redshank.core.errors import ConfigError
from redshank.core.inert import inert
from redshank.core.records import SEVERITIES
from redshank.pipeline.taking_back import FALSE_ALARM
from redshank.store.alerts import STATES, Filed

DONE = {
    "open": "opened again",
    "acknowledged": "acknowledged",
    "false_alarm": "called false",
    "escalated": "escalated",
    "closed": "closed",
}
"""States, as what was done."""
Analyst = Annotated[Person, Depends(analyst)]


class Alerts(Area):
    """The alerts area."""

    title, place, key = "Alerts", 20, "a"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._ledger = desk.book

    def pages(self, routes: APIRouter) -> None:
        """Add the list, one alert, and what a person does with them."""
        self._add_list(routes)
        self._add_one(routes)
        self._add_false_alarm(routes)

    def api(self, routes: APIRouter) -> None:
        """Add the same for programs."""
        offer(routes, self.desk, self._ledger)

    def warm(self) -> None:
        """Read the first page of the list, and what is known around an alert."""
        listing = Listing(self.desk, Query())
        if listing.total:
            case(self.desk, self._ledger, listing.rows[0].alert.id)

    def _add_list(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("")
        def alerts(request: Request, form: Asked) -> Response:
            if fields := _fields(form):
                return RedirectResponse(f"/alerts?{urlencode(fields)}", 303)
            query, problems = _query(form, desk.now_s())
            group = form.choice("group", GROUPS, "none")
            after, seen = keyset.asked(form), form.whole("seen", 0, 1 << 62, 0)
            form.check()
            return render(
                request,
                "alerts/list.html",
                query=query,
                text=form.text("q") if problems else query.text,
                problems=problems,
                group=group,
                groups=GROUPS,
                most_groups=MOST_GROUPS,
                page=Listing(desk, query, after, by=group),
                written=keyset.written,
                seen=seen,
                fields=FIELDS,
                severities=SEVERITIES,
                states=STATES,
                done=DONE,
            )

        @routes.post("/judge")
        def judge(request: Request, form: Posted, who: Analyst) -> Response:
            state, why = form.choice("state", STATES), form.text("why", most=acts.MOST_WORDS)
            ids, every = form.several("id", most=acts.MOST_MARKED), form.has("all")
            q, arrival, seen_at_s = form.text("q"), form.whole("arrival", 0, 1 << 62, 0), _seen(form)
            form.check()
            query = read(q, desk.now_s())
            if not form.has("sure"):
                until = replace(query.search, arrived_until=arrival)
                number = desk.alerts.count(until, acts.MOST_AT_ONCE + 1) if every else len(ids)
                if not number:
                    raise ConfigError("alerts: none is marked; go back and mark some")
                return render(
                    request, "alerts/confirm.html", state=state, done=DONE[state], ids=[] if every else ids,
                    number=number, most=acts.MOST_AT_ONCE, labels=acts.MOST_LABELS, query=query, arrival=arrival,
                    every=every, seen_at_s=seen_at_s,
                )  # fmt: skip
            label = form.has("label")
            if every:
                made = acts.judge_all(desk, who, query, arrival, state, why, seen_at_s, label=label)
            else:
                made = acts.judge(desk, who, ids, state, why, seen_at_s, label=label)
            return back(request, _list(query), _said(made, state))

    def _add_one(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/{name}")
        def alert(request: Request, name: str, form: Asked) -> Response:
            found = case(desk, self._ledger, name)
            if found is None:
                raise _absent(name)
            told = found.filed.alert
            q, newer, older = _q(form), None, None
            searched, problems = _query(form, desk.now_s())
            if q is not None and not problems:
                newer, older = desk.alerts.beside(searched.search, (told.last_seen_s, told.id))
            return render(
                request, "alerts/one.html", case=found, alert=told, filed=found.filed, likeness=how(), least=LEAST,
                raw=told.to_json(), q=q, newer=newer, older=older, rules=found.rules, techniques=found.techniques,
            )  # fmt: skip

        @routes.post("/{name}/judge")
        def judge_one(request: Request, name: str, form: Posted, who: Analyst) -> Response:
            state, why = form.choice("state", STATES), form.text("why", most=acts.MOST_WORDS)
            seen_at_s, arrival = _seen(form), form.whole("arrival", 0, 1 << 62, 1 << 62)
            form.check()
            filed = _there(self, name)
            made = acts.judge(desk, who, [filed.alert.id], state, why, seen_at_s)
            if not made.alerts and (filed.state, filed.state_by) != (state, who.name):  # a form sent twice did it
                raise acts.overtaken(desk, name)
            grew = " It grew while you looked at it." if filed.arrival > arrival else ""
            return back(request, _one(name, form), f"{_said(replace(made, alerts=1, left=0), state)}{grew}")

        @routes.post("/{name}/comment")
        def comment(request: Request, name: str, form: Posted, who: Analyst) -> Response:
            acts.comment(desk, who, _there(self, name).alert.id, form.text("text"))
            return back(request, f"{_one(name, form)}#comments")

    def _add_false_alarm(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/{name}/false-alarm")
        def ask(request: Request, name: str, form: Asked, who: Analyst) -> Response:
            filed = _there(self, name)
            found = falsely(desk, filed)
            offered = found.suggestions
            scope = form.whole("suggestion", 0, max(0, len(offered) - 1), 0)
            terms = {one: form.text(one, most=500) for one in CONDITIONS}
            if offered and (form.has("suggestion") or not any(terms.values())):
                terms = dict(offered[scope].terms)
            given = {name: text for name, text in terms.items() if text}
            because, span = form.text("why", most=500), form.text("for", most=20, default=USUAL_SPAN)
            form.check()
            told, problems = None, []
            try:
                told = preview(desk, drafted(desk, who, terms, because or "not written yet", span), filed.alert)
            except ConfigError as error:
                problems = error.problems
            return render(
                request, "alerts/false_alarm.html", filed=filed, alert=filed.alert, offered=offered,
                chosen=next((place for place, one in enumerate(offered) if one.terms == given), None),
                label=form.has("label") or not form.has("why"), allow=form.has("allow"),
                terms=terms, conditions=CONDITIONS, because=because, span=span, told=told, problems=problems,
                q=_q(form), evidence=found.evidence, labelled=found.labelled, why_none=found.why_none,
                taken_back=found.taken_back, kept=found.kept,
            )  # fmt: skip

        @routes.post("/{name}/false-alarm")
        def call(request: Request, name: str, form: Posted, who: Analyst) -> Response:
            _there(self, name)
            why, seen_at_s = form.text("why", most=500), _seen(form)
            form.check()
            allowance = _allowance(self, form, who, why) if form.has("allow") else None
            made = acts.call_false(
                desk, who, name, why, label=form.has("label"), allowance=allowance, seen_at_s=seen_at_s
            )
            return back(request, _one(name, form), _said(made, FALSE_ALARM))


def _seen(form: Form) -> float | None:
    """Return when the page was written that a form stands on; None: it does not say."""
    return form.number("seen_at_s", 0, 1e12) if form.has("seen_at_s") else None


def _fields(form: Form) -> list[tuple[str, str]]:
    """Return the query of an address with a field for each part of it; nothing if it has none."""
    if not any(map(form.has, ("fields", "words", *FIELDS))):
        return []
    values = {name: form.several(name, most=50) for name in FIELDS}
    words = form.several("words", most=50)
    form.check()
    q = " ".join(part for part in (form.text("q"), written(values, words)) if part)
    return [("q", q), *([("group", group)] if (group := form.text("group", most=20)) else [])]


def _query(form: Form, now_s: float) -> tuple[Query, list[str]]:
    """Return what is looked for; what is wrong with it stands beside the list, not in its place."""
    try:
        return read(form.text("q"), now_s), []
    except ConfigError as error:
        return Query(), error.problems


def _list(query: Query) -> str:
    return f"/alerts?{urlencode({'q': query.text})}" if query.text else "/alerts"


def _q(form: Form) -> str | None:
    """Return the search whose list an alert was opened from; None: it was not."""
    return form.text("q") if form.has("q") else None


def _one(name: str, form: Form) -> str:
    q = _q(form)
    return f"/alerts/{name}" if q is None else f"/alerts/{name}?{urlencode({'q': q})}"


def _there(area: Area, name: str) -> Filed:
    filed = area.desk.alerts.get(name)
    if filed is None:
        raise _absent(name)
    return filed


def _absent(name: str) -> RequestError:
    return RequestError(404, f"there is no alert '{inert(name[:40])}'; it may be older than what the store keeps")


def _said(made: acts.Outcome, state: str) -> str:
    """Say what was done."""
    said = [f"{number_of(made.alerts, 'alert')} {DONE[state]}."]
    if made.left:
        said.append(f"{made.left:,} left alone: decided by somebody meanwhile, or gone.")
    if made.labels:
        verb = "withdrawn" if state == "open" else "given"
        said.append(f"{number_of(made.labels, 'label')} {verb}.")
    if made.allowance:
        said.append(f"Allowed: {made.allowance.terms()}.")
        said.append(f"{number_of(made.closed, 'open alert')} closed by it.")
    if made.taken_back:
        said.append(f"{number_of(made.taken_back, 'action')} taken back.")
    if made.kept:
        verb, whose = ("stays", "its device") if made.kept == 1 else ("stay", "their devices")
        said.append(f"{number_of(made.kept, 'action')} {verb}: other alerts of {whose} are unsettled.")
    return " ".join(said)


def _allowance(area: Area, form: Form, who: Person, why: str) -> Allowance:
    terms = {one: form.text(one, most=500) for one in CONDITIONS}
    span = form.text("for", most=20, default=USUAL_SPAN)
    form.check()
    return drafted(area.desk, who, terms, why, span)
