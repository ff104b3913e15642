import pytest

from console.filled import Filled
from redshank.console.desk import Desk
from redshank.console.facts.audit import Wanted, detail, entries, link
from redshank.store.audit import Entry


@pytest.fixture
def desk(filled: Filled) -> Desk:
    return Desk(filled.settings, filled.database, now_s=lambda: filled.now_s)


def test_the_audit_goes_page_by_page_and_is_searched(desk: Desk) -> None:
    places, before = [], None
    while True:
        page = entries(desk, Wanted(), 7, before)
        places += [one.place for one in page.entries]
        before = page.before
        if before is None:
            break
    assert places == sorted(places, reverse=True)
    assert places[-1] == 1
    assert {one.who for one in entries(desk, Wanted(who="ana")).entries} == {"ana"}
    assert {one.what for one in entries(desk, Wanted(what="allowance")).entries} == {
        "allowance given",
        "allowance withdrawn",
    }
    assert entries(desk, Wanted(words=("hides", "backdoor"))).entries[0].what == "allowance withdrawn"
    assert entries(desk, Wanted(about="none")).entries == ()
    assert entries(desk, Wanted(since_s=desk.now_s())).entries == ()


def test_details_are_short_texts_and_empty_ones_are_left_out() -> None:
    entry = Entry(1, 0.0, "ana", "alert closed", "a1", {"why": "x", "was": "", "n": None, "allow_s": 60.0})
    assert detail(entry) == [("why", "x"), ("allow", "60 s")]
    entry = Entry(1, 0.0, "ana", "allowance given", "a1", {"expires_at_s": 1.7e9, "more": {"a": 1}})
    assert detail(entry) == [("expires_at", "2023-11-14 22:13:20 UTC"), ("more", '{"a": 1}')]


def test_an_entry_leads_to_what_it_is_about_and_nowhere_else() -> None:
    def about(what: str, name: str) -> str:
        return link(Entry(1, 0.0, "ana", what, name, {}))

    assert about("alert closed", "00ff") == "/alerts/00ff"
    assert about("action approved", "00ff") == "/responses/action/00ff"
    assert about("label withdrawn", "00ff") == "/labels/given/00ff"
    assert about("allowance given", "00ff") == "/allowances#00ff"
    assert about("bundle rollback", "home-1") == "/models/bundles/home-1"
    assert about("job begun", "job 3") == "/models/jobs/3"
    assert about("alert closed", "../admin") == about("retention", "00ff") == about("alert closed", "") == ""
