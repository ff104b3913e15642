import json
import math

from hypothesis import given
from hypothesis import strategies as st

from redshank.respond.backend import Hold
from redshank.respond.ruleset import SIZE, TABLE, Ruleset
from responses import ATTACKER, ATTACKER_MAC

BOTH = Ruleset.of(bridges=True, packets_per_s=50)
INET = Ruleset.of(bridges=False, packets_per_s=50)


def test_a_target_goes_to_the_set_of_its_measure_and_kind() -> None:
    keys = [("block", ATTACKER), ("block", "fd00::66"), ("isolate", ATTACKER_MAC), ("rate_limit", "fd00::66")]
    endings = INET.endings(keys)
    names = [command["add"]["element"]["name"] for command in endings if "add" in command]
    assert names == ["block4", "block6", "cut_mac", "slow6_50"]
    assert set(names) <= set(INET.sets())


def test_every_set_is_looked_at_by_a_rule_and_every_rule_drops() -> None:
    rules = [command["add"]["rule"] for command in BOTH.frame() if "rule" in command.get("add", {})]
    for family in ("inet", "bridge"):
        mine = [rule["expr"] for rule in rules if rule["family"] == family]
        assert {expr[0]["match"]["right"] for expr in mine} == {f"@{name}" for name in BOTH.sets()}
        assert all(expr[-1] == {"drop": None} for expr in mine)


def test_every_set_has_times_and_a_bound() -> None:
    sets = [command["add"]["set"] for command in BOTH.frame() if "set" in command.get("add", {})]
    assert len(sets) == 14
    assert all(one["flags"] == ["timeout"] and one["size"] == SIZE for one in sets)


def test_an_element_is_out_before_it_is_in_again() -> None:
    commands = INET.elements([Hold("block", ATTACKER, 9.2)])
    assert [next(iter(command)) for command in commands] == ["add", "delete", "add"]
    assert commands[2]["add"]["element"]["elem"] == [{"elem": {"val": ATTACKER, "timeout": 10}}]


def test_only_our_own_tables_are_named() -> None:
    everything = [*BOTH.frame(), *BOTH.elements([Hold("block", ATTACKER, 1.0)]), *BOTH.flushing()]
    for command in everything:
        (what, value), *_ = next(iter(command.values())).items()
        assert (value["name"] if what == "table" else value["table"]) == TABLE


@given(
    st.lists(st.sampled_from([("block", "10.0.0.66"), ("isolate", "02:00:5e:10:00:66"), ("rate_limit", "fd00::66")]))
)
def test_a_listing_is_read_as_it_was_made(keys: list[tuple[str, str]]) -> None:
    listed = []
    for key in dict.fromkeys(keys):
        (element,) = [c["add"]["element"] for c in INET.endings([key]) if "add" in c]
        held = {"elem": {"val": key[1], "timeout": 600, "expires": 599, "counter": {"packets": 2, "bytes": 80}}}
        listed.append({"set": {"family": "inet", "table": TABLE, "name": element["name"], "elem": [held]}})
    assert INET.holds(json.loads(json.dumps(listed))) == [Hold(*key, 599.0, 2, 80) for key in dict.fromkeys(keys)]


def test_an_element_without_a_time_is_told_and_sets_of_others_are_not() -> None:
    listed = [{"set": {"name": "block4", "elem": ["10.0.0.9"]}}, {"set": {"name": "theirs", "elem": ["10.0.0.8"]}}]
    assert INET.holds([*listed, {"metainfo": {}}]) == [Hold("block", "10.0.0.9", math.inf)]
