import pytest

from browsing import Browser
from redshank.console.desk import Desk
from redshank.console.people import Person
from redshank.console.sessions import Bearers, Cookies, Times, cookie_name, marked
from redshank.core.errors import ConfigError
from redshank.store.audit import Audit
from redshank.store.credentials import Sessions, Tokens

NOW_S = 1_700_000_000.0


@pytest.fixture
def cookies(desk: Desk) -> Cookies:
    return Cookies(Sessions(desk.database), Times(idle_s=600.0, longest_s=3_600.0))


def test_the_store_has_nothing_that_a_browser_or_a_program_shows(cookies: Cookies, desk: Desk) -> None:
    secret = cookies.begin("vera", "10.0.0.1", "agent", NOW_S)
    _, token = Bearers(Tokens(desk.database)).give("vera", "viewer", "cron", "vera", NOW_S, None)
    with desk.database.reading() as sql:
        kept = [sql.exec_driver_sql(f"select * from {name}").fetchall() for name in ("sessions", "tokens", "audit")]
    assert secret not in str(kept)
    assert token not in str(kept)
    assert token.removeprefix("redshank_") not in str(kept)


def test_every_session_has_another_secret_and_another_mark(cookies: Cookies) -> None:
    one, two = (cookies.begin("vera", "", "", NOW_S) for _ in range(2))
    first, second = cookies.find(one, NOW_S), cookies.find(two, NOW_S)
    assert first
    assert second
    assert (one != two, marked(first.mark, first), marked(first.mark, second)) == (True, True, False)
    assert first.person == Person("vera", "viewer")


def test_a_session_ends_when_nobody_uses_it(cookies: Cookies) -> None:
    secret = cookies.begin("vera", "", "", NOW_S)
    assert cookies.find(secret, NOW_S + 500)
    assert cookies.find(secret, NOW_S + 1_099)
    assert cookies.find(secret, NOW_S + 1_099 + 600) is None


def test_a_session_ends_however_much_it_is_used(cookies: Cookies) -> None:
    secret = cookies.begin("vera", "", "", NOW_S)
    for minute in range(60):
        assert cookies.find(secret, NOW_S + 60 * minute)
    assert cookies.find(secret, NOW_S + 3_600) is None


def test_what_a_page_does_by_itself_keeps_nobody_logged_in(cookies: Cookies) -> None:
    secret = cookies.begin("vera", "", "", NOW_S)
    for minute in range(10):
        assert cookies.find(secret, NOW_S + 60 * minute, by_hand=False)
    assert cookies.find(secret, NOW_S + 600, by_hand=False) is None


def test_a_secret_that_nobody_was_given_opens_nothing(cookies: Cookies, desk: Desk) -> None:
    cookies.begin("vera", "", "", NOW_S)
    bearers = Bearers(Tokens(desk.database))
    for guess in ("", "x", "redshank_", "\udcff\x00", "' or 1=1 --"):
        assert cookies.find(guess, NOW_S) is None
        assert bearers.find(guess, NOW_S) is None


def test_a_token_does_what_its_account_and_itself_may(desk: Desk) -> None:
    bearers = Bearers(Tokens(desk.database))
    token, secret = bearers.give("anton", "viewer", " cron ", "ada", NOW_S, NOW_S + 10)
    assert bearers.find(secret, NOW_S) == Person("anton", "viewer", token.id)
    assert bearers.find(secret, NOW_S + 10) is None
    (entry,) = Audit(desk.database).entries(1)
    assert (entry.who, entry.what, entry.detail["name"]) == ("ada", "token given", "cron")


def test_a_token_says_what_it_is_for(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="token: 0 characters of a name; say in 1 to 64 what it is for"):
        Bearers(Tokens(desk.database)).give("anton", "viewer", " ", "ada", NOW_S, None)


def test_over_tls_the_cookie_is_for_this_host_alone() -> None:
    assert (cookie_name("https"), cookie_name("http")) == ("__Host-redshank", "redshank")


def test_who_may_not_is_told_what_it_takes(viewer: Browser) -> None:
    answer = viewer.get("/account/people")
    assert answer.status_code == 403
    assert "is viewer; this takes admin: ask an admin for it" in answer.text
    answer = viewer.token().api("GET", "/account/people")
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "'vera' is viewer; this takes admin: ask an admin for it",
    )
