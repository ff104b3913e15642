"""What is in force, and where each of it comes from; read only."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from redshank.console.area import Area
from redshank.console.facts import settings as facts
from redshank.console.form import Asked
from redshank.console.page import render

MOST_WORDS = 8


class SettingNow(BaseModel):
    """A setting in force; a secret's value is not told."""

    section: str
    name: str
    value: str
    default: str
    place: str
    chosen: bool
    meaning: str


class SettingsNow(BaseModel):
    """The settings of the console's file."""

    path: str
    stale: bool
    """Whether the file was changed after the running service had read it."""
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
        def told() -> SettingsNow:
            """Return every setting in force, without secrets, and where it comes from."""
            found = facts.settings(self.desk)
            return SettingsNow(
                path=found.path,
                stale=found.stale,
                settings=[
                    SettingNow(
                        section=part.heading,
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
