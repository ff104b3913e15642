"""What is in force, and where each of it comes from; read only."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from redshank.console.area import Area
from redshank.console.facts import settings as facts
from redshank.console.form import Asked
from redshank.console.page import render

MOST_WORDS = 8


class SettingNow(BaseModel):
    """A setting in force; a secret's value is not told."""

    section: str = Field(description="As in the file; '' for what stands before the first.")
    about: str = Field(description="What the section is about.")
    name: str
    value: str
    default: str
    place: str
    chosen: bool
    meaning: str


class SettingsNow(BaseModel):
    """The settings of the console's file."""

    path: str
    changed_at_s: float | None = Field(description="When the file was changed last.")
    service_since_s: float | None = Field(description="When the service began that runs now; None: none does.")
    stale: bool = Field(description="Whether the file was changed after the running service had read it.")
    settings: list[SettingNow]


class Settings(Area):
    """The settings."""

    title, place, key = "Settings", 80, "s"

    def pages(self, routes: APIRouter) -> None:
        """Show them."""

        @routes.get("")
        def shown(request: Request, query: Asked) -> Response:
            q, chosen = query.text("q", most=200), query.has("chosen")
            query.check()
            found = facts.settings(self.desk, tuple(q.split()[:MOST_WORDS]), chosen=chosen)
            return render(request, "settings/list.html", shown=found, q=q, chosen=chosen)

    def api(self, routes: APIRouter) -> None:
        """Tell them."""

        @routes.get("")
        def told(
            q: Annotated[str, Query(max_length=200, description="Words of name, section, value or meaning.")] = "",
            chosen: Annotated[bool, Query(description="Only what somebody chose.")] = False,  # noqa: FBT002  a query
        ) -> SettingsNow:
            """Return the settings in force, without secrets, and where each comes from."""
            found = facts.settings(self.desk, tuple(q.split()[:MOST_WORDS]), chosen=chosen)
            return SettingsNow(
                path=found.path,
                stale=found.stale,
                changed_at_s=found.changed_at_s,
                service_since_s=found.service_since_s,
                settings=[
                    SettingNow(
                        section=part.heading,
                        about=part.meaning,
                        name=one.name,
                        value=one.value,
                        default=one.default,
                        place=one.place,
                        chosen=not one.is_default,
                        meaning=one.meaning,
                    )
                    for part in found.parts
                    for one in part.chosen
                ],
            )

    def warm(self) -> None:
        """Import what the settings may name: its tables and their meanings stand there."""
        facts.settings(self.desk)
