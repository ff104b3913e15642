"""Stored cross-site scripting: a store in which every text means harm; every page and answer over it is read."""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from console.filled import Filled
from console.front import Front, Shown, front_of
from console.hostile import plant
from console.reading import Page
from console.wanted import Wanted
from redshank.console.gate import LIVE

EACH = 2
"""Pages of one kind that are read, beside those that must be."""
NOT_SHOWN = frozenset(
    {
        *("manifest name", "class 9", "class 10", "provenance", "provenance of", "figure", "figure of", "evidence"),
        *("evidence of", "version", "shed", "forgotten", "anomaly", "traffic proto", "traffic family"),
        "rule looks for",
    }
)
"""What no page shows; a page that begins to must be on this test's way."""


@pytest.fixture(scope="module")
def front(first_filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    filled = first_filled.copied(tmp_path_factory.mktemp("hostile"))
    settings = filled.config.read_text()
    filled.config.write_text(f'{settings}\n[detectors.signatures]\nrules = ["{filled.folder / "rules"}"]\n')
    with front_of(filled) as made:
        yield made
    filled.database.close()


def test_no_text_is_more_than_text_on_any_page_and_in_any_answer(front: Front) -> None:
    harm, first = plant(front.filled, front.desk)
    Wanted(front).quiet()
    who = front.somebody("admin")
    seen, problems = set[int](), list[str]()
    for path, page in _crawl(front, who, first):
        seen |= page.seen
        problems += [f"{path}: {problem}" for problem in page.problems]
    assert not problems, "\n".join(problems[:40])
    missing = {name for number, name in enumerate(harm.names) if number not in seen}
    assert missing == NOT_SHOWN


def _crawl(front: Front, who: Shown, first: list[str]) -> Iterator[tuple[str, Page]]:
    waiting, known, kinds = list(dict.fromkeys([*first, "/"])), set(first), Counter[str]()
    while waiting:
        path = waiting.pop(0)
        answer = front.client.get(path, headers={"cookie": f"redshank={who.cookie}"})
        assert answer.status_code in {200, 303, 404}, f"{path}: {answer.status_code} {answer.text[:200]}"
        if answer.status_code == 303:
            found = [answer.headers["location"]]
        else:
            page = Page(answer.text)
            yield path, page
            parts = [] if "part=" in path else [f"{path}{'&' if '?' in path else '?'}part={one}" for one in page.parts]
            found = [*page.links, *parts]
        for link in found:
            target = link.partition("#")[0]
            if not target.startswith("/") or target.startswith(("/static", LIVE)) or target in known:
                continue
            kind = _kind(target)
            if kinds[kind] < EACH:
                kinds[kind] += 1
                known.add(target)
                waiting.append(target)


def _kind(path: str) -> str:
    """Return what a path is one of: ids, numbers and values of fields are left out."""
    split = urlsplit(path)
    names = [name.partition("=")[0] for name in split.query.split("&")]
    parts = [part for part in split.query.split("&") if part.startswith("part=")]
    steps = split.path.split("/")[1:]
    return "/".join([*steps[:1], *(re.sub(r".*[0-9%.].*", "*", step) for step in steps[1:]), *names, *parts])


def test_no_answer_of_the_api_is_anything_but_json(front: Front) -> None:
    who, wanted = front.somebody("admin"), Wanted(front)
    for route in front.routes():
        if route.program and route.safe and not route.path.endswith(LIVE):  # it has no end
            answer = front.ask(route, wanted.of(route, who), who)
            assert answer.headers["content-type"] == "application/json", route.name
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.json() is not None
