"""No path leads to a protected address: alerts, people, restarts, forged lines, the backend itself."""

import ipaddress
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from drawn import examples
from records import alert
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.respond.backend import Hold
from redshank.respond.chain import BEGIN, Chain, Event, line_of
from redshank.respond.ledger import Ledger
from redshank.respond.policy import Policy, Rule
from redshank.respond.protected import Surroundings
from redshank.respond.responder import Responder
from redshank.respond.states import Breaker
from redshank.respond.target import canonical
from responses import (
    ATTACKER,
    ATTACKER_MAC,
    GATEWAY,
    GATEWAY_MAC,
    HOME,
    NOW_S,
    OTHER,
    RESOLVER6,
    Around,
    Kernel,
    Lines,
    action,
)

NEVER = (GATEWAY, RESOLVER6, "10.0.9.1", GATEWAY_MAC, "127.0.0.1", "::1", "ff02::1", "224.0.0.1", "fe80::9", "::")
OTHERS = (ATTACKER, OTHER, "fd00::66", ATTACKER_MAC, "203.0.113.9")
MEASURE = st.sampled_from(["rate_limit", "block", "isolate"])


def _spellings(target: str) -> list[str]:
    """Return ways to write an address, some of which are none."""
    if target.count(":") == 5 and "::" not in target:
        return [
            target,
            target.upper(),
            target.replace(":", "-"),
            f"{target[:2]}{target[3:5]}.5e10.{target[12:14]}{target[15:]}",
        ]
    ip = ipaddress.ip_address(target)
    if ip.version == 4:
        last = int(ip)
        embedded = [f"::ffff:{target}", f"::FFFF:{last >> 16:x}:{last & 0xFFFF:x}", f"64:ff9b::{target}", f"::{target}"]
        return [target, *embedded, "0" + target, f"{target}/32", str(last)]
    return [target, target.upper(), ip.exploded, f"{target}%eth0", f"{target}/128"]


SPELLED_NEVER = st.sampled_from([spelling for target in NEVER for spelling in _spellings(target)])
SPELLED = SPELLED_NEVER | st.sampled_from([spelling for target in OTHERS for spelling in _spellings(target)])


class Watched(Kernel):
    """A kernel that knows everything that it was ever told to do."""

    def load(self, holds: Sequence[Hold]) -> None:
        loaded.extend(hold.target for hold in holds)
        super().load(holds)


loaded: list[str] = []


class NeverBlock(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        loaded.clear()
        self.lines, self.around, self.kernel, self.now_s = Lines(), Around(), Watched(now_s=NOW_S), NOW_S
        self.number = 0
        self.start(measure="block")

    @rule(measure=MEASURE)
    def start(self, measure: str) -> None:
        """Begin the service, or end it and begin another with another table."""
        policy = Policy((Rule(measure),), model_alone=True)  # type: ignore[arg-type]
        self.breaker = Breaker(per_minute=1_000)
        ledger = Ledger(self.lines, self.around.protected, self.breaker)
        self.service = Responder(policy, ledger, self.kernel, "kernel", self.around, Metrics())

    def _person(self) -> Ledger:
        ledger = Ledger(self.lines, self.around.protected, self.breaker)
        ledger.refresh()
        return ledger

    @rule(device=SPELLED | st.text(max_size=12), analyst=st.booleans())
    def alert(self, *, device: str, analyst: bool) -> None:
        self.number += 1
        raised = alert(id=f"{self.number}", device=device, severity="critical", rules=("r",), detectors=("a", "b"))
        self.service.take([raised], self.now_s, confirmed={raised.id} if analyst else ())

    @rule(address=SPELLED, measure=MEASURE, canon=st.booleans())
    def a_person_wants_it(self, *, address: str, measure: str, canon: bool) -> None:
        with _may_refuse():
            text = canonical(address) if canon else address
            person = self._person()
            entry = person.propose(action(text, measure, at_s=self.now_s, by="ana"), self.now_s, approval=True)
            person.approve(entry.action.id, "ana", self.now_s)

    @precondition(lambda self: self.service.ledger.entries())
    @rule(data=st.data(), what=st.sampled_from(["approve", "undo", "applied"]))
    def a_person_goes_on(self, data: st.DataObject, what: str) -> None:
        person = self._person()
        name = data.draw(st.sampled_from([entry.action.id for entry in person.entries()]))
        with _may_refuse():
            if what == "approve":
                person.approve(name, "ana", self.now_s)
            elif what == "undo":
                person.undo(name, "ana", self.now_s, "no", allow_s=data.draw(st.sampled_from([0.0, 60.0])))
            else:
                person.applied(name, self.now_s, 600.0, "kernel")

    @rule(address=SPELLED_NEVER, measure=MEASURE, last=st.sampled_from(["proposed", "approved", "applied"]))
    def somebody_forges_lines(self, address: str, measure: str, last: str) -> None:
        chain = Chain(digest=BEGIN)
        chain.take(self.lines.kept)
        forged = action(address, measure, at_s=self.now_s, reason=f"{self.number}")
        self.number += 1
        if any(f'"action": "{forged.id}"' in line for line in self.lines.kept):
            return
        for what in ("proposed", "approved", "applied"):
            event = Event(what, self.now_s, "eve", forged.id, record=forged.to_json() if what == "proposed" else "")
            if what == "applied":
                event = replace(event, until_s=self.now_s + 600, backend="kernel")
            line = line_of(event, chain.read, chain.digest)
            chain.take([line])
            self.lines.kept.append(line)
            if what == last:
                return

    @rule(address=SPELLED, measure=MEASURE)
    def the_backend_is_asked_directly(self, address: str, measure: str) -> None:
        with _may_refuse():
            self.kernel.apply([Hold(measure, address, 60.0)], self.around.protected())

    @rule()
    def the_kernel_loses_everything(self) -> None:
        self.kernel.flush()

    @rule(seconds=st.sampled_from([-100.0, 0.0, 1.0, 11.0, 700.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.kernel.now_s += max(0.0, seconds)
        self.service.tick(self.now_s)

    @rule(more=st.sets(st.sampled_from(OTHERS)))
    def others_become_protected(self, more: set[str]) -> None:
        named = (*HOME.named, *((target, "settings") for target in sorted(more)))
        self.around.seen = Surroundings(named, HOME.neighbors)
        self.now_s += 11
        self.kernel.now_s += 11
        self.service.tick(self.now_s)
        assert not any(self.around.protected().why(hold.target) for hold in self.kernel.active())

    @invariant()
    def nothing_protected_was_ever_told_to_the_kernel(self) -> None:
        never = Around().protected()
        assert [target for target in loaded if never.why(target) is not None] == []
        assert all(canonical(target) == target for target in loaded)

    @invariant()
    def the_service_lives(self) -> None:
        assert all(json.loads(line) for line in self.lines.kept[-1:])


@contextmanager
def _may_refuse() -> Iterator[None]:
    with suppress(ActionError, ValueError):
        yield


NeverBlock.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=25, deadline=None)
TestNeverBlock = NeverBlock.TestCase


def test_the_paths_do_lead_to_others() -> None:
    machine = NeverBlock()
    machine.alert(device="::ffff:10.0.0.66", analyst=False)
    machine.a_person_wants_it(address="10.0.0.7", measure="block", canon=True)
    machine.time_passes(1.0)
    machine.the_backend_is_asked_directly("FD00::66", "isolate")
    assert loaded == [ATTACKER, OTHER, "fd00::66"]
