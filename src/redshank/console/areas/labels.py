"""Labels: the questions of the queue, one after the other; every label that was given; how far people agree; the curve.

In: keys, or forms. Out: labels. The one idea: an answer is a plain form, whose answer leads to the next question; the
script only saves the reader the jump of a page.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from redshank.active.nearest import nearest
from redshank.active.replayed import LEVEL
from redshank.console.acts import labels as acts
from redshank.console.acts import models as jobs
from redshank.console.area import Area
from redshank.console.desk import Desk
from redshank.console.facts import given, labels, learning
from redshank.console.facts.models import models, untrained
from redshank.console.form import Asked, Posted
from redshank.console.page import back, render, with_query
from redshank.console.people import Person
from redshank.console.programs.labels import PAGE, offer, wanted
from redshank.console.sessions import analyst, viewer

HERE = "/labels"


class Labels(Area):
    """The queue, and what people said."""

    title, place, key = "Labels", 30, "l"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._analysts = acts.Analysts(desk)
        self._agreed: tuple[tuple[int, int], given.Agreement] | None = None

    def pages(self, routes: APIRouter) -> None:
        """Show the queue, take answers, show labels, people and the curve."""
        self._queue(routes)
        self._given(routes)
        self._learning(routes)

    def _queue(self, routes: APIRouter) -> None:
        desk, analysts = self.desk, self._analysts

        def shown(request: Request, who: Person, question: str = "", said: str = "") -> Response:
            """Show a question; a viewer sees how the queue stands, and takes nothing out of it."""
            may = who.may("analyst")
            found = analysts.next(who.name, question) if may else None
            session = analysts.session(who.name)
            return render(
                request,
                "labels/queue.html",
                may=may,
                one=None if found is None else labels.shown(desk, session, found),
                counts=desk.queue.counts(desk.now_s()),
                waiting=desk.queue.waiting(desk.now_s()),
                verdict=learning.verdict(desk),
                given=len(session.given),
                skipped=len(session.skipped),
                said=said,
            )

        def go_on(request: Request, who: Person, said: str, question: str = "") -> Response:
            """Show the next question at once to a script; lead a browser to it."""
            if "part" in request.query_params:
                return shown(request, who, question, said)
            return back(request, f"{HERE}?question={question}" if question else HERE, said)

        @routes.get("")
        def queue(request: Request, query: Asked, who: Annotated[Person, Depends(viewer)]) -> Response:
            return shown(request, who, query.text("question", most=40))

        @routes.post("/answer")
        def answer(request: Request, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            family, evidence = form.text("family", least=1, most=80), form.text("evidence", most=1_000)
            question = form.text("question", least=1, most=40)
            form.check()
            analysts.answer(who.name, question, family, evidence)
            return go_on(request, who, f"{family}: kept.")

        @routes.post("/skip")
        def skip(request: Request, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            analysts.skip(who.name, form.text("question", most=40))
            return go_on(request, who, "Skipped.")

        @routes.post("/undo")
        def undo(request: Request, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            before = analysts.undo(who.name, form.text("question", most=40))
            return go_on(request, who, "Undone; here is the question again.", before.id)

        @routes.post("/again")
        def again(request: Request, who: Annotated[Person, Depends(analyst)]) -> Response:
            return go_on(request, who, f"{analysts.look_again(who.name)} skipped questions are asked again.")

        @routes.get("/questions")
        def questions(request: Request, query: Asked) -> Response:
            status = query.choice("status", labels.STATUSES, labels.STATUSES[0])
            query.check()
            rows, more = labels.listed(desk, status, PAGE, query.text("after", most=40))
            return render(
                request,
                "labels/questions.html",
                rows=rows,
                wanted=status,
                statuses=labels.STATUSES,
                counts=desk.queue.counts(desk.now_s()),
                waiting=desk.queue.waiting(desk.now_s()),
                older=with_query(request, after=rows[-1].question.id) if more and rows else "",
            )

        @routes.get("/questions/{question}")
        def question(request: Request, question: str, who: Annotated[Person, Depends(viewer)]) -> Response:
            found = labels.asked(desk, question)
            said = [
                (label, *given.became(label, desk.queue.said_of(found.id), desk.now_s()))
                for label in desk.queue.said_of(found.id)
            ]
            one = labels.shown(desk, analysts.session(who.name), found)
            return render(request, "labels/question.html", one=one, said=said, may=who.may("analyst"))

    def _given(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/given")
        def listed(request: Request, query: Asked) -> Response:
            looked_for = wanted(query)
            rows, more = given.given(desk, looked_for, PAGE, query.text("before", most=40))
            return render(
                request,
                "labels/given.html",
                rows=rows,
                wanted=looked_for,
                states=given.STATES,
                annotators=given.annotators(desk),
                older=with_query(request, before=rows[-1].label.id) if more and rows else "",
            )

        @routes.get("/given/{label}")
        def one(request: Request, label: str, who: Annotated[Person, Depends(viewer)]) -> Response:
            found = given.one(desk, label)
            said = desk.queue.said_of(found.question)
            question = labels.asked(desk, found.question)
            return render(
                request,
                "labels/label.html",
                label=found,
                became=given.became(found, said, desk.now_s()),
                history=[(other, *given.became(other, said, desk.now_s())) for other in said],
                beside=labels.beside(desk, [question])[0],
                bundles=given.taught(desk, found.id),
                may=who.may("analyst"),
            )

        @routes.post("/given/{label}/withdraw")
        def withdraw(request: Request, label: str, form: Posted, who: Annotated[Person, Depends(analyst)]) -> Response:
            why = form.text("why", least=3, most=500)
            form.check()
            gone = acts.withdraw(desk, who.name, label, why)
            taught = ", ".join(f"{name} ({count})" for name, count in gone.bundles)
            said = "Taken back." if gone.labels else "It had been taken back before."
            return back(request, f"{HERE}/given/{label}", f"{said} Trained on it: {taught or 'no bundle here'}.")

        @routes.get("/people")
        def people(request: Request) -> Response:
            return render(request, "labels/people.html", found=self._agreement())

    def _agreement(self) -> given.Agreement:
        """Return how far people agree; worked out anew when there are more labels, or another minute for one to expire.

        With five thousand labels that takes half a second.
        """
        key = (len(self.desk.queue.labels()), int(self.desk.now_s() // 60))
        if self._agreed is None or self._agreed[0] != key:
            self._agreed = (key, given.agreement(self.desk))
        return self._agreed[1]

    def _learning(self, routes: APIRouter) -> None:
        desk = self.desk

        @routes.get("/curve")
        def curve(request: Request, query: Asked) -> Response:
            answer = query.number("answer", 0, 1e9) if query.text("answer") else None
            point = query.number("point", 0, 1e9) if query.text("point") else None
            query.check()
            pays = learning.cost(answer, point) or learning.paid(desk.settings.questions)
            return render(
                request,
                "labels/curve.html",
                found=learning.learning(desk, models(desk), pays),
                pays=pays,
                level=LEVEL,
                gain_words=learning.gain_words,
                untrained=untrained(),
                shelf=desk.shelf,
                running=desk.jobs.running(),
            )

        @routes.post("/curve")
        def draw(request: Request, who: Annotated[Person, Depends(analyst)]) -> Response:
            job = jobs.draw_curve(desk, who.name)
            return back(request, f"/models/jobs/{job.id}", "Begun.")

    def api(self, routes: APIRouter) -> None:
        """Offer the queue to programs; see `console/programs/labels.py`."""
        offer(routes, self.desk, self._analysts)

    def warm(self) -> None:
        """Read what was asked and answered, and place the answered flows."""
        rows, _ = labels.listed(self.desk, labels.STATUSES[0], 1)
        for row in rows:
            nearest(self.desk.queue, row.question)
