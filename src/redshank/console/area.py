"""The contract of an entry of the menu.

In: the desk. Out: pages at /NAME, and the same for programs at /api/v1/NAME; NAME is the file's. The one idea: an area
only says what there is and who may do it. That nobody comes in who is not logged in, that a form was sent by our own
page, that text is escaped and how errors look is made sure once, in `app.py`.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from fastapi import APIRouter

from redshank.console.desk import Desk
from redshank.core.registry import Kind


class Area(ABC):
    """One entry of the menu: its pages, and what the API offers of it.

    Args:
        desk: What it works on.
    """

    title: ClassVar[str]
    """In the menu."""
    place: ClassVar[int]
    """Order in the menu."""
    key: ClassVar[str]
    """`g` and then this letter goes there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @abstractmethod
    def pages(self, routes: APIRouter) -> None:
        """Add the pages: GET gives HTML; POST does something, and answers with `page.back`."""

    def api(self, routes: APIRouter) -> None:  # noqa: B027  not every area has something for programs
        """Add what programs may ask and do, with models in and out."""

    def warm(self) -> None:  # noqa: B027  not every area keeps something
        """Read what is kept between pages, so that the first of them need not; called beside, soon after the start."""


AREAS = Kind("redshank.console.areas", Area, "area")
