"""Rules for programs: which there are, and how they do.

In: a rulebook. Out: models, so that OpenAPI describes every field.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from redshank.console.facts.rules import Rulebook, Ruled
from redshank.console.people import Person
from redshank.console.request_error import RequestError
from redshank.console.sessions import viewer
from redshank.core.inert import inert

Viewer = Annotated[Person, Depends(viewer)]


class RuleModel(BaseModel):
    """A rule and what became of what it hit."""

    name: str
    title: str
    description: str
    level: str
    family: str
    techniques: list[str]
    falsepositives: list[str]
    file: str
    origin: str
    state: str
    ended: dict[str, int] = Field(description="Alerts that it was hit in, by what people made of them.")
    false_share: float | None = Field(description="Of those that somebody decided about.")


class WatchlistModel(BaseModel):
    """A watchlist."""

    name: str
    path: str
    entries: int
    changed_s: float


class BookModel(BaseModel):
    """The rules of a site."""

    rules: list[RuleModel]
    watchlists: list[WatchlistModel]
    problems: list[str] = Field(description="What is wrong with the site's files; a service would not start with them.")
    in_service: bool


def offer(routes: APIRouter, rulebook: Rulebook) -> None:
    """Add what programs may ask."""

    @routes.get("")
    def rules(who: Viewer) -> BookModel:
        """Return all rules and watchlists."""
        del who
        book = rulebook.book()
        lists = [
            WatchlistModel(name=one.name, path=str(one.path), entries=one.entries, changed_s=one.changed_s)
            for one in book.watchlists
        ]
        shown = [_model(one) for one in book.rules]
        return BookModel(rules=shown, watchlists=lists, problems=list(book.problems), in_service=book.in_service)

    @routes.get("/{name:path}")
    def rule(who: Viewer, name: str) -> RuleModel:
        """Return one rule."""
        del who
        found = rulebook.find(name)
        if found is None:
            raise RequestError(404, f"there is no rule '{inert(name[:80])}'")
        return _model(found)


def _model(one: Ruled) -> RuleModel:
    rule = one.rule
    return RuleModel(
        name=rule.name,
        title=rule.title,
        description=rule.description,
        level=rule.level,
        family=rule.family,
        techniques=list(rule.techniques),
        falsepositives=list(rule.falsepositives),
        file=str(rule.file),
        origin=one.origin,
        state=one.state,
        ended=dict(one.ended),
        false_share=one.false_share,
    )
