from pathlib import Path

import pytest

from redshank.machine import CAPABILITIES, Link, Machine, look, meminfo, rights


def test_this_machine_has_what_every_machine_has() -> None:
    found = look()
    assert found.cpus >= 1
    assert found.total_mib is not None
    assert found.free_mib is not None
    assert 0 < found.free_mib <= found.total_mib
    assert found.links["lo"] == Link(found.links["lo"].up, True, found.links["lo"].merging)
    assert found.libraries["redshank"]
    assert found.kernels > 0


def test_what_the_kernel_does_not_tell_is_none(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert (found.total_mib, found.free_mib, found.rights) == (None, None, None)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("CapEff:\t0000000000000000", frozenset()),
        ("CapEff:\t0000000000003000", frozenset(CAPABILITIES)),
        ("CapEff:\t000001ffffffcfff", frozenset()),
        ("CapPrm:\t0000000000003000", None),
    ],
)
def test_rights_are_those_in_force(line: str, wanted: frozenset[str] | None) -> None:
    assert rights(f"Name:\tx\n{line}\n") == wanted


def test_memory_is_told_in_mib_and_lines_without_a_number_are_passed_over() -> None:
    assert meminfo("MemTotal:  4194304 kB\nodd\nMemAvailable: x kB\nMemAvailable:    1536 kB\n") == {
        "MemTotal": 4096,
        "MemAvailable": 1,
    }


def test_facts_that_nobody_gathered_are_absent() -> None:
    assert Machine().links == {}
    assert Machine().rights is None
