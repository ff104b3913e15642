"""Models: which bundle is in service, what could replace it, what was decided and why, and the jobs that find out.

In: the shelf, and what somebody asks for. Out: pages; jobs; decisions. The one idea: a page never decides: the gate
does, in a process of its own, and the page shows its reasons; rolling back is the one decision of a person alone, with
a reason that is kept.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from redshank.active.trained import GATE_ROWS
from redshank.console.acts import models as acts
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts import drawings, training
from redshank.console.facts import models as facts
from redshank.console.facts.agreement import agreement
from redshank.console.form import Asked, Form, Posted
from redshank.console.jobs import RUNNING, Job
from redshank.console.page import back, render
from redshank.console.people import Person
from redshank.console.programs.models import offer
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst
from redshank.console.shared import Shared
from redshank.core.inert import inert
from redshank.detect.agreed import Agreed
from redshank.store.stamps import stamps

HERE = "/models"
DECISIONS_SHOWN = 20
LINES_SHOWN = 200


class Models(Area):
    """The shelf of bundles."""

    title, place, key = "Models", 40, "m"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shared = Shared()

    def pages(self, routes: APIRouter) -> None:
        """Show the shelf and its decisions; take what may be done to it."""
        self._shelf(routes)
        self._decisions(routes)
        self._jobs(routes)

    def api(self, routes: APIRouter) -> None:
        """Offer the shelf to programs; see `console/programs/models.py`."""
        offer(routes, self.desk)

    def warm(self) -> None:
        """Read what the bundles on the shelf say of themselves."""
        facts.models(self.desk)

    def _shelf(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("")
        def overview(request: Request) -> Response:
            found = facts.models(desk)
            champion = found.champion
            alone = None if desk.shelf else facts.without_shelf(desk)
            return render(
                request,
                "models/overview.html",
                found=found,
                agreed=self._agreed(found),
                alone=alone,
                drawings=drawings.drawn(alone.measured if isinstance(alone, facts.Shelved) else None),
                seen=desk.inventory.bundles(),
                shown=DECISIONS_SHOWN,
                untrained=facts.untrained(),
                running=desk.jobs.running(),
                jobs=desk.jobs.jobs()[:5],
                metrics=acts.METRICS,
                no_data=training.without_data(desk, champion.manifest) if champion else "",
                ready=training.ready(desk, champion.manifest) if champion else None,
                least=GATE_ROWS,
            )

        @routes.get("/bundles/{name}")
        def bundle(request: Request, name: str) -> Response:
            found = facts.models(desk)
            one = found.of(name)
            return render(
                request,
                "models/bundle.html",
                found=found,
                one=one,
                about=found.about(name),
                drawings=drawings.drawn(one.measured),
                no_data=training.without_data(desk, one.manifest),
                untrained=facts.untrained(),
                running=desk.jobs.running(),
                metrics=acts.METRICS,
            )

        @routes.get("/compare")
        def compare(request: Request, query: Asked) -> Response:
            found = facts.models(desk)
            names = [one.name for one in found.bundles]
            if len(names) < 2:
                raise RequestError(404, "There are no two bundles to compare; a retraining makes another one.")
            one = found.of(query.text("one", most=100, default=names[0]))
            other = found.of(query.text("other", most=100, default=names[1]))
            return render(
                request,
                "models/compare.html",
                one=one,
                other=other,
                names=names,
                changes=facts.changes(one.manifest, other.manifest),
                decided=facts.decided_between(found, one.name, other.name),
                judged=facts.judged(desk.jobs, one.name, other.name),
                untrained=facts.untrained(),
                running=desk.jobs.running(),
            )

    def _agreed(self, found: facts.Models) -> Agreed | None:
        both = tuple(one and one.manifest.sha256 for one in (found.champion, found.shadow))
        stamp = (stamps(self.desk.database)["runs"],)
        return self._shared.get(both, stamp, self.desk.now_s(), lambda: agreement(self.desk, found))

    def _decisions(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/decisions/{place}")
        def decision(request: Request, place: int) -> Response:
            return render(request, "models/decision.html", one=facts.models(desk).decision(place))

        @routes.post("/bundles/{name}/gate")
        def gate(request: Request, name: str, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            metric = form.choice("metric", acts.METRICS, acts.METRICS[0])
            form.check()
            done = acts.ask_gate(desk, who.name, name, metric)
            return _begun(request, done) if isinstance(done, Job) else back(request, HERE, f"{name} is in service.")

        @routes.post("/bundles/{name}/shadow")
        def shadow(request: Request, name: str, who: Annotated[Person, Depends(analyst)]) -> Response:
            acts.set_shadow(desk, who.name, name)
            return back(request, HERE, f"{name} judges beside the champion, and raises no alerts.")

        @routes.post("/shadow/off")
        def off(request: Request, who: Annotated[Person, Depends(analyst)]) -> Response:
            acts.set_shadow(desk, who.name, None)
            return back(request, HERE, "No bundle judges beside the champion.")

        @routes.post("/rollback")
        def rollback(request: Request, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            why = form.text("why", least=3, most=500)
            form.check()
            entry = acts.roll_back(desk, who.name, why, form.text("present", most=100) or None)
            return back(request, HERE, f"{entry.champion} is in service again; {entry.replaced or 'nothing'} was.")

    def _jobs(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.post("/retrain")
        def retrain(request: Request, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            return _begun(request, acts.retrain(desk, who.name, retraining(form)))

        @routes.post("/bundles/{name}/measure")
        def measure(request: Request, name: str, who: Annotated[Person, Depends(analyst)]) -> Response:
            return _begun(request, acts.measure(desk, who.name, name))

        @routes.post("/compare")
        def judge(request: Request, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            one, other = form.text("one", most=100), form.text("other", most=100)
            form.check()
            return _begun(request, acts.compare(desk, who.name, one, other))

        @routes.get("/jobs")
        def jobs(request: Request) -> Response:
            return render(request, "models/jobs.html", jobs=desk.jobs.jobs())

        @routes.get("/jobs/{job}")
        def job(request: Request, job: str) -> Response:
            found = desk.jobs.get(job)
            if found is None:
                raise RequestError(404, f"There is no job '{inert(job[:20])}'.")
            return render(
                request,
                "models/job.html",
                job=found,
                progress=desk.jobs.progress(job) if found.state == RUNNING else None,
                lines=desk.jobs.log(job, LINES_SHOWN),
                result=desk.jobs.result(job) or {},
            )

        @routes.post("/jobs/{job}/cancel")
        def cancel(request: Request, job: str, who: Annotated[Person, Depends(analyst)]) -> Response:
            acts.cancel(desk, who.name, job)
            return back(request, f"{HERE}/jobs/{job}", "Asked to end; if it does not within 10 s, cancel again.")


def retraining(form: Form) -> acts.Retraining:
    """Return what a form says of how to retrain.

    Raises:
        ConfigError: With every mistake.
    """
    found = acts.Retraining(
        form.choice("metric", acts.METRICS, acts.METRICS[0]),
        form.number("hold_out", 0.05, 0.95, 0.3),
        form.number("weight", 0.01, 1_000.0, 1.0),
    )
    form.check()
    return found


def _begun(request: Request, job: Job) -> Response:
    return back(request, f"{HERE}/jobs/{job.id}", "Begun.")
