import re

from redshank.alerts.severity import FAMILIES, UNKNOWN
from redshank.alerts.techniques import MOST_OF_EACH, NAMES, TECHNIQUES, techniques
from redshank.detect.detectors.signatures import Signatures
from redshank.detect.sigma.rule import TECHNIQUE_FAMILIES


def test_every_family_that_says_something_has_techniques_of_both_matrices() -> None:
    for family in set(FAMILIES) - {UNKNOWN, "attack"}:
        found = techniques(family)
        assert any(one.startswith("T1") for one in found), family
        assert any(one.startswith("T0") for one in found), family


def test_ids_are_written_as_attack_writes_them() -> None:
    for one in {one for found in TECHNIQUES.values() for one in found}:
        assert re.fullmatch(r"T[01]\d{3}(\.\d{3})?", one)


def test_every_technique_that_families_and_rules_name_has_its_name() -> None:
    named = {one for found in TECHNIQUES.values() for one in found}
    named |= {one for rule in Signatures().rules for one in rule.techniques} | set(TECHNIQUE_FAMILIES)
    assert named - set(NAMES) == set()


def test_a_family_that_says_nothing_has_none_of_its_own() -> None:
    assert techniques(UNKNOWN) == techniques("attack") == techniques("of another dataset") == ()
    assert techniques("attack", ["T1133", "T0883"]) == ("T1133", "T0883")


def test_those_of_rules_come_before_those_of_the_family_and_each_once_and_enterprise_first() -> None:
    assert techniques("password", ["T0883", "T1110", "T1021"]) == ("T1110", "T1021", "T0883", "T0812", "T0859")


def test_those_of_many_rules_are_bounded_and_leave_room_for_the_industrial_matrix() -> None:
    found = techniques("dos", [f"T1{i:03}" for i in range(50)])
    assert found == (*(f"T1{i:03}" for i in range(MOST_OF_EACH)), "T0814")
