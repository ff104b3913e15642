"""Allowances that a person gives, extends and takes back.

In: conditions as somebody wrote them. Out: an allowance in the store, in force at once. The one idea: an allowance is
never changed, so that the audit stays true: to extend one is to give a new one of the same conditions, and then to
withdraw the old.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from redshank.console.desk import Desk
from redshank.console.people import Person
from redshank.core.allowance import CONDITIONS, MAC, Allowance
from redshank.core.duration import seconds
from redshank.core.errors import ConfigError
from redshank.pipeline.allowing import give
from redshank.store.allowances import Given

USUAL_SPAN = "30d"
_extending = threading.Lock()
"""A form that comes twice at once extends once."""


@dataclass(frozen=True)
class Allowed:
    """An allowance that was given.

    Args:
        allowance: The allowance.
        closed: How many open alerts it closed.
        taken_back: How many actions were taken back for it.
    """

    allowance: Allowance
    closed: int
    taken_back: int


def drafted(desk: Desk, who: Person, terms: Mapping[str, str], because: str, span: str = USUAL_SPAN) -> Allowance:
    """Return the allowance that somebody describes, without giving it.

    Args:
        desk: Its clock.
        who: Who allows.
        terms: Conditions by name, as text; empty ones are left out.
        because: Why.
        span: How long it holds, like 12h or 30d; 0: until it is withdrawn.

    Raises:
        ConfigError: With everything that is wrong.
    """
    given = {name: text for name in CONDITIONS if (text := terms.get(name, "").strip())}
    problems = []
    port = None
    if "port" in given:
        text = given.pop("port")
        port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None
        if port is None:
            problems.append(f"allowance.port: '{text[:40]}' is no port; allowed are 1 to 65535")
    if "device" in given and MAC.fullmatch(given["device"].lower()):
        given["device"] = given["device"].lower()
    if "domain" in given:
        given["domain"] = given["domain"].lower().strip(".")
    now_s, span_s = desk.now_s(), 0.0
    try:
        span_s = seconds(span.strip() or USUAL_SPAN, "how long")
    except ConfigError as error:
        problems += error.problems
    try:
        made = Allowance.of(who.name, because.strip(), now_s, now_s + span_s if span_s else None, port=port, **given)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return made


def add(desk: Desk, allowance: Allowance) -> Allowed:
    """Put an allowance in force, and close the open alerts that it covers.

    Raises:
        ConfigError: If one of the same conditions is in force: it is to be extended.
    """
    for one in desk.allowances.standing(desk.now_s()):
        if one.conditions() == allowance.conditions():
            raise ConfigError(f"allowance: '{one.terms()}' is in force already, as {one.id}; extend that one")
    return _put(desk, allowance)


def _put(desk: Desk, allowance: Allowance) -> Allowed:
    given = give(desk.database, allowance, desk.now_s(), ledger=desk.book.writing)
    return Allowed(allowance, given.closed, given.taken_back)


def withdraw(desk: Desk, who: Person, name: str, why: str) -> None:
    """Take an allowance back: what it kept quiet raises alerts again.

    Raises:
        ConfigError: If none that stands has this id, or nobody says why.
    """
    if not why.strip():
        raise ConfigError("why: nothing is written; say why it is withdrawn")
    desk.allowances.withdraw(name, who.name, desk.now_s(), why.strip())


def extend(desk: Desk, who: Person, name: str, span: str) -> Allowed:
    """Let an allowance hold longer, from now on.

    Args:
        desk: The store.
        who: Who extends it.
        name: The allowance; one that is over begins anew.
        span: For how long from now, like 30d; 0: until it is withdrawn.

    Raises:
        ConfigError: If there is none of this id, it was withdrawn, or the span is none.
    """
    with _extending:
        old = found(desk, name)
        if old.withdrawn:
            raise ConfigError(f"allowance: '{name[:40]}' was withdrawn; give a new one")
        terms = {key: str(value) for key, value in old.allowance.conditions().items()}
        made = _put(desk, drafted(desk, who, terms, old.allowance.reason, span))
        desk.allowances.withdraw(name, who.name, desk.now_s(), f"extended as {made.allowance.id}")
    return made


def found(desk: Desk, name: str) -> Given:
    """Return an allowance, whether it holds or not.

    Raises:
        ConfigError: If there is none of this id.
    """
    for one in desk.allowances.given():
        if one.allowance.id == name:
            return one
    raise ConfigError(f"allowance: none is '{name[:40]}'")
