import re

from redshank.alerts.severity import FAMILIES, UNKNOWN
from redshank.alerts.techniques import NAMES, TECHNIQUES, techniques
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


def test_a_family_that_says_nothing_has_none() -> None:
    assert techniques(UNKNOWN) == techniques("attack") == techniques("of another dataset") == ()
