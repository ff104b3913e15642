import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.lab.devices.web import ASSETS, PAGES, ROW, Application
from redshank.lab.host import Intent
from redshank.lab.scene import Scene, fetch


def application() -> Application:
    return Application({"admin": "right"}, random.Random(7))


@pytest.mark.parametrize(("path", "size"), [*PAGES.items(), *ASSETS.items()])
def test_pages_have_at_least_their_size(path: str, size: int) -> None:
    status, body = application().respond("GET", path, b"")
    assert status == 200
    assert size <= len(body) < size * (2 if path in PAGES else 1) + 1


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/login", b"user=admin&password=right", 302),
        ("POST", "/login", b"user=admin&password=wrong", 401),
        ("POST", "/login", b"user=stranger", 401),
        ("POST", "/login", b"user=%27+OR+%271%27%3D%271&password=x", 200),
        ("GET", "/search?q=lamp", b"", 200),
        ("GET", "/search?q=%27+OR+1%3D1", b"", 200),
        ("GET", "/search?q=o%27clock", b"", 500),
        ("GET", "/api/state", b"", 200),
        ("GET", "/nothing", b"", 404),
    ],
)
def test_requests_get_the_status_they_deserve(method: str, target: str, body: bytes, status: int) -> None:
    assert application().respond(method, target, body)[0] == status


def test_a_quote_with_or_shows_every_row() -> None:
    assert len(application().respond("GET", "/search?q=%27+OR+1%3D1", b"")[1]) >= 20 * len(ROW)


def test_comments_come_back_as_written_and_do_not_pile_up() -> None:
    made = application()
    assert b"<script>marker</script>" in made.respond("POST", "/comment", b"text=%3Cscript%3Emarker%3C%2Fscript%3E")[1]
    for _ in range(50):
        size = len(made.respond("GET", "/comment?text=" + "a" * 300, b"")[1])
    assert size < 13 * 320


@given(st.sampled_from(["GET", "POST", "PUT"]), st.text(max_size=40), st.binary(max_size=60))
def test_any_request_is_answered(method: str, target: str, body: bytes) -> None:
    assert application().respond(method, f"/{target}", body)[0] in (200, 302, 401, 404, 500)


def test_upstream_sites_give_pages_of_the_size_asked_for(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        targets = [("GET", "/page/3", b""), ("POST", "/v1/report/3", b"{}")]
        for port in (scene.ports["web"], scene.ports["api"]):
            site = scene.hosts["site"].ip
            assert await fetch(scene, scene.hosts["person1"], site, port, targets, Intent("surf")) == [200, 200]

    assert len(play(act)) == 2
