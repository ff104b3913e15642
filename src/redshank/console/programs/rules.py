"""Rules for programs: which there are, and how they do.

In: a rulebook. Out: models, so that OpenAPI describes every field.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from redshank.console.facts.rules import Rulebook, Ruled, text_of
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
    techniques: dict[str, str] = Field(description="ATT&CK ids, with their names where known.")
    score: float | None = Field(description="Of a hit; None: it only counts as a reason.")
    falsepositives: list[str]
    file: str
    origin: str = Field(description="'shipped' or 'site'.")
    state: str = Field(description="'in force', 'off', 'helper' or 'not in service'.")
    fired: int = Field(description="Alerts that it was hit in, of those that the store keeps.")
    judged: int = Field(description="Those of them that somebody decided about.")
    ended: dict[str, int] = Field(description="Alerts that it was hit in, by what people made of them.")
    false_share: float | None = Field(description="Of those that somebody decided about.")


class RuleText(RuleModel):
    """A rule as it is written."""

    text: str = Field(description="Its file, 100,000 bytes at most.")


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
    in_service: bool = Field(description="Whether the settings let rules judge.")
    folders: list[str] = Field(description="Where the site's own rules and watchlists lie.")
    shipped: str = Field(description="Where those lie that ship.")


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
        return BookModel(
            rules=shown,
            watchlists=lists,
            problems=list(book.problems),
            in_service=book.in_service,
            folders=list(map(str, book.folders)),
            shipped=str(book.shipped),
        )

    @routes.get("/{name:path}")
    def rule(who: Viewer, name: str) -> RuleText:
        """Return one rule as it is written."""
        del who
        found = rulebook.find(name)
        if found is None:
            raise RequestError(404, f"there is no rule '{inert(name[:80])}'")
        return RuleText(**vars(_model(found)), text=text_of(found.rule))


def _model(one: Ruled) -> RuleModel:
    rule = one.rule
    return RuleModel(
        name=rule.name,
        title=rule.title,
        description=rule.description,
        level=rule.level,
        family=rule.family,
        techniques=dict(one.techniques),
        score=rule.score,
        fired=one.fired,
        judged=one.judged,
        falsepositives=list(rule.falsepositives),
        file=str(rule.file),
        origin=one.origin,
        state=one.state,
        ended=dict(one.ended),
        false_share=one.false_share,
    )
