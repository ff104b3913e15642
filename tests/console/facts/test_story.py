import pytest

from records import alert
from redshank.alerts.severity import FAMILIES
from redshank.console.facts.story import DEEDS, deed, events, how_sure
from redshank.core.records import Action
from redshank.respond.states import Entry as Done
from redshank.store.audit import Entry
from redshank.store.comments import Comment


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "looked for open services on 10.0.0.1 and 1 other"),
        ({"family": "dos", "targets": ("10.0.0.1",), "target_count": 1}, "flooded 10.0.0.1"),
        ({"family": "c2", "target_count": 5}, "reported to a controller toward 10.0.0.1 and 4 others"),
        ({"family": "worm", "targets": ()}, "took part in an attack (worm)"),
    ],
)
def test_an_alert_says_who_did_what_to_whom(changed: dict[str, object], words: str) -> None:
    assert deed(alert(**changed)) == words


def test_every_family_that_is_rated_has_a_deed() -> None:
    assert set(FAMILIES) - set(DEEDS) == {"attack"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "very sure (score 0.97)"),
        ({"score": 0.85, "detectors": ("signatures",)}, "sure (score 0.85); signature rules say so"),
        ({"score": 0.6, "detectors": ("classifier",)}, "fairly sure (score 0.60); the classifier says so"),
        (
            {"score": 0.1, "detectors": ("anomaly", "classifier")},
            "not sure (score 0.10); the model of usual traffic and the classifier say so",
        ),
    ],
)
def test_an_alert_says_how_sure_whom_is(changed: dict[str, object], words: str) -> None:
    assert how_sure(alert(**changed)) == words


def test_what_happened_stands_in_order() -> None:
    action = Action.of("rate_limit", "10.0.0.7", 60.0, "floods", "policy", 5.0, alert="00ff")
    found = events(
        [alert(), alert(revision=1, count=30, last_seen_s=4.0, over=True)],
        [
            Entry(2, 8.0, "ben", "alert escalated", "00ff", {"was": "open", "why": "look"}),
            Entry(1, 7.0, "ana", "alert commented", "00ff", {"text": "x"}),
        ],
        [Comment(1, "00ff", 7.0, "ana", "two\nlines")],
        [Done(action, "applied", approval=False, changed_s=6.0, by="kernel", note="")],
    )
    assert [(one.at_s, one.kind, one.who, one.what) for one in found] == [
        (2.5, "told", "", "told first: 3 flows"),
        (4.0, "told", "", "over, after 30 flows"),
        (5.0, "action", "policy", "rate limit of 10.0.0.7 proposed"),
        (6.0, "done", "kernel", "rate limit was applied"),
        (7.0, "comment", "ana", "wrote"),
        (8.0, "judged", "ben", "open → escalated"),
    ]
    assert [one.note for one in found[-2:]] == ["two\nlines", "look"]
