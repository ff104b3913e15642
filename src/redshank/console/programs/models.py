"""The shelf for programs: bundles, decisions, jobs.

In: the desk. Out: routes below /api/v1/models, with models in and out.
"""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from redshank.console.acts import models as acts
from redshank.console.desk import Desk
from redshank.console.facts import models as facts
from redshank.console.facts.agreement import agreement
from redshank.console.jobs import Job
from redshank.console.people import Person
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst
from redshank.core.inert import inert
from redshank.detect.agreed import Agreed
from redshank.detect.shelf import Entry


class FigureOut(BaseModel):
    """One figure of a bundle."""

    name: str
    value: float | None
    low: float | None = Field(description="Interval over test rows, where one was made.")
    high: float | None


class BundleOut(BaseModel):
    """A bundle of the shelf."""

    name: str
    role: str = Field(description="'champion', 'shadow' or ''.")
    model: str
    task: str
    classes: list[str]
    feature_set: str
    sha256: str
    taught: int = Field(description="Labels of a store that it was trained on.")
    figures: list[FigureOut]
    measured_on: str | None = Field(description="Which rows gave the figures, if they were measured later.")
    evaluation: dict[str, Any] | None = Field(default=None, description="All that was measured; of one bundle alone.")


class DecisionOut(BaseModel):
    """A decision of the shelf."""

    place: int
    what: str
    name: str
    champion: str
    replaced: str
    reasons: list[str]
    forced: bool
    at_s: float
    sha256: str
    evidence: dict[str, Any]


class AgreedOut(BaseModel):
    """How far the shadow agrees with the champion: flows that both judged, and alarms by family."""

    flows: int
    share: float | None = Field(description="Of the flows that were an alarm to both or to neither.")
    low: float | None = Field(description="Its 95 % interval, as if flows did not depend on each other.")
    high: float | None
    families: list[dict[str, str | int]] = Field(
        description="Of each: both; of these those that the shadow names otherwise; champion only; shadow only."
    )


class ShelfOut(BaseModel):
    """The shelf."""

    champion: str | None
    shadow: str | None
    chain_holds: bool
    broken: str
    bundles: list[BundleOut]
    agreed: AgreedOut | None = Field(description="None: there is no shadow, or no service has judged with it yet.")


class DifferenceOut(BaseModel):
    """What one bundle has and another has not."""

    what: str
    before: str
    after: str


class Retraining(BaseModel):
    """How a challenger is trained."""

    metric: str = acts.METRICS[0]
    hold_out: float = Field(0.3, ge=0.05, le=0.95)
    weight: float = Field(1.0, ge=0.01, le=1_000.0)


class Why(BaseModel):
    """Why something is done."""

    why: str = Field(min_length=3, max_length=500)


class RollBack(Why):
    """Why the champion before is to be in service again."""

    present: str | None = Field(
        None, max_length=100, description="The champion; if it is another by now, nothing is done."
    )


class JobOut(BaseModel):
    """A job."""

    id: str
    title: str
    arguments: list[str]
    by: str
    began_at_s: float
    ended_at_s: float | None
    asked_by: str = Field(description="Who cancelled it, or ''.")
    code: int | None
    state: str = Field(
        description="'running', 'done', 'failed', 'cancelled', or 'vanished' while the console was away."
    )
    share: float | None = Field(None, description="How far it is, 0 to 1, if it says so.")
    log: list[str] = []
    result: dict[str, Any] | None = None


def offer(routes: APIRouter, desk: Desk) -> None:
    """Add the routes.

    Args:
        routes: What they are added to.
        desk: What they work on.
    """

    @routes.get("/shelf")
    def shelf() -> ShelfOut:
        """Return the bundles with their roles and figures, and whether the chain of decisions holds."""
        found = facts.models(desk)
        champion, shadow = found.champion, found.shadow
        return ShelfOut(
            champion=champion.name if champion else None,
            shadow=shadow.name if shadow else None,
            chain_holds=not found.broken,
            broken=found.broken,
            bundles=[_bundle(one) for one in found.bundles],
            agreed=_agreed(agreement(desk, found)),
        )

    @routes.get("/bundles/{name}")
    def bundle(name: str) -> BundleOut:
        """Return a bundle with all that was measured of it."""
        one = facts.models(desk).of(name)
        found = _bundle(one)
        found.evaluation = dict(one.measured.evaluation) if one.measured else None
        return found

    @routes.get("/changes")
    def changes(one: str, other: str) -> list[DifferenceOut]:
        """Return what changed from one bundle to another."""
        found = facts.models(desk)
        both = [found.of(name).manifest for name in (one, other)]
        return [DifferenceOut(**vars(change)) for change in facts.changes(both[0], both[1])]

    @routes.get("/decisions")
    def decisions(limit: int = 50) -> list[DecisionOut]:
        """Return the decisions of the shelf with their evidence, the latest first."""
        return [_decision(one) for one in facts.models(desk).decided[: max(1, min(limit, 500))]]

    @routes.post("/retrain")
    def retrain(how: Retraining, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Train a challenger on what the store was told, and let the gate decide."""
        acts.known(acts.METRICS, how.metric, "metric")
        return _job(acts.retrain(desk, who.name, acts.Retraining(how.metric, how.hold_out, how.weight)))

    @routes.post("/bundles/{name}/gate")
    def gate(name: str, who: Annotated[Person, Depends(analyst)]) -> JobOut | None:
        """Ask the gate about a bundle; where nothing is in service yet, it is put in service, and there is no job."""
        done = acts.ask_gate(desk, who.name, name)
        return _job(done) if isinstance(done, Job) else None

    @routes.post("/bundles/{name}/measure")
    def measure(name: str, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Measure a bundle on the test part of the dataset that it was made from."""
        return _job(acts.measure(desk, who.name, name))

    @routes.post("/bundles/{name}/shadow")
    def shadow(name: str, who: Annotated[Person, Depends(analyst)]) -> dict[str, str]:
        """Let a bundle judge beside the champion, without alerts."""
        return _said(acts.set_shadow(desk, who.name, name))

    @routes.delete("/shadow")
    def off(who: Annotated[Person, Depends(analyst)]) -> dict[str, str]:
        """Let no bundle judge beside the champion."""
        return _said(acts.set_shadow(desk, who.name, None))

    @routes.post("/rollback")
    def rollback(given: RollBack, who: Annotated[Person, Depends(analyst)]) -> dict[str, str]:
        """Put the champion before the present one in service again."""
        return _said(acts.roll_back(desk, who.name, given.why, given.present))

    @routes.get("/jobs")
    def jobs() -> list[JobOut]:
        """Return the jobs, the latest first."""
        return [_job(one) for one in desk.jobs.jobs()]

    @routes.get("/jobs/{job}")
    def job(job: str) -> JobOut:
        """Return a job with what it said, and what came of it."""
        found = desk.jobs.get(job)
        if found is None:
            raise RequestError(404, f"There is no job '{inert(job[:20])}'.")
        told = _job(found)
        told.log, told.result = desk.jobs.log(job), desk.jobs.result(job)
        if (how_far := desk.jobs.progress(job)) is not None:
            told.share = how_far.share
        return told

    @routes.post("/jobs/{job}/cancel")
    def cancel(job: str, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Ask a job to end; asked again after 10 s, it is killed."""
        return _job(acts.cancel(desk, who.name, job))


def _bundle(one: facts.Shelved) -> BundleOut:
    made = one.manifest
    return BundleOut(
        name=one.name,
        role=one.role,
        model=made.model,
        task=made.task,
        classes=made.classes,
        feature_set=f"{made.feature_set} v{made.feature_version}",
        sha256=made.sha256,
        taught=one.taught,
        figures=[FigureOut(**vars(figure)) for figure in one.figures],
        measured_on=one.measured.on if one.measured else None,
    )


def _agreed(found: Agreed | None) -> AgreedOut | None:
    if found is None:
        return None
    low, high = found.interval or (None, None)
    families = [asdict(one) for one in found.families]
    return AgreedOut(flows=found.flows, share=found.share, low=low, high=high, families=families)


def _decision(one: facts.Decided) -> DecisionOut:
    entry = one.entry
    kept = {name: getattr(entry, name) for name in ("what", "name", "champion", "replaced", "forced", "at_s", "sha256")}
    return DecisionOut(place=one.place, reasons=list(one.reasons), evidence=dict(entry.evidence), **kept)


def _job(job: Job) -> JobOut:
    return JobOut(**{name: getattr(job, name) for name in JobOut.model_fields if hasattr(job, name)})


def _said(entry: Entry) -> dict[str, str]:
    return {"decision": entry.what, "bundle": entry.name, "champion": entry.champion}
