"""What nobody's form would send: every field that pages have and every name in a path, with texts that break programs.

Fields are found on the pages themselves. No text is a fault of the program, none changes anything, none leads away.
"""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from browsing import PASSWORD
from console.filled import Filled
from console.front import Ask, Front, Route, front_of
from console.reading import Page
from console.wanted import Wanted
from redshank.console.gate import LIVE, LOGIN

NASTY = (
    *(
        "' OR '1'='1",
        "'; DROP TABLE alerts; --",
        '") UNION SELECT password FROM accounts --',
        "%' ESCAPE '_",
        "\\",
        "%",
    ),
    *("\x00", "\x1b[2J\u202e", "\ufffe\U0010ffff", "[" * 2_000, "(" * 500 + "a" * 3_000, "9" * 400, "-1e999", "nan"),
    *("device:'x' family:\" port:99999999999999999999", "${{7*7}}%n%s", "../../etc/passwd", "=cmd|' /C calc'!A0"),
)
RAW = ("%ff%fe", "%C0%AF", "%zz", "%", "a&a&a=1&a=2", "q=1&q=2&q=%27", "part=%27", "part=page", "after=%00&before=%00")
"""Queries as nobody encodes them."""
OTHER_FIELDS = ("q", "after", "before", "seen", "group", "span", "sort", "since", "until", "state", "question", "part")


@pytest.fixture(scope="module")
def front(first_filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    filled = first_filled.copied(tmp_path_factory.mktemp("inputs"))
    with front_of(filled) as made:
        Wanted(made)  # jobs end at once
        yield made
    filled.database.close()


def test_no_query_breaks_a_page_or_changes_anything(front: Front) -> None:
    who, wanted, sound = front.somebody("admin"), Wanted(front), set[str]()
    for number, route in enumerate(route for route in front.routes() if route.safe and not route.program):
        if route.path == LIVE:
            continue
        path = wanted.of(route, who).path.partition("?")[0]
        page = Page(front.ask(route, Ask(path), who).text)
        fields = sorted({*OTHER_FIELDS[number % 3 :: 3], *(name for _, name in page.fields)})
        queries = [f"{name}={quote(NASTY[(number + at) % len(NASTY)])}" for at, name in enumerate(fields)]
        before = front.stamp()
        for query in (*queries, *RAW[number % 3 :: 3]):
            answer = front.ask(route, Ask(f"{path}?{query}"), who)
            assert answer.status_code < 500, f"{path}?{query[:200]}: {answer.text[:300]}"
            assert not answer.headers.get("location", "/").startswith(("//", "http")), query
            if answer.status_code == 200 and "<html" in answer.text and answer.text not in sound:
                assert not Page(answer.text).problems, f"{path}?{query[:200]}"
                sound.add(answer.text)
        if not path.startswith("/labels"):  # to look at a question keeps it from others
            assert front.stamp() == before, path


def test_no_name_in_a_path_breaks_a_page_or_the_api(front: Front) -> None:
    who = front.somebody("admin")
    before = front.stamp()
    for route in front.routes():
        if "{" not in route.path or not route.safe:
            continue
        begin, _, rest = route.path.partition("{")
        end = rest.partition("}")[2]
        for text in NASTY:
            answer = front.ask(route, Ask(f"{begin}{quote(text, safe='')}{end}"), who)
            assert answer.status_code in {303, 400, 404, 405, 422}, f"{route.name} {text[:60]!r}: {answer.status_code}"
    assert front.stamp() == before


def test_nobody_is_led_away_after_a_login_or_a_choice(front: Front) -> None:
    who = front.somebody("viewer")
    for wish in (
        *("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example"),
        *("/a\r\nSet-Cookie: a=b", "javascript:alert(1)", "", "/%0d%0aSet-Cookie:%20a=b"),
    ):
        theme = Route("POST", "/theme", "")
        answer = front.ask(theme, Ask(theme.path, {"theme": "dark", "next": wish}), who)
        login = Route("POST", LOGIN, "")
        entered = front.ask(login, Ask(LOGIN, {"name": who.name, "password": PASSWORD, "next": wish}), None)
        for one in (answer, entered):
            assert one.status_code == 303, wish
            assert one.headers["location"] in {"/", "/%0d%0aSet-Cookie:%20a=b"}, wish
            assert "a=b" not in one.headers.get("set-cookie", "")


def test_what_is_deep_or_long_or_of_a_wrong_kind_is_no_fault(front: Front) -> None:
    who = front.somebody("admin")
    bearer = {"authorization": f"Bearer {who.token}", "content-type": "application/json"}
    for body in (
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b'{"ids": "' + b"x" * 500_000 + b'"}',
        b"1e999",
        b"NaN",
        b"",
    ):
        for route in front.routes():
            if route.program and route.method == "POST" and "{" not in route.path and "labels" not in route.path:
                answer = front.client.post(route.path, content=body, headers=bearer)
                assert answer.status_code < 500, f"{route.name}: {answer.status_code} {body[:20]!r}"
    assert front.client.post(LOGIN, content=b"a" * 2_000_000).status_code == 413
