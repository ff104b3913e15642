from dataclasses import replace

import pytest

from explored import surveyed
from redshank.report.audit import copies, order, spelling, telling


def test_every_look_up_stands_beside_the_commonest_class() -> None:
    audit = surveyed().audit
    assert audit is not None
    chapter = telling(audit)
    text = "".join(chapter.content)
    assert "the commonest class" in text
    assert "src_ip + " in text
    assert "Columns that close less than 1 %: 2." in text


def test_copies_have_a_row_per_set_of_columns() -> None:
    audit = surveyed().audit
    assert audit is not None
    text = "".join(copies(audit, len(surveyed().table)).content)
    assert text.count("<tr>") == 1 + len(audit.sets)


def test_the_order_is_drawn_and_running_numbers_listed() -> None:
    audit = surveyed().audit
    assert audit is not None
    text = "".join(order(surveyed(), audit).content)
    assert "Classes over the file" in text
    assert "pkSeqID" in text
    assert "pkSeqID" not in "".join(order(surveyed(), replace(audit, order=replace(audit.order, rising=()))).content)


@pytest.mark.parametrize("spelled", [True, False])
def test_spellings_are_shown_with_their_rows(spelled: bool) -> None:  # noqa: FBT001  drawn
    audit = surveyed().audit
    assert audit is not None
    text = "".join(spelling(surveyed(), audit if spelled else replace(audit, spelled=())).content)
    assert ("“high␣”" in text) == spelled
    assert ("Each value has one spelling." in text) != spelled
