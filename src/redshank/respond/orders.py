"""What a person orders by hand: block, approve, undo, allow, flush.

In: a ledger, and what somebody typed. Out: the ledger's entries. The one idea: a person goes through the ledger as the
policy does, so the never-block list, the breaker and the record hold for people too; who it was is always written down.
A service that runs carries it out within about a second; where none runs, what was undone can be lifted from here.
"""

from collections.abc import Sequence

from redshank.core.errors import ActionError, ConfigError
from redshank.core.records import MEASURES, Action
from redshank.respond.backend import LONGEST_S, Hold, checked
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.respond.responder import NEVER_BLOCK, POLICY
from redshank.respond.ruleset import Ruleset
from redshank.respond.states import OPEN, Entry
from redshank.respond.target import canonical, is_mac

RESERVED = (POLICY, NEVER_BLOCK, "kernel")
"""Who writes to the ledger beside people."""
LONGEST_NAME = 100


def signed(name: str) -> str:
    """Return the name of who orders, for the record.

    Raises:
        ConfigError: If it is empty, no name, or one that the program itself goes by.
    """
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME or name in RESERVED:
        raise ConfigError(f"--as: {name[:40]!r} names nobody; give a person's name, not one of {', '.join(RESERVED)}")
    return name


def ordered(measure: str, target: str, ttl_s: float, by: str, why: str, now_s: float) -> Action:
    """Make the action that a person wants.

    Raises:
        ConfigError: If measure, target or time are none; all at once.
    """
    problems = []
    if measure not in MEASURES[1:]:
        problems.append(f"--measure: {measure[:40]!r} is none; allowed are {', '.join(MEASURES[1:])}")
    try:
        target = canonical(target)
        if is_mac(target) and measure != "isolate":
            problems.append(f"--measure: {measure[:40]!r} of {target}: a link-layer address can only be isolated")
    except ValueError as error:
        problems.append(f"target: {error}")
    if not 0 < ttl_s <= LONGEST_S:
        problems.append(f"--for: {ttl_s:g} s is not allowed; give more than 0, at most 30d")
    if problems:
        raise ConfigError(problems)
    return Action.of(measure, target, ttl_s, why, signed(by), now_s)


def block(ledger: Ledger, action: Action, now_s: float) -> Entry:
    """Propose and approve what a person ordered.

    Raises:
        ActionError: If the ledger refuses; what was proposed is then waiting.
    """
    entry = ledger.propose(action, now_s, approval=True)
    return ledger.approve(entry.action.id, action.by, now_s)


def approve(ledger: Ledger, names: Sequence[str], by: str, now_s: float) -> list[Entry]:
    """Let actions happen that wait.

    Args:
        ledger: The ledger.
        names: Their ids, or the beginnings of these; one that is none stops all.
        by: Who approves.
        now_s: The time, s since the epoch.

    Raises:
        ActionError: If one is none, or the ledger refuses it; those before it are approved.
    """
    return [ledger.approve(one, signed(by), now_s) for one in _found(ledger, names)]


def undo(ledger: Ledger, names: Sequence[str], by: str, why: str, now_s: float, allow_s: float) -> list[Entry]:
    """Take actions back, and let their targets alone for `allow_s`; the rest as of `approve`."""
    return [ledger.undo(one, signed(by), now_s, why, allow_s=allow_s) for one in _found(ledger, names)]


def _found(ledger: Ledger, names: Sequence[str]) -> list[str]:
    """Return the ids of actions: one that is none must not stop half way."""
    return [ledger.find(name).action.id for name in names]


def flush(ledger: Ledger, by: str, why: str, now_s: float) -> list[Entry]:
    """Take back everything that is open, and allow nobody for it.

    Raises:
        ActionError: If the ledger cannot be written.
    """
    done = []
    for entry in ledger.open():
        try:
            done.append(ledger.undo(entry.action.id, signed(by), now_s, why, allow_s=0))
        except ActionError:
            # Its time was over, or somebody else took it back, while we were at the others.
            if ledger.find(entry.action.id).state in OPEN:
                raise
    return done


def rehearsed(action: Action, protected: Protected, ruleset: Ruleset) -> str:
    """Return the ruleset that would be loaded for an action, as JSON for `nft -j -f -`.

    Raises:
        ActionError: If the target is protected.
    """
    hold = checked(Hold(action.measure, action.target, action.ttl_s), protected)
    return ruleset.text([*ruleset.frame(), *ruleset.elements([hold])])
