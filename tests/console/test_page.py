import re

import pytest
from starlette.requests import Request

from browsing import Browser
from redshank.console import page
from redshank.console.page import local, static, with_query
from redshank.report.page import Html


def request(path: str, query: str = "") -> Request:
    return Request({"type": "http", "path": path, "query_string": query.encode(), "headers": [], "server": ("x", 80)})


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "", "javascript:alert(1)", "/a\nb", "/\\/x"]
)
def test_no_answer_leads_to_another_site(path: str) -> None:
    assert not local(path)


def test_the_query_of_a_page_is_changed_field_by_field() -> None:
    asked = request("/alerts", "state=open&family=dos&part=list&family=ddos")
    assert with_query(asked, state=None, before="a b") == "/alerts?family=dos&family=ddos&before=a+b"
    assert with_query(request("/alerts", "state=open"), state=None) == "/alerts"


def test_a_file_is_served_under_the_name_that_its_content_gives_and_kept_forever(anonymous: Browser) -> None:
    text = anonymous.get("/login").text
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert len(paths) >= 4
    for path in paths:
        answer = anonymous.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert anonymous.get("/static/console.css").status_code == 404
    assert anonymous.get("/static/../app.py").status_code in {303, 404}


def test_only_our_own_kinds_of_files_are_served() -> None:
    assert {name.rpartition(".")[2] for name in static()} <= {"css", "js", "svg", "png"}


def test_a_part_of_a_page_is_had_by_its_name_alone(viewer: Browser) -> None:
    assert viewer.get("/account", part="page").status_code == 404
    assert viewer.get("/account", part="nothing").status_code == 404
    part = viewer.get("/account", part="sessions")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert part.text.strip() in viewer.get("/account").text


def test_only_a_figure_of_ours_passes_as_it_is() -> None:
    assert page._drawn(Html("<svg></svg>")) == "<svg></svg>"
    with pytest.raises(TypeError, match="drawn: str is no Html"):
        page._drawn("<script>")  # type: ignore[arg-type]  # what is refused


def test_the_theme_is_in_the_page_before_any_script_runs(viewer: Browser) -> None:
    assert 'data-theme="system"' in viewer.get("/account").text
    answer = viewer.post("/theme", theme="dark", next="/account")
    assert answer.headers["location"] == "/account"
    assert 'data-theme="dark"' in viewer.get("/account").text
    assert viewer.post("/theme", theme="pink").status_code == 400
