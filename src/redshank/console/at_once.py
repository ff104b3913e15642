"""What somebody only looks at is of one moment, and read in one transaction.

In: routes as an area adds them. Out: the same; those that change nothing read the store at once (`Database.at_once`).
The one idea: a route that changes something reads anew after whatever it waited for, so it is left as it is.
"""

from collections.abc import Callable, Collection
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi import APIRouter

from redshank.store.database import Database

GET = frozenset({"GET"})


class AtOnce(APIRouter):
    """Routes of pages, or of programs.

    Args:
        database: The store.
        more: As of `APIRouter`.
    """

    def __init__(self, database: Database, **more: Any) -> None:  # noqa: ANN401  the library's own
        super().__init__(**more)
        self._database = database

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Collection[str] | None = None,
        **more: Any,  # noqa: ANN401  as above
    ) -> None:
        """Add a route."""
        looks = set(methods or GET) == GET and not iscoroutinefunction(endpoint)
        found = self._looking(endpoint) if looks else endpoint
        super().add_api_route(path, found, methods=methods, **more)  # type: ignore[arg-type]  # it makes a set of them

    def _looking(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(endpoint)
        def looking(*given: Any, **named: Any) -> Any:  # noqa: ANN401  the route's own
            with self._database.at_once():
                return endpoint(*given, **named)

        return looking
