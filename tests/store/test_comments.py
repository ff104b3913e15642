import pytest

from records import alert
from redshank.core.errors import ConfigError
from redshank.store.alerts import Alerts
from redshank.store.audit import Audit
from redshank.store.comments import AGAIN_S, MOST_CHARACTERS, Comments
from redshank.store.database import Database


@pytest.fixture
def comments(database: Database) -> Comments:
    Alerts(database).record([alert(id="a"), alert(id="b")], [], 100.0)
    return Comments(database)


def test_comments_are_kept_in_order_and_in_the_audit(comments: Comments, database: Database) -> None:
    comments.write("a", "ana", "  the camera was replaced\n\x1b[31mred\u202e  \n", 200.0)
    comments.write("b", "ana", "another", 201.0)
    comments.write("a", "ben", "seen", 202.0)
    assert [(one.place, one.who, one.text) for one in comments.about("a")] == [
        (1, "ana", "the camera was replaced\n\\x1b[31mred\\u202e"), (3, "ben", "seen"),
    ]  # fmt: skip
    entry = Audit(database).entries()[0]
    assert (entry.who, entry.what, entry.about, entry.detail) == ("ben", "alert commented", "a", {"text": "seen"})


def test_a_comment_that_is_sent_twice_is_one(comments: Comments, database: Database) -> None:
    first = comments.write("a", "ana", "seen", 200.0)
    comments.write("a", "ben", "seen", 201.0)
    comments.write("a", "ana", "and mended", 202.0)
    assert comments.write("a", "ana", " seen\n", 203.0) == first
    assert [one.who for one in comments.about("a")] == ["ana", "ben", "ana"]
    assert len(Audit(database).entries()) == 3
    assert comments.write("a", "ana", "seen", 201.0 + AGAIN_S).place == 4


@pytest.mark.parametrize(
    ("about", "text", "message"),
    [
        ("a", " \n ", "comment: nothing is written"),
        ("a", "x" * (MOST_CHARACTERS + 1), "comment: 4001 characters; at most 4000"),
        ("c'; drop table alerts; --", "x", "alert: none is 'c'; drop table alerts; --'"),
    ],
)
def test_a_comment_that_cannot_be_is_refused(comments: Comments, about: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        comments.write(about, "ana", text, 200.0)
    assert comments.about(about) == []
