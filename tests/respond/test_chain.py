import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import ActionError
from redshank.respond.chain import BEGIN, Chain, Event, line_of
from responses import NOW_S

EVENTS = [Event("allowed", NOW_S + number, "ana", note="why", target=f"10.0.0.{number}") for number in range(4)]


def _lines(events: list[Event] = EVENTS) -> list[str]:
    lines, before = [], BEGIN
    for number, event in enumerate(events):
        lines.append(line_of(event, number, before))
        before = json.loads(lines[-1])["digest"]
    return lines


def test_events_come_back_as_they_were_written() -> None:
    chain = Chain()
    assert chain.take(_lines()[:3]) + chain.take(_lines()[3:]) == EVENTS
    assert (chain.read, chain.torn) == (4, 0)


@given(*[st.text() | st.sampled_from(['"note": ', '\\"note": ', "\\", '"digest": "'])] * 4)
def test_there_is_one_spelling_of_an_event_whatever_somebody_wrote(by: str, note: str, record: str, name: str) -> None:
    line = line_of(Event("proposed", NOW_S, by, name, note, record, backend=by, target=name), 0, BEGIN)
    values = json.loads(line)
    assert line == json.dumps(values, sort_keys=True)
    digest = values.pop("digest")
    assert digest == hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@given(st.integers(0, 3), st.integers(0), st.sampled_from('0a9 "{}x\u00e9'))
def test_a_changed_letter_shows(which: int, at: int, letter: str) -> None:
    lines = _lines()
    at %= len(lines[which])
    changed = lines[which][:at] + letter + lines[which][at + 1 :]
    if changed == lines[which]:
        return
    lines[which] = changed
    chain = Chain()
    told = ""
    try:
        chain.take(lines)
    except ActionError as error:
        told = str(error)
    if told:
        assert f"line {which + 1} was changed" in told or f"line {which + 2} does not follow" in told
    else:
        assert (which, chain.torn) == (3, 1), "only the last line can pass for torn"


@pytest.mark.parametrize("take_out", [0, 1, 2])
def test_a_line_that_was_taken_out_shows(take_out: int) -> None:
    lines = _lines()
    del lines[take_out]
    with pytest.raises(
        ActionError, match=f"line {take_out + 1} does not follow on the one before .* is line {take_out + 2}"
    ):
        Chain().take(lines)


def test_a_line_of_another_journal_shows() -> None:
    lines = _lines()
    lines[2] = _lines([EVENTS[3], *EVENTS])[2]
    with pytest.raises(
        ActionError, match="ledger: line 3 does not follow on the one before .*`redshank respond flush`"
    ):
        Chain().take(lines)


def test_a_torn_line_is_counted_and_the_next_follows_on_the_last_whole_one() -> None:
    lines = _lines(EVENTS[:2])
    chain = Chain()
    chain.take([*lines, lines[1][:20]])
    assert (chain.read, chain.torn, chain.torn_at) == (3, 1, (3,))
    more = line_of(EVENTS[2], chain.read, chain.digest)
    assert Chain().take([*lines, lines[1][:20], more]) == EVENTS[:3]


@pytest.mark.parametrize(
    "text", ["[]", "null", "3", '"digest"', "{}", '{"digest": 1, "number": 0, "before": "", "x": 1}']
)
def test_what_is_no_event_is_a_changed_line(text: str) -> None:
    with pytest.raises(ActionError, match="ledger: line 1 was changed after it was written"):
        Chain().take([text])


def test_a_time_without_end_is_not_written() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        line_of(Event("allowed", float("inf"), "ana"), 0, BEGIN)
