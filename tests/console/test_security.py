"""Every route that the application has, asked for by whoever may not, in every way that is wrong; then by who may.

A refusal counts only if nothing changed, in the store or in a file, and if the same request by the right person is
answered, and does change something.
"""

from collections.abc import Iterator

import pytest

from console.filled import Filled
from console.front import Ask, Front, Route, Shown, front_of
from console.wanted import CHANGE_NOTHING, REQUESTS, Wanted
from redshank.console.gate import LIVE, LOGIN
from redshank.store.people import ROLES, People

OWN = frozenset({"/account/password", "/account/leave", "/logout", LOGIN})
"""What somebody does to their own session."""


@pytest.fixture(scope="module")
def front(first_filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    filled = first_filled.copied(tmp_path_factory.mktemp("front"))
    with front_of(filled) as made:
        yield made
    filled.database.close()


@pytest.fixture(scope="module")
def wanted(front: Front) -> Iterator[Wanted]:
    made = Wanted(front)
    yield made
    made.end_jobs()


@pytest.fixture(scope="module")
def people(front: Front) -> dict[str, Shown]:
    return {role: front.somebody(role) for role in ROLES}


def test_every_route_is_tried_and_nothing_that_is_no_route(front: Front) -> None:
    assert {route.name for route in front.routes()} == set(REQUESTS)


def test_nobody_and_nobody_with_too_little_gets_through_and_who_may_does(
    front: Front, wanted: Wanted, people: dict[str, Shown]
) -> None:
    lookers = {role: front.somebody(role) for role in ROLES}
    for route in front.routes():
        role = route.role or "viewer"
        who = lookers[role] if route.safe else front.somebody(role)  # what changes something may change who asks
        request = wanted.of(route, who)
        before = front.stamp()
        for why, status in _refused(front, route, request, who, people):
            assert front.stamp() == before, f"{route.name}, {why}: was refused with {status}, and changed something"
        if route.path.endswith(LIVE):
            continue  # it has no end; tests/console/test_live.py follows it
        answer = front.ask(route, request, who)
        assert answer.status_code in {200, 201, 204, 303}, f"{route.name}: {answer.status_code} {answer.text}"
        if route.path not in OWN:
            assert not answer.headers.get("location", "").startswith(LOGIN), f"{route.name}: must log in"
        changed = front.stamp() != before
        if route.safe and "labels" not in route.path:  # to look at a question keeps it from others
            assert not changed, f"{route.name}: to look changed something"
        if not route.safe and route.name not in CHANGE_NOTHING:
            assert changed, f"{route.name}: {answer.status_code}, and nothing changed"
        wanted.end_jobs()


def _refused(
    front: Front, route: Route, request: Ask, who: Shown, people: dict[str, Shown]
) -> Iterator[tuple[str, int]]:
    """Ask in every wrong way, and give how each was refused."""

    def tried(why: str, status: int, *asked: object, **headers: str) -> tuple[str, int]:
        answer = front.ask(route, request, *asked, **headers)  # type: ignore[arg-type]
        assert answer.status_code == status, f"{route.name}, {why}: {answer.status_code} {answer.text[:300]}"
        if status == 303:
            assert answer.headers["location"].startswith(f"{LOGIN}?next="), f"{route.name}, {why}"
        return why, answer.status_code

    if not route.open:
        over = Shown(who.name, "of-nobody", who.mark, "redshank_of-nobody")
        gone = 401 if route.program or route.path == LIVE else 303
        yield tried("without a session", gone, None)
        yield tried("with a session that is none", gone, over)
    if route.below:
        yield tried("with too little", 403, people[route.below])
    if not route.safe and not route.program:
        for value in ("https://evil.example", "http://localhost.evil.example", "http://localhost:1"):
            yield tried(f"from a page of {value}", 403, who, origin=value)
        yield tried("from a page of another site", 403, who, sec_fetch_site="cross-site")
    if not route.safe and not route.program and not route.open:
        yield tried("without a mark", 403, who, "")
        yield tried("with a wrong mark", 403, who, "0" * 64)
        yield tried("with a mark of others", 403, who, people[route.role or "viewer"].mark)
        yield tried("with a mark of other characters", 403, who, "\u00e9" * 64)
    if route.program and not route.path.endswith(".json"):
        yield tried("with a cookie in place of a token", 401, None, cookie=f"redshank={who.cookie}")


def test_a_token_does_no_more_than_its_role_and_no_more_than_its_account_may_now(front: Front) -> None:
    route = Route("GET", "/api/v1/account/people", "admin")
    request = Ask(route.path)
    low = front.somebody("admin")
    _, weak = front.app.state.bearers.give(low.name, "analyst", "weak", low.name, front.desk.now_s(), None)
    assert front.ask(route, request, low).status_code == 200
    assert front.ask(route, request, Shown(low.name, "", "", weak)).status_code == 403
    People(front.desk.database).set_role(low.name, "viewer", front.desk.now_s(), "test")
    assert front.ask(route, request, low).status_code in {401, 403}


def test_nothing_that_a_disabled_account_shows_counts(front: Front) -> None:
    page, program = Route("GET", "/account", "viewer"), Route("GET", "/api/v1/account/me", "viewer")
    who = front.somebody("admin")
    assert front.ask(page, Ask(page.path), who).status_code == 200
    People(front.desk.database).disable(who.name, front.desk.now_s(), "test")
    assert front.ask(page, Ask(page.path), who).status_code == 303
    assert front.ask(program, Ask(program.path), who).status_code == 401
    login = Route("POST", LOGIN, "")
    assert front.ask(login, REQUESTS[login.name](None, who), None).status_code == 401  # type: ignore[arg-type]


def test_a_session_that_was_ended_or_whose_password_changed_counts_no_more(front: Front, wanted: Wanted) -> None:
    page = Route("GET", "/account", "viewer")
    for path in ("/logout", "/account/leave", "/account/password"):
        route, who = Route("POST", path, "viewer"), front.somebody("viewer")
        others = front.shown(who.name, "viewer")
        assert front.ask(route, wanted.of(route, who), who).status_code == 303
        assert front.ask(page, Ask(page.path), who).status_code == 303, path
        still = front.ask(page, Ask(page.path), others).status_code
        assert still == (200 if path == "/logout" else 303), path


def test_a_token_of_somebody_else_is_not_theirs_to_take(front: Front, wanted: Wanted) -> None:
    owner, other, admin = front.somebody("viewer"), front.somebody("analyst"), front.somebody("admin")
    for path in ("/account/tokens/{}/withdraw", "/api/v1/account/tokens/{}/withdraw"):
        token = wanted.token(owner)
        route, request = Route("POST", path, "viewer"), Ask(path.format(token))
        before = front.stamp()
        assert front.ask(route, request, other).status_code in {400, 404}, path
        assert front.stamp() == before
        assert front.ask(route, request, admin).status_code in {204, 303}, path


def test_a_question_that_somebody_looks_at_is_not_given_to_another(front: Front, wanted: Wanted) -> None:
    one, other = front.somebody("analyst"), front.somebody("analyst")
    held = wanted.question(one)
    page = front.ask(Route("GET", "/labels", "viewer"), Ask(f"/labels?question={held}"), other).text
    assert f'name="question" value="{held}"' not in page
    assert 'name="question" value="' in page
    skip = Route("POST", "/labels/skip", "analyst")
    assert front.ask(skip, Ask(skip.path, {"question": held}), other).status_code == 303
    again = Route("POST", "/api/v1/labels/next", "analyst")
    assert front.ask(again, Ask(again.path), front.somebody("analyst")).json()["id"] != held


def test_nobody_undoes_what_another_answered(front: Front, wanted: Wanted) -> None:
    one, other = front.somebody("analyst"), front.somebody("analyst")
    wanted.answered(one)
    given = len(front.desk.queue.labels())
    for route in (Route("POST", "/labels/undo", "analyst"), Route("POST", "/api/v1/labels/undo", "analyst")):
        answer = front.ask(route, Ask(route.path), other)
        assert answer.status_code == 409
        assert "There is no answer of yours to undo" in answer.text
    assert len(front.desk.queue.labels()) == given


def test_who_takes_back_what_another_said_or_began_is_written_down(front: Front, wanted: Wanted) -> None:
    """Analysts may end each other's work: the audit says who did."""
    one, other = front.somebody("analyst"), front.somebody("analyst")
    for name in ("POST /labels/given/{label}/withdraw", "POST /models/jobs/{job}/cancel"):
        route = next(route for route in front.routes() if route.name == name)
        assert front.ask(route, wanted.of(route, one), other).status_code == 303
        assert front.desk.audit.entries(1)[0].who == other.name
        wanted.end_jobs()


@pytest.mark.parametrize("name", ["..%2f..%2fapp.py", "%2e%2e/app.py", "..\\app.py", "console.css", "x" * 5_000, "%00"])
def test_no_name_leads_out_of_the_files_that_are_served(front: Front, name: str) -> None:
    answer = front.client.get(f"/static/{name}")
    assert answer.status_code in {303, 404}, answer.text  # 303: it is no file at all, and so must be logged in for
    assert "def " not in answer.text
