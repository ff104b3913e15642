"""The API beside the pages: for each page an operation that does the same, for each fact an answer that has it.

Pages, operations and facts are found by themselves (`counterparts.py` only says which belong together), so that a page
that is new, or a field that a page can show from now on, fails here until a program can have the same.
"""

import dataclasses
import typing
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules

import pytest

from console.counterparts import BY_HAND, ELSEWHERE, FACTS, NO_FACTS, PAGES
from console.filled import Filled
from console.front import Front, Route, Shown, front_of
from console.wanted import CHANGE_NOTHING, Wanted
from redshank.console import facts
from redshank.console.gate import API
from redshank.console.jobs import Progress
from redshank.pipeline.allowing import ALLOWED_BY
from redshank.respond.states import Breaker
from redshank.store.allowances import Given
from redshank.store.credentials import Session, Token
from redshank.store.devices import SeenBundle
from redshank.store.people import ROLES, Account
from redshank.store.usual import Hour

TAKES = frozenset({"POST /labels/next"})
"""Operations that change something because a page does as it is looked at: a question is kept from others."""
SHOWN = (Account, Breaker, Given, Hour, Progress, SeenBundle, Session, Token)
"""What pages show beside facts/."""
BY_ITSELF = frozenset({"redshank", ALLOWED_BY})
"""What the program does because of it is in its own name: a job ends, an allowance closes alerts."""
OWN = frozenset({"POST /account/leave"})
"""It logs out who does it: the audit says so of as many browsers as there are."""


@pytest.fixture(scope="module")
def front(first_filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    filled = first_filled.copied(tmp_path_factory.mktemp("parity"))
    with front_of(filled) as made:
        yield made
    filled.database.close()


@pytest.fixture(scope="module")
def pages(front: Front) -> dict[str, Route]:
    return {route.name: route for route in front.routes() if not route.program}


@pytest.fixture(scope="module")
def operations(front: Front) -> dict[str, Route]:
    """Return the operations by their names without the path that all of them begin with."""
    return {route.name.replace(API, "", 1): route for route in front.routes() if route.program}


def test_a_program_can_do_what_a_page_does(pages: dict[str, Route], operations: dict[str, Route]) -> None:
    for page in pages.keys() - PAGES.keys() - BY_HAND.keys():
        pytest.fail(
            f"{page}: no operation of the API stands for this page. Offer the same in redshank/console/programs, and "
            "name both in tests/console/counterparts.py: in PAGES, or in BY_HAND with the reason why no program may"
        )
    assert {*PAGES, *BY_HAND} - pages.keys() == set(), "counterparts.py names pages that are no more"
    assert PAGES.keys() & BY_HAND.keys() == set()
    named = {operation for found in PAGES.values() for operation in found}
    assert named - operations.keys() == set(), "counterparts.py names operations that are none"
    assert operations.keys() - named == set(), "these operations stand for no page: name it in counterparts.py"


def test_what_stands_for_a_page_is_of_its_kind_and_takes_the_same_role(
    pages: dict[str, Route], operations: dict[str, Route]
) -> None:
    harmless = {name.replace(API, "", 1) for name in CHANGE_NOTHING} | TAKES
    for name, found in PAGES.items():
        page = pages[name]
        for operation in found:
            route = operations[operation]
            if operation != "GET /openapi.json" and (name, operation) not in ELSEWHERE:
                assert operation.split("/")[1] == name.split("/")[1], f"{name}: {operation} is of another area"
            if page.safe:
                assert route.safe or operation in harmless, f"{name} shows; {operation} changes something"
            else:
                assert not route.safe, f"{name} does something; {operation} only shows"
                assert route.role == page.role, f"{name} takes {page.role}; {operation} takes {route.role}"
        least = min(ROLES.index(operations[one].role or ROLES[0]) for one in found)
        assert least <= ROLES.index(page.role or ROLES[0]), f"{name}: who may look, may not as a program"


def test_no_operation_stands_for_everything() -> None:
    uses = Counter(operation for found in PAGES.values() for operation in found)
    assert max(uses.values()) <= 3
    does = Counter(one for page, found in PAGES.items() if page.startswith("POST") for one in found)
    assert [one for one, count in does.items() if count > 1] == ["POST /alerts/judge"]  # of one, and of several


def test_what_a_form_does_a_program_does_with_the_same_word_in_the_audit(
    front: Front, pages: dict[str, Route], operations: dict[str, Route]
) -> None:
    wanted, people = Wanted(front), {(role, way): front.somebody(role) for role in ROLES for way in (False, True)}
    for name, found in PAGES.items():
        if pages[name].safe or name in OWN:
            continue
        by_hand = _done(front, wanted, pages[name], people)
        for operation in found:
            done = _done(front, wanted, operations[operation], people)
            assert done == by_hand, f"{name}: {operation} does something else"


def _done(front: Front, wanted: Wanted, route: Route, people: dict[tuple[str, bool], Shown]) -> set[str]:
    """Do something as somebody, and return what the audit says of it: all of it in their name."""
    who = people[route.role or "viewer", route.program]
    request = wanted.of(route, who)
    (last,) = front.desk.audit.entries(1)
    answer = front.ask(route, request, who)
    assert answer.status_code in {200, 204, 303}, f"{route.name}: {answer.status_code} {answer.text[:300]}"
    wanted.end_jobs()
    said = [one for one in front.desk.audit.entries(50) if one.place > last.place and one.who not in BY_ITSELF]
    for one in said:
        assert one.who == who.name, f"{route.name}, {one.what}: {one.who} is said to have done it"
    return {one.what for one in said}


def test_every_fact_that_a_page_shows_is_told_to_programs(front: Front) -> None:
    schemas = front.app.state.openapi()["components"]["schemas"]
    known = _kinds()
    for name in known.keys() - FACTS.keys() - NO_FACTS.keys():
        pytest.fail(
            f"{name}: pages can show it, and nothing says which answer of the API tells it. Tell it in "
            "redshank/console/programs, and name both in tests/console/counterparts.py: in FACTS, or in NO_FACTS"
        )
    assert {*FACTS, *NO_FACTS} - known.keys() == set(), "counterparts.py names facts that are no more"
    untold: list[str] = []
    for name, told in FACTS.items():
        answered = {field for schema in told.schemas for field in schemas[schema]["properties"]}
        has = set(_fields(known[name]))
        assert {*told.named, *told.left} <= has, f"{name}: counterparts.py names fields that are no more"
        assert set(told.named.values()) <= answered, f"{name}: {told.schemas} have no such field"
        untold += [f"{name}.{field}" for field in sorted(has - answered - {*told.named, *told.left})]
    assert untold == [], "pages can show these and programs cannot; tell them, or name why not in counterparts.py"


def _kinds() -> dict[str, type]:
    """Return the classes of facts/, and all classes of ours that their fields are of, by their names."""
    modules = [import_module(f"{facts.__name__}.{one.name}") for one in iter_modules(facts.__path__)]
    waiting: list[type] = [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__ and kind.__name__[0] != "_"
    ]
    waiting += SHOWN
    found: dict[str, type] = {}
    while waiting:
        kind = waiting.pop()
        name = f"{kind.__module__.removeprefix('redshank.').removeprefix('console.facts.')}.{kind.__qualname__}"
        if name not in found:
            found[name] = kind
            if name not in NO_FACTS:
                waiting += [one for hint in _fields(kind).values() for one in _classes(hint)]
    return found


def _fields(kind: type) -> dict[str, object]:
    """Return the fields and properties of a class with what they are of."""
    found: dict[str, object] = {}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        found = {one.name: hints[one.name] for one in dataclasses.fields(kind)}
    for name, value in vars(kind).items():
        read = value.fget if isinstance(value, property) else value.func if isinstance(value, cached_property) else None
        if read is not None:
            found[name] = typing.get_type_hints(read)["return"]
    return {name: hint for name, hint in found.items() if name[0] != "_"}


def _classes(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and hint.__module__.startswith("redshank."):
        yield hint
    for one in typing.get_args(hint):
        yield from _classes(one)
