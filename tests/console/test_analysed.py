from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query
from starlette.testclient import TestClient


def answers(word: str, most: int) -> list[object]:
    """Return what an application says whose handlers have that word, and take that much."""

    def asked() -> str:
        return word

    routes = APIRouter()

    @routes.get("/word")
    def say() -> str:
        return word

    @routes.get("/number")
    def count(number: Annotated[int, Query(le=most)]) -> int:
        return number

    @routes.get("/asked")
    def pass_on(said: Annotated[str, Depends(asked)]) -> str:
        return said

    app = FastAPI()
    app.include_router(routes)
    client = TestClient(app)
    return [
        client.get("/word").json(),
        client.get("/number?number=5").status_code,
        client.get("/asked").json(),
    ]


def test_each_application_runs_its_own_handlers_and_what_their_signatures_say() -> None:
    assert answers("one", 5) == ["one", 200, "one"]
    assert answers("two", 4) == ["two", 422, "two"]
    assert answers("one", 5) == ["one", 200, "one"]
