import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from starlette.testclient import TestClient

from browsing import Browser
from redshank.console.at_once import AtOnce
from redshank.console.desk import Desk


@pytest.mark.parametrize("path", ["/overview", "/alerts", "/labels", "/models", "/devices", "/responses"])
def test_a_page_reads_the_store_in_one_transaction_beside_that_of_its_session(
    viewer: Browser, desk: Desk, path: str
) -> None:
    viewer.get(path)  # what is read once is read
    begun: list[int] = []
    event.listen(desk.database._engine, "begin", lambda _: begun.append(1))
    assert viewer.get(path).status_code == 200
    assert len(begun) == 2


def test_what_changes_something_reads_anew_each_time(desk: Desk) -> None:
    routes, begun = AtOnce(desk.database), list[int]()

    def read() -> int:
        for _ in range(2):
            with desk.database.reading() as sql:
                sql.execute(text("select 1"))
        return len(begun)

    routes.add_api_route("/look", read)
    routes.add_api_route("/act", read, methods=["POST"])
    event.listen(desk.database._engine, "begin", lambda _: begun.append(1))
    app = FastAPI()
    app.include_router(routes)
    client = TestClient(app)
    assert client.get("/look").json() == 1
    assert client.post("/act").json() == 3
