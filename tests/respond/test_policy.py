from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import alert
from redshank.core.errors import ConfigError
from redshank.core.records import MEASURES, SEVERITIES, Alert, Evidence
from redshank.respond.policy import DEFAULT, EVIDENCE, LADDER_S, Decision, History, Policy, Rule, decide
from redshank.respond.protected import Protected
from responses import ATTACKER, ATTACKER_MAC, GATEWAY, GATEWAY_MAC, HOME, NOW_S, OTHER

LIST = Protected.of(HOME)
DOS = alert(device=ATTACKER, family="dos", severity="high", detectors=("classifier",))
RULED = replace(DOS, detectors=("classifier", "signatures"), rules=("telnet sweep",))
BLOCK_ALL = Policy((Rule("block"),))
ISOLATE_ALL = Policy((Rule("isolate"),))


def _decide(one: Alert, policy: Policy | None = None, macs: tuple[str, ...] = (), **history: object) -> Decision:
    return decide(one, policy or Policy(), LIST, NOW_S, macs=macs, history=History(**history))  # type: ignore[arg-type]


def test_a_rule_and_a_model_block_at_once_for_ten_minutes() -> None:
    decision = _decide(RULED)
    assert decision.action is not None
    assert (decision.outcome, decision.approval) == ("proposed", False)
    assert (decision.action.measure, decision.action.target, decision.action.ttl_s) == ("block", ATTACKER, 600)
    assert decision.action.reason == "dos by 10.0.0.66, high, 3 flows; evidence: model, models, signature"
    assert decision.action.alert == DOS.id


@pytest.mark.parametrize("policy", [Policy(), BLOCK_ALL, ISOLATE_ALL, Policy((Rule("rate_limit"),))])
def test_the_word_of_one_model_waits_for_a_person_whatever_the_table_says(policy: Policy) -> None:
    decision = _decide(DOS, policy)
    assert decision.action is not None
    assert decision.approval


def test_one_model_acts_alone_only_if_told_to() -> None:
    assert not _decide(DOS, replace(BLOCK_ALL, model_alone=True)).approval


@pytest.mark.parametrize(
    ("one", "history"),
    [
        (replace(DOS, detectors=("anomaly", "classifier")), {}),
        (replace(DOS, detectors=("signatures",), rules=("telnet sweep",)), {}),
        (DOS, {"repeats": 3}),
        (DOS, {"confirmed": True}),
    ],
)
def test_each_further_evidence_lets_it_act(one: Alert, history: dict[str, Any]) -> None:
    assert not _decide(one, **history).approval
    assert _decide(DOS, repeats=2).approval


@pytest.mark.parametrize(("severity", "measure"), [*zip(SEVERITIES, ("", "rate_limit", "block", "block"), strict=True)])
def test_how_hard_depends_on_the_severity(severity: str, measure: str) -> None:
    action = _decide(replace(RULED, severity=severity)).action
    assert (action.measure if action else "") == measure


def test_the_first_line_that_fits_counts() -> None:
    rules = (Rule("nothing", family=("scanning",)), Rule("rate_limit", device=("camera",)), Rule("block"))
    policy = Policy(rules, devices={"camera": ("10.0.0.64/28", GATEWAY_MAC)})
    assert _decide(replace(RULED, family="scanning"), policy).outcome == "nothing"
    assert _decide(RULED, policy).words.startswith("dos")
    chosen = [_decide(replace(RULED, device=device), policy).action for device in (ATTACKER, "10.0.0.7")]
    assert [one.measure for one in chosen if one] == ["rate_limit", "block"]
    by_mac = _decide(replace(RULED, device="10.0.0.7"), policy, macs=(GATEWAY_MAC,)).action
    assert by_mac is not None
    assert by_mac.measure == "rate_limit"


def test_where_nothing_fits_somebody_is_told() -> None:
    assert _decide(RULED, Policy((Rule("block", family=("xss",)),))).outcome == "notify"


def test_each_next_action_holds_longer() -> None:
    held = [_decide(RULED, strikes=strikes).action for strikes in range(6)]
    assert [one.ttl_s for one in held if one] == [*LADDER_S, LADDER_S[-1], LADDER_S[-1]]
    long = Policy((Rule("block", ttl_s=7_200.0),))
    assert [long.ttl_s(7_200.0, strikes) for strikes in (0, 1, 2)] == [7_200.0, 7_200.0, 86_400.0]


@pytest.mark.parametrize("device", [GATEWAY, "::ffff:10.0.0.1", "ff02::1", "10.0.9.9", "FD00::53"])
@pytest.mark.parametrize("policy", [BLOCK_ALL, ISOLATE_ALL])
def test_protected_devices_are_left_alone(device: str, policy: Policy) -> None:
    decision = _decide(replace(RULED, device=device), policy, macs=(ATTACKER_MAC,), confirmed=True)
    assert (decision.outcome, decision.action) == ("never_block", None)
    assert "is protected" in decision.words


@pytest.mark.parametrize("device", ["", "?", "10.0.0.066", "\x1b[2J", ATTACKER_MAC])
def test_a_device_without_an_address_is_left_alone(device: str) -> None:
    decision = _decide(replace(RULED, device=device), BLOCK_ALL)
    assert decision.outcome == "no_address"
    assert decision.words.isprintable()


def test_a_device_is_isolated_by_its_link_layer_address_if_that_is_its_own() -> None:
    targets = [
        _decide(RULED, ISOLATE_ALL, macs=macs).action
        for macs in ((ATTACKER_MAC,), (), (GATEWAY_MAC,), (ATTACKER_MAC, GATEWAY_MAC))
    ]
    assert [one.target for one in targets if one] == [ATTACKER_MAC, ATTACKER, ATTACKER, ATTACKER]


def test_what_is_open_or_allowed_is_not_proposed_again() -> None:
    assert _decide(RULED, open="block").outcome == "already"
    assert _decide(RULED, open="isolate").outcome == "already"
    assert _decide(RULED, open="rate_limit").outcome == "proposed"
    allowed = _decide(RULED, allowed="until tomorrow by ana")
    assert (allowed.outcome, allowed.words) == ("allowed", "10.0.0.66 is allowed until tomorrow by ana")


def test_an_alert_whose_last_flow_is_old_is_only_told_unless_a_person_confirms_it() -> None:
    careful = replace(BLOCK_ALL, fresh_s=3_600.0)
    for last_s, outcome in ((NOW_S - 3_600.0, "proposed"), (NOW_S + 9e9, "proposed"), (NOW_S - 122_400.0, "old")):
        assert _decide(replace(RULED, last_seen_s=last_s), careful).outcome == outcome
    old = _decide(replace(RULED, last_seen_s=NOW_S - 122_400.0), careful)
    assert (old.action, old.words) == (None, "its last flow is 34.0 h old: 10.0.0.66 may be another device's by now")
    assert _decide(RULED, careful, confirmed=True).outcome == "proposed"


def test_an_address_of_the_internet_that_speaks_from_inside_waits_for_a_person() -> None:
    def told(device: str, mac: str | None, macs: tuple[str, ...] = ()) -> Decision:
        flow = Evidence("C1", NOW_S, device, 1, "10.0.0.2", 80, "tcp", None, 0.9, src_mac=mac)
        return _decide(replace(RULED, device=device, evidence=(flow,)), BLOCK_ALL, macs)

    forged = told("8.8.8.8", ATTACKER_MAC)
    assert forged.approval
    assert forged.words.endswith(f"; sent by {ATTACKER_MAC}, which is no gateway's: is the address forged?")
    assert told("2606:4700::66", ATTACKER_MAC).approval
    assert not told("8.8.8.8", GATEWAY_MAC).approval
    assert not told("8.8.8.8", None).approval
    assert not told("2606:4700::66", ATTACKER_MAC, (ATTACKER_MAC,)).approval, "the kernel knows it"
    assert not told(OTHER, ATTACKER_MAC).approval, "a device of the network that the kernel has not met"


def test_every_mistake_in_a_rule_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Rule("drop", family=("Dos!",), severity=("bad",), evidence=("luck",), ttl_s=float("inf"))  # type: ignore[arg-type]
    assert caught.value.problems == [
        "respond.rules.measure: 'drop' is not allowed; allowed are nothing, notify, rate_limit, block, isolate",
        "respond.rules.severity: 'bad' is not allowed; allowed are low, medium, high, critical",
        "respond.rules.evidence: 'luck' is not allowed; allowed are model, models, signature, repeated, analyst",
        "respond.rules.family: 'Dos!' is no name; use small letters, digits and underscores",
        "respond.rules.ttl_s: inf is not allowed; give seconds above 0, at most 2592000",
    ]


def test_every_mistake_in_a_policy_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Policy(
            (Rule("block", device=("camera",)),),
            1,
            0.0,
            fresh_s=0.0,
            ladder_s=(60.0, 10.0),
            devices={"tv": ("tv.local",)},
        )
    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        "respond.repeats: 1 is not allowed",
        "respond.repeat_s: 0.0 is not allowed",
        "respond.fresh_s: 0.0 is not allowed",
        "respond.ladder_s: [60.0, 10.0] is no ladder",
        "respond.devices.tv: 'tv.local' is neither an IP address nor a MAC like 02:00:5e:10:00:01",
        "respond.rules.device: there is no class 'camera'",
    ]


@given(
    st.builds(
        lambda device, severity, detectors, rules: replace(
            DOS, device=device, severity=severity, detectors=detectors, rules=rules
        ),
        st.sampled_from([ATTACKER, GATEWAY, "::ffff:10.0.0.1", "10.0.9.1", "fd00::66", "x"]) | st.text(max_size=20),
        st.sampled_from(SEVERITIES),
        st.sampled_from([(), ("classifier",), ("anomaly", "classifier"), ("signatures",)]),
        st.sampled_from([(), ("r",)]),
    ),
    st.lists(st.builds(Rule, st.sampled_from(["nothing", *MEASURES]), evidence=st.sampled_from([(), EVIDENCE[1:]]))),
    st.builds(History, st.integers(1, 5), st.booleans(), st.integers(0, 9)),
)
def test_no_decision_is_against_the_rules(one: Alert, rules: list[Rule], history: History) -> None:
    policy = Policy((*rules, *DEFAULT))
    decision = decide(one, policy, LIST, NOW_S, macs=(ATTACKER_MAC,), history=history)
    assert decision.words
    if decision.action is None:
        assert decision.outcome != "proposed"
        return
    assert LIST.why(decision.action.target) is None
    assert decision.action.ttl_s in LADDER_S
    strong = (
        history.repeats >= 3
        or history.confirmed
        or one.rules
        or len(one.detectors) > 1
        or "signatures" in one.detectors
    )
    assert strong or decision.approval


def test_a_device_whose_address_was_forged_is_left_alone() -> None:
    flow = Evidence("C1", 1.5, ATTACKER, 1, OTHER, 80, "tcp", None, 0.97, src_mac="02-00-5E-10-00-99")
    forged = replace(RULED, evidence=(flow,))
    decision = _decide(forged, macs=(ATTACKER_MAC,))
    assert (decision.outcome, decision.action) == ("forged", None)
    assert "02:00:5e:10:00:99" in decision.words
    own = replace(flow, src_mac=ATTACKER_MAC.upper())
    assert _decide(replace(forged, evidence=(own,)), macs=(ATTACKER_MAC,)).outcome == "proposed"
    assert _decide(forged, macs=()).outcome == "proposed"
    odd = replace(flow, src_mac="\x1b[2J", src_ip=ATTACKER)
    assert _decide(replace(forged, evidence=(odd,)), macs=(ATTACKER_MAC,)).outcome == "proposed"


def test_whose_traffic_is_led_astray_is_not_blocked_for_it() -> None:
    assert _decide(replace(RULED, family="mitm")).outcome == "notify"
