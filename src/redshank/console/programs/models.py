"""The shelf for programs: bundles, decisions, and what may be done to it.

In: the desk. Out: routes below /api/v1/models, with models in and out.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from redshank.console.acts import models as acts
from redshank.console.desk import Desk
from redshank.console.facts import models as facts
from redshank.console.facts import training
from redshank.console.facts.agreement import agreement
from redshank.console.jobs import Job
from redshank.console.people import Person
from redshank.console.programs import jobs
from redshank.console.programs.example import example
from redshank.console.programs.jobs import JobOut
from redshank.console.sessions import analyst
from redshank.detect.agreed import Agreed, OfFamily
from redshank.detect.shelf import Entry

MADE_FROM = ("dataset", "protocol", "seed", "commit", "command")
"""Of what a bundle says of its origin; the rest may be long."""


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
    measured_at_s: float | None = Field(description="When, if they were.")
    last: int | None = Field(description="Place of the last decision about it.")


class BundleCase(BundleOut):
    """A bundle with what it was made from, and all that was measured of it."""

    settings: dict[str, Any] = Field(description="Of the model.")
    columns: list[str]
    made_from: dict[str, Any] = Field(description="Dataset, protocol, seed, commit and command, where it says so.")
    evaluation: dict[str, Any] | None = Field(
        description="What was measured later: class by class, confusion, reliability (the score beside the share of "
        "attacks), intervals."
    )
    no_data: str = Field(description="Why it cannot be measured here for want of its dataset, or ''.")


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
    notes: list[str] = Field(description="What a reader must know.")
    digest: str = Field(description="Hash of its line, which the next line repeats.")
    before: str = Field(description="Hash of the line before; '' of the first.")
    evidence: dict[str, Any] = Field(
        description="What it rests on: `paired`, both on the same rows; `gate`, what it asked; `regression`; ..."
    )


class AgreedOut(BaseModel):
    """How far the shadow agrees with the champion: flows that both judged, and alarms by family."""

    flows: int
    share: float | None = Field(description="Of the flows that were an alarm to both or to neither.")
    low: float | None = Field(description="Its 95 % interval, as if flows did not depend on each other.")
    high: float | None
    families: list[OfFamily] = Field(
        description="Of each: both; of these those that the shadow names otherwise; champion only; shadow only."
    )


class JudgedHere(BaseModel):
    """A bundle that judged here."""

    name: str
    sha256: str
    first_used_s: float
    last_used_s: float


class ReadyOut(BaseModel):
    """How far the answers reach for a retraining."""

    sure: int = Field(description="Flows with a sure answer.")
    fresh: int = Field(description="Those of them that can measure: the champion was not taught them.")
    missing: int = Field(description="Answers until the gate can decide, at least.")
    needed: int = Field(description="Fresh answers that it takes.")


class ShelfOut(BaseModel):
    """The shelf."""

    folder: str = Field(description="'': the settings name none.")
    champion: str | None
    shadow: str | None
    previous: str = Field(description="Which would be in service after a roll-back; '' if none.")
    chain_holds: bool
    broken: str = Field(description="Why the chain does not hold, or a bundle cannot be read; or ''.")
    torn: str = Field(description="What is left of a last line that is no decision, or ''.")
    unfinished: str = Field(description="What was decided and not carried out yet, and the bundle; or ''.")
    bundles: list[BundleOut]
    alone: BundleOut | None = Field(description="The bundle that judges where the settings name no shelf.")
    agreed: AgreedOut | None = Field(description="None: there is no shadow, or no service has judged with it yet.")
    judged_here: list[JudgedHere]
    metrics: list[str] = Field(description="What a retraining, or the gate, can be asked to improve.")
    ready: ReadyOut | None = Field(description="None: nothing is in service.")
    no_data: str = Field(description="Why the dataset of the champion cannot be read here, or ''.")
    untrained: str = Field(description="Why nothing can be trained or judged here, or ''.")
    running: JobOut | None = Field(description="The job that runs; there is one at a time.")


class DifferenceOut(BaseModel):
    """What one bundle has and another has not."""

    what: str
    before: str
    after: str


class JudgedOut(BaseModel):
    """Two bundles judged by a job on labels that neither was taught."""

    job: JobOut
    one: str
    other: str
    figures: list[dict[str, Any]] = Field(description="The one as `champion`, the other as `challenger`; with ends.")


class CompareOut(BaseModel):
    """Two bundles."""

    one: BundleOut
    other: BundleOut
    changes: list[DifferenceOut]
    decided: DecisionOut | None = Field(description="The last decision that measured both on the same rows.")
    judged: JudgedOut | None = Field(description="The last job that did, if its files are still there.")


class Pair(BaseModel):
    """Two bundles of the shelf."""

    model_config = example(one="home-1", other="home-1-r1")

    one: str = Field(max_length=100)
    other: str = Field(max_length=100)


class Improve(BaseModel):
    """What has to improve."""

    model_config = example(metric="balanced_accuracy")

    metric: str = acts.METRICS[0]


class Retraining(BaseModel):
    """How a challenger is trained."""

    model_config = example(metric="macro_f1", hold_out=0.3, weight=1.0)

    metric: str = acts.METRICS[0]
    hold_out: float = Field(0.3, ge=0.05, le=0.95)
    weight: float = Field(1.0, ge=0.01, le=1_000.0)


class Why(BaseModel):
    """Why something is done."""

    why: str = Field(min_length=3, max_length=500)


class RollBack(Why):
    """Why the champion before is to be in service again."""

    model_config = example(why="it calls the cameras false", present="home-1-r1")

    present: str | None = Field(
        None, max_length=100, description="The champion; if it is another by now, nothing is done."
    )


def offer(routes: APIRouter, desk: Desk) -> None:
    """Add the routes.

    Args:
        routes: What they are added to.
        desk: What they work on.
    """

    @routes.get("/shelf")
    def shelf() -> ShelfOut:
        """Return the bundles with their roles and figures, and whether the chain of decisions holds."""
        return _shelf(desk, facts.models(desk))

    @routes.get("/bundles/{name}")
    def bundle(name: str) -> BundleCase:
        """Return a bundle with what it was made from, and all that was measured of it."""
        one = facts.models(desk).of(name)
        made = one.manifest
        return BundleCase(
            **vars(_bundle(one)),
            settings=made.settings,
            columns=made.columns,
            made_from={name: made.provenance[name] for name in MADE_FROM if name in made.provenance},
            evaluation=dict(one.measured.evaluation) if one.measured else None,
            no_data=training.without_data(desk, made),
        )

    @routes.get("/compare")
    def compare(one: str, other: str) -> CompareOut:
        """Return what changed from one bundle to another, and how both did on the same rows."""
        found = facts.models(desk)
        first, second = found.of(one), found.of(other)
        decided = facts.decided_between(found, one, other)
        judged = facts.judged(desk.jobs, one, other)
        return CompareOut(
            one=_bundle(first),
            other=_bundle(second),
            changes=[DifferenceOut(**vars(change)) for change in facts.changes(first.manifest, second.manifest)],
            decided=None if decided is None else _decision(decided),
            judged=None if judged is None else JudgedOut(**{**vars(judged), "job": JobOut.of(judged.job)}),
        )

    @routes.post("/compare")
    def judge(asked: Pair, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Judge two bundles on labels that neither was taught; nothing is decided."""
        return JobOut.of(acts.compare(desk, who.name, asked.one, asked.other))

    @routes.get("/decisions")
    def decisions(
        bundle: Annotated[str, Query(max_length=100, description="Only those about it, or that replaced it.")] = "",
        before: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> list[DecisionOut]:
        """Return decisions of the shelf with their evidence, the latest first; the next page is before a place."""
        found = facts.models(desk).about(bundle) if bundle else facts.models(desk).decided
        return [_decision(one) for one in [one for one in found if not before or one.place < before][:limit]]

    @routes.get("/decisions/{place}")
    def decision(place: int) -> DecisionOut:
        """Return a decision with its evidence."""
        return _decision(facts.models(desk).decision(place))

    @routes.post("/retrain")
    def retrain(how: Retraining, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Train a challenger on what the store was told, and let the gate decide."""
        acts.known(acts.METRICS, how.metric, "metric")
        return JobOut.of(acts.retrain(desk, who.name, acts.Retraining(how.metric, how.hold_out, how.weight)))

    @routes.post("/bundles/{name}/gate")
    def gate(name: str, who: Annotated[Person, Depends(analyst)], asked: Improve | None = None) -> JobOut | None:
        """Ask the gate about a bundle; where nothing is in service yet, it is put in service, and there is no job."""
        metric = asked.metric if asked else acts.METRICS[0]
        acts.known(acts.METRICS, metric, "metric")
        done = acts.ask_gate(desk, who.name, name, metric)
        return JobOut.of(done) if isinstance(done, Job) else None

    @routes.post("/bundles/{name}/measure")
    def measure(name: str, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Measure a bundle on the test part of the dataset that it was made from."""
        return JobOut.of(acts.measure(desk, who.name, name))

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

    jobs.offer(routes, desk)


def _shelf(desk: Desk, found: facts.Models) -> ShelfOut:
    champion, shadow = found.champion, found.shadow
    alone = None if desk.shelf else facts.without_shelf(desk)
    running, unfinished = desk.jobs.running(), found.unfinished
    return ShelfOut(
        folder=found.folder,
        champion=champion.name if champion else None,
        shadow=shadow.name if shadow else None,
        previous=found.previous,
        chain_holds=not found.broken,
        broken=alone if isinstance(alone, str) else found.broken,
        torn=found.torn,
        unfinished=f"{unfinished.what} {unfinished.name}" if unfinished else "",
        bundles=[_bundle(one) for one in found.bundles],
        alone=_bundle(alone) if isinstance(alone, facts.Shelved) else None,
        agreed=_agreed(agreement(desk, found)),
        judged_here=[JudgedHere(**vars(one)) for one in desk.inventory.bundles()],
        metrics=list(acts.METRICS),
        ready=ReadyOut(**vars(training.ready(desk, champion.manifest))) if champion else None,
        no_data=training.without_data(desk, champion.manifest) if champion else "",
        untrained=facts.untrained(),
        running=JobOut.of(running) if running else None,
    )


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
        measured_at_s=one.measured.at_s if one.measured else None,
        last=one.last.place if one.last else None,
    )


def _agreed(found: Agreed | None) -> AgreedOut | None:
    if found is None:
        return None
    low, high = found.interval or (None, None)
    return AgreedOut(flows=found.flows, share=found.share, low=low, high=high, families=list(found.families))


def _decision(one: facts.Decided) -> DecisionOut:
    entry = one.entry
    kept = {name: value for name, value in vars(entry).items() if name in DecisionOut.model_fields}
    more = {"place": one.place, "reasons": list(one.reasons), "notes": list(one.notes), "digest": one.digest}
    return DecisionOut(**kept | more | {"evidence": dict(entry.evidence)})


def _said(entry: Entry) -> dict[str, str]:
    return {"decision": entry.what, "bundle": entry.name, "champion": entry.champion}
