from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.alerts.message import document, headline, mark
from redshank.core.records import Alert
from told import ALERT


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "high: dos by 10.0.0.66 against 10.0.0.1 and 1 more, 120 flows, score 0.99, told again"),
        (
            {"target_count": 1, "revision": 0},
            "high: dos by 10.0.0.66 against 10.0.0.1, 120 flows",
        ),
        ({"targets": (), "target_count": 0, "count": 1}, "high: dos by 10.0.0.66, 1 flow, score 0.99"),
        ({"device": "", "over": True}, "high: dos by a device without address against 10.0.0.1 and 1 more"),
    ],
)
def test_a_headline_says_who_does_what_to_whom(changed: dict[str, object], said: str) -> None:
    assert headline(replace(ALERT, **changed)).startswith(said)  # type: ignore[arg-type]


def test_a_mark_is_that_of_one_revision_in_one_network_and_stays_with_it() -> None:
    assert mark(ALERT) == "0123456789abcdef_1_060a85872d51"
    assert mark(replace(ALERT, last_seen_s=9e9, count=9, severity="low", over=True)) == mark(ALERT)
    others = [replace(ALERT, **one) for one in ({"revision": 2}, {"id": "f" * 16}, {"first_seen_s": 1_700_000_100.5})]
    assert len({mark(one) for one in [ALERT, *others]}) == 4


@given(st.text(max_size=50))
@settings(max_examples=examples(100), deadline=None)
def test_nothing_from_the_wire_can_steer_a_terminal_or_end_a_line(text: str) -> None:
    alert = replace(ALERT, device=text, family=text, targets=(text,), id=text)
    assert headline(alert).isprintable()
    assert mark(alert).isascii()
    assert mark(alert).replace("_", "").isalnum()
    written = document(alert)
    assert all(" " <= c <= "~" for c in written)
    assert Alert.from_json(written) == alert


def test_endless_text_is_cut() -> None:
    endless = "x" * 10_000_000
    alert = replace(ALERT, device=endless, family=endless, targets=(endless,), measure=endless)
    assert len(headline(alert)) < 1_000
    assert len(document(alert)) < 10_000
