"""What a person does about actions: approve, undo, allow, block by hand, take everything back.

In: a desk, and who does it. Out: the ledger's entries, and a line of the audit. The one idea: these are the orders of
`redshank respond` (`respond/orders.py`), so the never-block list and the breaker hold here too; the running service
carries out what the ledger says. The ledger is the one that the desk's book holds: nobody reads it anew to write.
"""

import json

from redshank import site
from redshank.console.desk import Desk
from redshank.core.errors import ActionError, ConfigError
from redshank.core.records import Action
from redshank.respond import orders
from redshank.respond.backends.nftables import Nftables
from redshank.respond.ledger import ALLOW_S
from redshank.respond.states import Entry

LONGEST_WHY = 500
ALLOWED_S = 30 * 86_400.0
"""Longest time for which nothing is done against an address."""


def approve(desk: Desk, ids: list[str], who: str) -> list[Entry]:
    """Let actions happen that wait; one after the other, until one is refused.

    Raises:
        ActionError: If one is not waiting, its target is protected, or the breaker is open.
    """
    done: list[Entry] = []
    for name in ids:
        try:
            with desk.book.writing() as ledger:
                done += orders.approve(ledger, [name], who, desk.now_s())
        except ActionError as error:
            raise _after(done, "approved", error) from None
        _note(desk, who, "action approved", done[-1])
    return done


def undo(desk: Desk, ids: list[str], who: str, why: str, allow_s: float = ALLOW_S) -> list[Entry]:
    """Take actions back, and let their targets alone for a while.

    Args:
        desk: The desk.
        ids: The actions.
        who: Who does it.
        why: Why, in words; never nothing.
        allow_s: For how long nothing is done against their targets, in s; 0: not at all.

    Raises:
        ConfigError: If no reason is given, or the time is not allowed.
        ActionError: If one is over already.
    """
    problems = [*_without_why(why), *_wrong_time(allow_s)]
    if problems:
        raise ConfigError(problems)
    done: list[Entry] = []
    for name in ids:
        try:
            with desk.book.writing() as ledger:
                done += orders.undo(ledger, [name], who, why, desk.now_s(), allow_s)
        except ActionError as error:
            raise _after(done, "taken back", error) from None
        _note(desk, who, "action undone", done[-1], why=why, allow_s=allow_s)
    return done


def allow(desk: Desk, target: str, who: str, why: str, allow_s: float) -> None:
    """Let nothing be proposed against an address for a while; 0 s ends what was allowed before.

    Raises:
        ConfigError: If no reason is given, or the time is not allowed.
        ActionError: If the target is no address.
    """
    problems = [*_without_why(why), *_wrong_time(allow_s)]
    if problems:
        raise ConfigError(problems)
    with desk.book.writing() as ledger:
        ledger.allow(target, orders.signed(who), desk.now_s(), allow_s, why)
    desk.audit.write(desk.now_s(), who, "address allowed", target[:64], {"why": why, "allow_s": allow_s})


def planned(desk: Desk, measure: str, target: str, ttl_s: float, who: str, why: str) -> Action:
    """Return the action that a person wants, not yet done.

    Raises:
        ConfigError: With everything that is wrong with it.
    """
    problems = _without_why(why)
    try:
        action = orders.ordered(measure, target, ttl_s, who, why, desk.now_s())
    except ConfigError as error:
        problems += [problem.removeprefix("--") for problem in error.problems]
    if problems:
        raise ConfigError(problems)
    return action


def rehearsed(desk: Desk, action: Action) -> str:
    """Return the ruleset that would be loaded for an action, as JSON for `nft -j -f -`, one command a line.

    Raises:
        ActionError: If its target is protected.
        ConfigError: If the settings of nftables are wrong.
    """
    loading = site.named_backend(desk.settings, "nftables")
    assert isinstance(loading, Nftables)
    found = json.loads(orders.rehearsed(action, desk.protected(), loading.rules))
    return "\n".join(json.dumps(command) for command in found["nftables"])


def block(desk: Desk, action: Action) -> Entry:
    """Carry out what a person planned.

    Raises:
        ActionError: If the ledger refuses; what was proposed is then waiting.
    """
    with desk.book.writing() as ledger:
        done = orders.block(ledger, action, desk.now_s())
    _note(desk, action.by, "action ordered", done, why=action.reason, ttl_s=action.ttl_s)
    return done


def flush(desk: Desk, who: str, why: str) -> list[Entry]:
    """Take back everything that holds or waits, and allow nobody for it.

    Raises:
        ConfigError: If no reason is given.
        ActionError: If the ledger cannot be written.
    """
    if problems := _without_why(why):
        raise ConfigError(problems)
    with desk.book.writing() as ledger:
        done = orders.flush(ledger, who, why, desk.now_s())
    desk.audit.write(desk.now_s(), who, "actions flushed", "", {"why": why, "actions": len(done)})
    return done


def _note(desk: Desk, who: str, what: str, entry: Entry, **more: str | float) -> None:
    detail = {"measure": entry.action.measure, "target": entry.action.target, "state": entry.state, **more}
    desk.audit.write(desk.now_s(), who, what, entry.action.id, detail)


def _without_why(why: str) -> list[str]:
    if why.strip() and len(why) <= LONGEST_WHY:
        return []
    return [f"why: {len(why.strip())} characters given; say in 1 to {LONGEST_WHY} why"]


def _wrong_time(allow_s: float) -> list[str]:
    return [] if 0 <= allow_s <= ALLOWED_S else [f"allow: {allow_s:g} s is not allowed; give 0 s to 30 d"]


def _after(done: list[Entry], what: str, error: ActionError) -> ActionError:
    if not done:
        return error
    names = ", ".join(entry.action.target for entry in done)
    return ActionError(f"{len(done)} {what} ({names}), then: {error}")
