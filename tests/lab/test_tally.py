import pytest

from redshank.lab.proof import Finding
from redshank.lab.tally import ALL, lines, tally


def finding(family: str, told_s: float | None, *, flows: int = 10) -> Finding:
    found = told_s is not None
    return Finding(family, "one", told_s, told_s, found, "low", flows, flows // 2 * found, None, None)


def test_an_attack_that_was_never_found_took_forever() -> None:
    found = tally([finding("dos", 1.0), finding("xss", None), finding("dos", 3.0)])
    rows = {row.family: row for row in found}
    assert list(rows) == ["dos", "xss", ALL]
    assert (rows["dos"].median_s, rows["dos"].p95_s, rows["dos"].found) == (1.0, 3.0, 2)
    assert (rows["xss"].median_s, rows["xss"].found, rows["xss"].attacker) == (None, 0, 0)
    assert (rows[ALL].median_s, rows[ALL].p95_s, rows[ALL].attacks) == (3.0, None, 3)
    assert rows[ALL].recall == pytest.approx(1 / 3)


def test_a_table_says_never_where_nothing_was_told_and_of_what_there_were_no_flows() -> None:
    told = lines(tally([finding("dos", 1.25), finding("mitm", None, flows=0)]))
    assert told[0].startswith("| family | attacks | found | by name | names an attacker | median ")
    assert told[2:] == [
        "| dos | 1 | 1 | 1 | 1 | 1.2 s | 1.2 s | 0.500 of 10 |",
        "| mitm | 1 | 0 | 0 | 0 | never | never | no flows |",
        "| all | 2 | 1 | 1 | 1 | 1.2 s | never | 0.500 of 10 |",
    ]
