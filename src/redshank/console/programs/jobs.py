"""Jobs for programs: work that takes minutes, one at a time.

In: the desk. Out: routes below /api/v1/models/jobs, and what every operation that begins a job answers.
"""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from redshank.console.acts import models as acts
from redshank.console.desk import Desk
from redshank.console.jobs import RUNNING, Job
from redshank.console.people import Person
from redshank.console.request_error import RequestError
from redshank.console.sessions import analyst
from redshank.core.inert import inert


class ProgressOut(BaseModel):
    """How far a job says that it is."""

    share: float = Field(description="0 to 1.")
    step: int = Field(description="Which step goes on, from 1; 0 of a command that says none.")
    steps: int
    what: str


class JobOut(BaseModel):
    """A job."""

    id: str
    title: str
    arguments: list[str]
    by: str
    began_at_s: float
    ended_at_s: float | None
    asked_by: str = Field(description="Who cancelled it, or ''.")
    asked_to_end_at_s: float | None
    code: int | None
    seen_to_end: bool = Field(description="Whether the console was there when it ended.")
    state: str = Field(
        description="'running', 'done', 'failed', 'cancelled', or 'vanished' while the console was away."
    )

    @classmethod
    def of(cls, job: Job, **more: Any) -> Self:  # noqa: ANN401  fields of what has more of them
        """Return it for programs."""
        return cls(**more, **{name: getattr(job, name) for name in JobOut.model_fields})


class JobCase(JobOut):
    """A job with what it said, and what came of it."""

    progress: ProgressOut | None = Field(description="While it runs, if it says so.")
    log: list[str] = Field(description="The last lines that it said.")
    result: dict[str, Any] | None = Field(description="What it ended with, as the command prints it with --json.")


def offer(routes: APIRouter, desk: Desk) -> None:
    """Add the routes.

    Args:
        routes: What they are added to.
        desk: What they work on.
    """

    @routes.get("/jobs")
    def jobs() -> list[JobOut]:
        """Return the jobs whose files are kept, the latest first."""
        return [JobOut.of(one) for one in desk.jobs.jobs()]

    @routes.get("/jobs/{job}")
    def job(job: str) -> JobCase:
        """Return a job with what it said, and what came of it."""
        found = desk.jobs.get(job)
        if found is None:
            raise RequestError(404, f"There is no job '{inert(job[:20])}'.")
        far = desk.jobs.progress(job) if found.state == RUNNING else None
        return JobCase.of(
            found,
            progress=None if far is None else ProgressOut(**vars(far)),
            log=desk.jobs.log(job),
            result=desk.jobs.result(job),
        )

    @routes.post("/jobs/{job}/cancel")
    def cancel(job: str, who: Annotated[Person, Depends(analyst)]) -> JobOut:
        """Ask a job to end; asked again after 10 s, it is killed."""
        return JobOut.of(acts.cancel(desk, who.name, job))
