"""For every route a request that is as it should be, about something that the filled store really has.

Routes come from the application; one that has no request here makes the tests fail, so a new page brings its own.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from browsing import NUMBERS, PASSWORD
from console.filled import CHALLENGER, CHAMPION
from console.front import Ask, Front, Route, Shown
from peers import until
from redshank.console.facts.rules import Rulebook
from redshank.console.gate import API
from redshank.console.jobs import RUNNING, Jobs
from redshank.console.page import STATIC, static
from redshank.core.errors import ActionError
from redshank.core.records import Action, Label
from redshank.store.people import People
from redshank.store.search import Search

AT_ONCE, FOR_LONG = ("/bin/sh", "-c", "exec true"), ("/bin/sh", "-c", "exec sleep 600")
"""What runs in place of `redshank retrain` and the like."""
NEW = "another four words in a row"
WHY = "because of a test"
DAY_S = 86_400.0


class Wanted:
    """Makes requests.

    Args:
        front: The application.
    """

    def __init__(self, front: Front) -> None:
        self._front, self._desk = front, front.desk
        self._desk.__dict__["jobs"] = self._jobs = Jobs(self._folder, self._desk.now_s, program=AT_ONCE)
        self._taken: set[str] = set()
        self._made = 0

    @property
    def _folder(self) -> Path:
        return self._desk.settings.service.state / "jobs"

    def of(self, route: Route, who: Shown) -> Ask:
        """Return a request of `who`, who may."""
        return REQUESTS[route.name](self, who)

    def alert(self) -> str:
        found = self._desk.alerts.find(Search(states=("open",)), limit=400)
        return self._fresh(one.alert.id for one in found)

    def allowance(self) -> str:
        return self._fresh(one.id for one in self._desk.allowances.standing(self._desk.now_s()))

    def terms(self) -> dict[str, str]:
        self._made += 1
        return {"device": f"192.168.39.{self._made}", "port": "8080"}

    def question(self, who: Shown) -> str:
        found = self._desk.queue.take(who.name, self._desk.now_s())
        assert found is not None
        return found.id

    def label(self, who: Shown) -> str:
        question = self._desk.queue.question(self.question(who))
        assert question is not None
        made = Label.of(question.id, question.uid, "dos", who.name, self._desk.now_s(), "console")
        self._desk.queue.tell([made])
        return made.id

    def action(self, state: str) -> str:
        """Return an action of this test's own."""
        self._made += 1
        ledger, now_s = self._desk.ledger(), self._desk.now_s()
        made = Action.of("block", f"192.168.39.{100 + self._made}", 600.0, WHY, "a test", now_s)
        ledger.propose(made, now_s, approval=True)
        if state == "applied":
            ledger.approve(made.id, "ana", now_s)
            ledger.applied(made.id, now_s, 600.0, "dry_run")
        return made.id

    def target(self) -> str:
        self._made += 1
        return f"192.168.40.{self._made}"

    def person(self) -> str:
        return self._front.somebody("viewer").name

    def disabled(self) -> str:
        name = self.person()
        People(self._desk.database).disable(name, self._desk.now_s(), "test")
        return name

    def stylesheet(self) -> str:
        return STATIC + next(name for name in static() if name.endswith(".css"))

    def rule(self) -> str:
        """Return a rule that ships with the package."""
        return Rulebook(self._desk).book().rules[0].rule.name

    def arrival(self) -> int:
        """Return what has arrived, with one alert of a family that no other has."""
        self._made += 1
        first = self._desk.alerts.find(limit=1)[0].alert
        self._desk.alerts.record([replace(first, id=f"{self._made:016x}", family="xss")], (), self._desk.now_s())
        return self._desk.alerts.last_arrival()

    def answered(self, who: Shown) -> None:
        """Let somebody answer a question on the page."""
        route = Route("POST", "/labels/answer", "analyst")
        assert self._front.ask(route, self.of(route, who), who).status_code == 303

    def token(self, who: Shown) -> str:
        give = self._front.app.state.bearers.give
        made, _ = give(who.name, "viewer", f"test {next(NUMBERS)}", who.name, self._desk.now_s(), None)
        return str(made.id)

    def quiet(self) -> None:
        """Wait until no job runs."""

        def is_quiet() -> bool:
            begun, ended = (len(list(self._folder.glob(f"*/{name}.json"))) for name in ("job", "ended"))
            return self._jobs.running() is None and begun == ended

        until(is_quiet)

    def job(self, program: tuple[str, ...] = AT_ONCE) -> str:
        self.quiet()
        job = Jobs(self._folder, self._desk.now_s, program=program).begin("A test", ["x"], "ana")
        if program is AT_ONCE:
            self.quiet()
        else:
            assert job.state == RUNNING
        return job.id

    def end_jobs(self) -> None:
        """End what still runs."""
        job = self._jobs.running()
        if job:
            with suppress(ActionError):  # it may end by itself meanwhile
                self._jobs.cancel(job.id, "test")
        self.quiet()

    def promoted(self) -> None:
        shelf = self._desk.shelf
        assert shelf is not None
        shelf.promote(CHALLENGER if shelf.champion() == CHAMPION else CHAMPION, WHY)

    def spare(self) -> str:
        """Return a bundle that is not in service; no job runs."""
        self.quiet()
        assert self._desk.shelf is not None
        return CHALLENGER if self._desk.shelf.champion() == CHAMPION else CHAMPION

    def shadowed(self) -> None:
        assert self._desk.shelf is not None
        self._desk.shelf.set_shadow(self.spare(), WHY)

    def _fresh(self, names: Iterable[str]) -> str:
        found = next(name for name in names if name not in self._taken)
        self._taken.add(found)
        return found


Make = Callable[[Wanted, Shown], Ask]


def _at(path: str) -> Make:
    return lambda _, __: Ask(path)


def _known(form: dict[str, str], path: str) -> Make:
    """Return a form that shows that the person knows the password."""
    return lambda _, __: Ask(path, {**form, "password": PASSWORD})


def _job(path: str, json: object = None) -> Make:
    """Return a request that begins a job, about a bundle that is not in service."""

    def make(wanted: Wanted, who: Shown) -> Ask:
        del who
        return Ask(path.format(wanted.spare()), {"metric": "macro_f1", "one": CHAMPION, "other": CHALLENGER}, json)

    return make


def _rolled(path: str) -> Make:
    def make(wanted: Wanted, who: Shown) -> Ask:
        del who
        wanted.promoted()
        return Ask(path, {"why": WHY}, {"why": WHY})

    return make


def _unshadowed(path: str) -> Make:
    def make(wanted: Wanted, who: Shown) -> Ask:
        del who
        wanted.shadowed()
        return Ask(path)

    return make


def _answered(path: str) -> Make:
    """Return a request to undo an answer that this person gave through the console."""

    def make(wanted: Wanted, who: Shown) -> Ask:
        wanted.answered(who)
        return Ask(path)

    return make


PAGES: Mapping[str, Make] = {
    **{
        f"GET {path}": _at(path)
        for path in (
            *("/", "/healthz", "/overview", "/alerts", "/devices", "/responses", "/responses/ledger", "/rules"),
            *("/responses/protected", "/responses/flush", "/allowances", "/allowances/new", "/settings", "/audit"),
            *("/account", "/account/openapi.json", "/account/api", "/account/people", "/labels", "/labels/questions"),
            *("/labels/given", "/labels/people"),
            *("/labels/curve", "/models", "/models/compare", "/models/jobs"),
        )
    },
    "GET /responses/block": _at("/responses/block?target=192.168.39.77&why=a+test"),
    "GET /login": _at("/login"),
    "GET /live": _at("/live"),
    "GET /static/{name}": lambda w, _: Ask(w.stylesheet()),
    "POST /login": lambda _, who: Ask("/login", {"name": who.name, "password": PASSWORD}),
    "POST /logout": _at("/logout"),
    "POST /theme": lambda _, __: Ask("/theme", {"theme": "dark"}),
    "GET /alerts/{name}": lambda w, _: Ask(f"/alerts/{w.alert()}"),
    "GET /alerts/{name}/false-alarm": lambda w, _: Ask(f"/alerts/{w.alert()}/false-alarm"),
    "POST /alerts/judge": lambda w, _: Ask("/alerts/judge", {"id": w.alert(), "state": "acknowledged", "sure": "1"}),
    "POST /alerts/{name}/judge": lambda w, _: Ask(f"/alerts/{w.alert()}/judge", {"state": "acknowledged"}),
    "POST /alerts/{name}/comment": lambda w, _: Ask(f"/alerts/{w.alert()}/comment", {"text": WHY}),
    "POST /alerts/{name}/false-alarm": lambda w, _: Ask(f"/alerts/{w.alert()}/false-alarm", {"why": WHY}),
    "GET /devices/{name:path}": _at("/devices/192.168.39.30"),
    "GET /responses/action/{name}": lambda w, _: Ask(f"/responses/action/{w.action('proposed')}"),
    "POST /responses/approve": lambda w, _: Ask("/responses/approve", {"id": w.action("proposed")}),
    "POST /responses/undo": lambda w, _: Ask("/responses/undo", {"id": w.action("applied"), "why": WHY}),
    "POST /responses/allow": lambda w, _: Ask("/responses/allow", {"target": w.target(), "why": WHY, "hours": "1"}),
    "POST /responses/flush": lambda w, _: Ask("/responses/flush", {"why": WHY, "x": w.action("proposed")}),
    "POST /responses/block": lambda w, _: Ask(
        "/responses/block", {"target": w.target(), "measure": "block", "minutes": "10", "why": WHY}
    ),
    "GET /rules/{name:path}": lambda w, _: Ask(f"/rules/{w.rule()}"),
    "POST /allowances/new": lambda w, _: Ask("/allowances/new", {**w.terms(), "why": WHY}),
    "POST /allowances/{name}/withdraw": lambda w, _: Ask(f"/allowances/{w.allowance()}/withdraw", {"why": WHY}),
    "POST /allowances/{name}/extend": lambda w, _: Ask(f"/allowances/{w.allowance()}/extend", {"for": "30d"}),
    "POST /account/password": _known({"new": NEW, "again": NEW}, "/account/password"),
    "POST /account/leave": _at("/account/leave"),
    "POST /account/tokens": _known({"role": "viewer", "days": "7", "name": "a program"}, "/account/tokens"),
    "POST /account/tokens/{token}/withdraw": lambda w, who: Ask(f"/account/tokens/{w.token(who)}/withdraw"),
    "POST /account/people": _known({"name": "newcomer", "role": "viewer", "new": NEW}, "/account/people"),
    "POST /account/people/{name}/role": lambda w, _: Ask(
        f"/account/people/{w.person()}/role", {"role": "analyst", "password": PASSWORD}
    ),
    "POST /account/people/{name}/password": lambda w, _: Ask(
        f"/account/people/{w.person()}/password", {"new": NEW, "password": PASSWORD}
    ),
    "POST /account/people/{name}/disable": lambda w, _: Ask(f"/account/people/{w.person()}/disable"),
    "POST /account/people/{name}/enable": lambda w, _: Ask(f"/account/people/{w.disabled()}/enable"),
    "POST /labels/answer": lambda w, who: Ask("/labels/answer", {"question": w.question(who), "family": "dos"}),
    "POST /labels/skip": lambda w, who: Ask("/labels/skip", {"question": w.question(who)}),
    "POST /labels/undo": _answered("/labels/undo"),
    "POST /labels/again": _at("/labels/again"),
    "GET /labels/questions/{question}": lambda w, who: Ask(f"/labels/questions/{w.question(who)}"),
    "GET /labels/given/{label}": lambda w, who: Ask(f"/labels/given/{w.label(who)}"),
    "POST /labels/given/{label}/withdraw": lambda w, who: Ask(f"/labels/given/{w.label(who)}/withdraw", {"why": WHY}),
    "POST /labels/curve": _job("/labels/curve"),
    "GET /models/bundles/{name}": _at(f"/models/bundles/{CHALLENGER}"),
    "GET /models/decisions/{place}": _at("/models/decisions/1"),
    "POST /models/bundles/{name}/gate": _job("/models/bundles/{}/gate"),
    "POST /models/bundles/{name}/shadow": _job("/models/bundles/{}/shadow"),
    "POST /models/shadow/off": _unshadowed("/models/shadow/off"),
    "POST /models/rollback": _rolled("/models/rollback"),
    "POST /models/retrain": _job("/models/retrain"),
    "POST /models/bundles/{name}/measure": _job("/models/bundles/{}/measure"),
    "POST /models/compare": _job("/models/compare"),
    "GET /models/jobs/{job}": lambda w, _: Ask(f"/models/jobs/{w.job()}"),
    "POST /models/jobs/{job}/cancel": lambda w, _: Ask(f"/models/jobs/{w.job(FOR_LONG)}/cancel"),
}
PROGRAMS: Mapping[str, Make] = {
    **{
        f"GET {path}": _at(f"{API}{path}")
        for path in (
            *("/openapi.json", "/overview", "/alerts", "/devices", "/responses", "/responses/ledger", "/rules"),
            *("/responses/protected", "/allowances", "/settings", "/audit", "/account/me", "/account/people"),
            *("/account/sessions", "/account/tokens", "/live"),
            *("/labels/questions", "/labels/counts", "/labels/given", "/labels/agreement", "/labels/curve"),
            *("/models/shelf", "/models/decisions", "/models/jobs"),
        )
    },
    "GET /alerts/groups": _at(f"{API}/alerts/groups?by=family"),
    "POST /alerts/judge": lambda w, _: Ask(
        f"{API}/alerts/judge", json={"ids": [w.alert()], "state": "acknowledged", "why": WHY}
    ),
    "POST /alerts/judge-all": lambda w, _: Ask(
        f"{API}/alerts/judge-all",
        json={"q": "family:xss", "arrival": w.arrival(), "state": "acknowledged", "why": WHY},
    ),
    "GET /alerts/{name}": lambda w, _: Ask(f"{API}/alerts/{w.alert()}"),
    "POST /alerts/{name}/false-alarm": lambda w, _: Ask(f"{API}/alerts/{w.alert()}/false-alarm", json={"why": WHY}),
    "GET /alerts/{name}/false-alarm": lambda w, _: Ask(f"{API}/alerts/{w.alert()}/false-alarm"),
    "POST /alerts/{name}/comments": lambda w, _: Ask(f"{API}/alerts/{w.alert()}/comments", json={"text": WHY}),
    "GET /devices/{name:path}": _at(f"{API}/devices/192.168.39.30"),
    "GET /responses/actions/{name}": lambda w, _: Ask(f"{API}/responses/actions/{w.action('proposed')}"),
    "POST /responses/approve": lambda w, _: Ask(f"{API}/responses/approve", json={"ids": [w.action("proposed")]}),
    "POST /responses/undo": lambda w, _: Ask(f"{API}/responses/undo", json={"ids": [w.action("applied")], "why": WHY}),
    "POST /responses/allow": lambda w, _: Ask(
        f"{API}/responses/allow", json={"target": w.target(), "why": WHY, "allow_s": 60}
    ),
    "POST /responses/rehearse": lambda w, _: Ask(f"{API}/responses/rehearse", json={"target": w.target(), "why": WHY}),
    "POST /responses/block": lambda w, _: Ask(f"{API}/responses/block", json={"target": w.target(), "why": WHY}),
    "POST /responses/flush": lambda w, _: Ask(f"{API}/responses/flush", json={"why": WHY, "x": w.action("proposed")}),
    "GET /rules/{name:path}": lambda w, _: Ask(f"{API}/rules/{w.rule()}"),
    "POST /allowances/preview": lambda w, _: Ask(
        f"{API}/allowances/preview", json={"terms": w.terms(), "because": WHY}
    ),
    "POST /allowances": lambda w, _: Ask(f"{API}/allowances", json={"terms": w.terms(), "because": WHY}),
    "POST /allowances/{name}/extend": lambda w, _: Ask(
        f"{API}/allowances/{w.allowance()}/extend", json={"span": "30d"}
    ),
    "POST /allowances/{name}/withdraw": lambda w, _: Ask(
        f"{API}/allowances/{w.allowance()}/withdraw", json={"why": WHY}
    ),
    "POST /account/leave": _at(f"{API}/account/leave"),
    "POST /account/people/{name}/disable": lambda w, _: Ask(f"{API}/account/people/{w.person()}/disable"),
    "POST /account/tokens/{token}/withdraw": lambda w, who: Ask(f"{API}/account/tokens/{w.token(who)}/withdraw"),
    "POST /labels/next": _at(f"{API}/labels/next"),
    "GET /labels/questions/{question}": lambda w, who: Ask(f"{API}/labels/questions/{w.question(who)}"),
    "POST /labels/questions/{question}/answer": lambda w, who: Ask(
        f"{API}/labels/questions/{w.question(who)}/answer", json={"family": "dos"}
    ),
    "POST /labels/questions/{question}/skip": lambda w, who: Ask(f"{API}/labels/questions/{w.question(who)}/skip"),
    "POST /labels/undo": _answered(f"{API}/labels/undo"),
    "POST /labels/again": _at(f"{API}/labels/again"),
    "POST /labels/curve": _job(f"{API}/labels/curve"),
    "GET /labels/given/{label}": lambda w, who: Ask(f"{API}/labels/given/{w.label(who)}"),
    "POST /labels/given/{label}/withdraw": lambda w, who: Ask(
        f"{API}/labels/given/{w.label(who)}/withdraw", json={"why": WHY}
    ),
    "GET /models/bundles/{name}": _at(f"{API}/models/bundles/{CHALLENGER}"),
    "GET /models/compare": _at(f"{API}/models/compare?one={CHAMPION}&other={CHALLENGER}"),
    "POST /models/compare": _job(f"{API}/models/compare", {"one": CHAMPION, "other": CHALLENGER}),
    "GET /models/decisions/{place}": _at(f"{API}/models/decisions/1"),
    "POST /models/retrain": _job(f"{API}/models/retrain", {}),
    "POST /models/bundles/{name}/gate": _job(f"{API}/models/bundles/{{}}/gate"),
    "POST /models/bundles/{name}/measure": _job(f"{API}/models/bundles/{{}}/measure"),
    "POST /models/bundles/{name}/shadow": _job(f"{API}/models/bundles/{{}}/shadow"),
    "DELETE /models/shadow": _unshadowed(f"{API}/models/shadow"),
    "POST /models/rollback": _rolled(f"{API}/models/rollback"),
    "GET /models/jobs/{job}": lambda w, _: Ask(f"{API}/models/jobs/{w.job()}"),
    "POST /models/jobs/{job}/cancel": lambda w, _: Ask(f"{API}/models/jobs/{w.job(FOR_LONG)}/cancel"),
}
REQUESTS: Mapping[str, Make] = {
    **PAGES,
    **{f"{name.partition(' ')[0]} {API}{name.partition(' ')[2]}": make for name, make in PROGRAMS.items()},
}
CHANGE_NOTHING = frozenset(
    {
        *("POST /theme", "POST /labels/again", f"POST {API}/labels/again"),
        *(f"POST {API}/allowances/preview", f"POST {API}/responses/rehearse"),
    }
)
"""Routes that are no GET, and yet leave the store as it is."""
