import json

import pytest

from redshank.core.errors import ActionError, ConfigError
from redshank.respond.ledger import Ledger
from redshank.respond.orders import approve, block, flush, ordered, rehearsed, signed, undo
from redshank.respond.protected import Protected
from redshank.respond.ruleset import Ruleset
from responses import ATTACKER, ATTACKER_MAC, GATEWAY, HOME, NOW_S, OTHER, Around, Lines, action

RULES = Ruleset.of(bridges=False, packets_per_s=50)


def _ledger(lines: Lines | None = None) -> Ledger:
    ledger = Ledger(lines or Lines(), Around().protected)
    ledger.refresh()
    return ledger


def test_a_person_blocks_in_whatever_spelling() -> None:
    ledger = _ledger()
    entry = block(ledger, ordered("block", "::FFFF:10.0.0.66", 600.0, "ana", "guesses passwords", NOW_S), NOW_S)
    assert (entry.state, entry.action.target, entry.by) == ("approved", ATTACKER, "ana")


def test_a_person_cannot_block_what_is_protected() -> None:
    with pytest.raises(ActionError, match=r"10.0.0.1 is protected: gateway \(eth0\); nothing is done against it"):
        block(_ledger(), ordered("block", "::ffff:a00:1", 600.0, "ana", "why not", NOW_S), NOW_S)


def test_every_mistake_in_an_order_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        ordered("drop", "router", 0.0, "ana", "x", NOW_S)
    assert caught.value.problems == [
        "--measure: 'drop' is none; allowed are rate_limit, block, isolate",
        "target: 'router' is neither an IP address nor a MAC like 02:00:5e:10:00:01",
        "--for: 0 s is not allowed; give more than 0, at most 30d",
    ]
    with pytest.raises(ConfigError, match=f"--measure: 'block' of {ATTACKER_MAC}: a link-layer address can only be"):
        ordered("block", ATTACKER_MAC, 60.0, "ana", "x", NOW_S)


@pytest.mark.parametrize("name", ["", " ", "policy", "never_block", "kernel", "a\nb", "x" * 101])
def test_somebody_must_sign(name: str) -> None:
    with pytest.raises(ConfigError, match="--as: '.*' names nobody; give a person's name"):
        signed(name)


def test_a_rehearsal_is_what_would_be_loaded() -> None:
    text = rehearsed(ordered("block", ATTACKER, 60.0, "ana", "x", NOW_S), Protected.of(HOME), RULES)
    elements = [c["add"]["element"] for c in json.loads(text)["nftables"] if "element" in c.get("add", {})]
    assert elements[-1]["elem"] == [{"elem": {"val": ATTACKER, "timeout": 60}}]
    with pytest.raises(ActionError, match="is protected"):
        rehearsed(ordered("block", GATEWAY, 60.0, "ana", "x", NOW_S), Protected.of(HOME), RULES)


def test_flushing_takes_back_what_is_open_and_passes_over_what_ended_meanwhile() -> None:
    class Ending(Lines):
        """A journal in which another process ends the second action while the first is taken back."""

        def append(self, at: int, line: str) -> bool:
            written = super().append(at, line)
            if '"what": "refused"' in line and first in line:
                other = _ledger(self)
                other.expire(second, NOW_S, "it waited too long")
            return written

    first = second = "-"
    lines = Ending()
    ledger = _ledger(lines)
    first = ledger.propose(action(ATTACKER), NOW_S, approval=True).action.id
    second = ledger.propose(action(OTHER), NOW_S, approval=True).action.id
    assert [entry.action.id for entry in flush(ledger, "ana", "maintenance", NOW_S)] == [first]
    assert ledger.open() == []


def test_several_actions_are_approved_or_taken_back_at_once_and_none_if_a_name_is_none() -> None:
    ledger = _ledger()
    names = [
        ledger.propose(action(target, by="policy"), NOW_S, approval=True).action.id for target in (ATTACKER, OTHER)
    ]  # fmt: skip
    with pytest.raises(ActionError, match="there is no action 'nothing'"):
        approve(ledger, [names[0], "nothing"], "ana", NOW_S)
    assert {entry.state for entry in ledger.open()} == {"proposed"}
    assert [entry.state for entry in approve(ledger, [name[:9] for name in names], "ana", NOW_S)] == ["approved"] * 2
    assert ledger.approved_lately(NOW_S + 59) == 2
    assert ledger.approved_lately(NOW_S + 61) == 0
    done = undo(ledger, names, "ben", "a mistake", NOW_S, 60.0)
    assert [(entry.state, entry.by, entry.note) for entry in done] == [("refused", "ben", "a mistake")] * 2
    assert ledger.addresses.allowances(NOW_S) == [(OTHER, NOW_S + 60, "ben"), (ATTACKER, NOW_S + 60, "ben")]
    assert ledger.addresses.allowances(NOW_S + 60) == []
    assert (ledger.read, ledger.torn_at) == (6, ())
    with pytest.raises(ConfigError, match="--as: 'policy' names nobody"):
        undo(ledger, names, "policy", "", NOW_S, 0.0)
