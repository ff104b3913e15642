import re
from dataclasses import replace

import pytest

from browsing import Browser
from redshank.active.replayed import Gained, Reached, Replayed
from redshank.config import Questions
from redshank.console.desk import Desk
from redshank.core.records import Label
from redshank.store.question import Question


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def _asked(page: str) -> str:
    found = re.search(r'data-question="([0-9a-f]+)"', page)
    return found[1] if found else ""


def _last(desk: Desk) -> Label:
    return desk.queue.labels()[-1]


def test_one_key_after_the_other_answers_the_queue(desk: Desk, analyst: Browser) -> None:
    page = analyst.get("/labels")
    first = _asked(page.text)
    assert page.status_code == 200
    assert 'data-hotkey="b"' in page.text
    assert "What the model takes it for" in page.text
    answered = analyst.post("/labels/answer", question=first, family="benign", evidence="the morning backup")
    label = _last(desk)
    assert (label.question, label.family, label.annotator, label.origin) == (first, "benign", "anton", "console")
    assert label.evidence == "the morning backup"
    second = _asked(analyst.follow(answered).text)
    assert second not in ("", first)
    part = analyst.post("/labels/answer?part=question", question=second, family="dos")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "dos: kept." in part.text
    third = _asked(part.text)
    assert third not in ("", first, second)
    back = analyst.post("/labels/undo?part=question", question=third)
    assert _asked(back.text) == second
    assert _last(desk).about == desk.queue.labels()[-2].id
    skipped = analyst.post("/labels/skip?part=question", question=second)
    assert _asked(skipped.text) not in ("", second)
    assert "1 skipped" in skipped.text
    again = analyst.post("/labels/again?part=question")
    assert "1 skipped questions are asked again." in again.text


def test_two_analysts_do_not_see_the_same_question_and_a_viewer_takes_none(
    desk: Desk, analyst: Browser, admin: Browser, viewer: Browser
) -> None:
    one, other = _asked(analyst.get("/labels").text), _asked(admin.get("/labels").text)
    assert "" not in (one, other)
    assert one != other
    assert desk.queue.counts(desk.now_s())["held"] == 2
    seen = viewer.get("/labels")
    assert "Only analysts answer." in seen.text
    assert desk.queue.counts(desk.now_s())["held"] == 2
    assert viewer.post("/labels/answer", question=one, family="benign").status_code == 403
    assert "Answer it" not in viewer.get(f"/labels/questions/{one}").text


def test_an_answer_that_waits_for_another_person_is_counted_as_such(desk: Desk, analyst: Browser) -> None:
    counts, waiting = desk.queue.counts(desk.now_s()), desk.queue.waiting(desk.now_s())
    assert counts["answered"] + waiting == 15 == len(desk.queue.sure(desk.now_s()))
    said = "more have a sure answer and wait for another person"
    assert f"{counts['answered']} answered; {waiting} {said}" in analyst.get("/labels").text
    one = next(one for one in desk.queue.questions() if one.wanted == 2 and not desk.queue.said_of(one.id))
    assert "kept" in analyst.follow(analyst.post("/labels/answer", question=one.id, family="dos")).text
    assert f"{counts['answered']} answered; {waiting + 1} {said}" in analyst.get("/labels").text
    assert f"{waiting + 1} {said}" in analyst.get("/labels/questions").text


def test_a_wrong_answer_is_refused_in_a_sentence(analyst: Browser) -> None:
    one = _asked(analyst.get("/labels").text)
    for family, said in (("Not A Name", "&#39;Not A Name&#39; is no name"), ("", "give 1 to 80")):
        refused = analyst.post("/labels/answer", question=one, family=family)
        assert refused.status_code == 400
        assert said in refused.text
    assert analyst.post("/labels/answer", question="00", family="dos").status_code == 404
    assert analyst.post("/labels/undo").status_code == 409


def test_who_is_asked_again_sees_nothing_of_what_a_model_thinks(desk: Desk, analyst: Browser) -> None:
    doubted = next(one for one in desk.queue.questions() if one.doubted_at_s is not None)
    page = analyst.get(f"/labels/questions/{doubted.id}").text
    assert "What a model thinks is not shown." in page
    assert "Not shown while an answer is in doubt." in page
    assert 'class="likely"' not in page
    assert "/alerts/" not in page


def test_every_label_has_its_page_and_can_be_taken_back(desk: Desk, analyst: Browser, viewer: Browser) -> None:
    assert "withdrawn" in viewer.get("/labels/given", state="withdrawn").text
    label = next(one for one in desk.queue.labels() if one.family == "unsure")
    page = viewer.get(f"/labels/given/{label.id}")
    assert "Take the label back" not in page.text
    refused = analyst.post(f"/labels/given/{label.id}/withdraw", why="")
    assert (refused.status_code, "give 3 to 500" in refused.text) == (400, True)
    done = analyst.post(f"/labels/given/{label.id}/withdraw", why="looked again")
    after = analyst.follow(done).text
    assert "Taken back. Trained on it: no bundle here." in after
    assert "looked again" in after
    entry = desk.audit.entries(1)[0]
    assert (entry.who, entry.what, entry.about) == ("anton", "label withdrawn", label.id)
    assert analyst.post("/labels/given/00/withdraw", why="no such").status_code == 404
    assert viewer.post(f"/labels/given/{label.id}/withdraw", why="not mine").status_code == 403


def test_lists_of_questions_and_labels_go_on_on_further_pages(desk: Desk, viewer: Browser) -> None:
    for status, count in desk.queue.counts(desk.now_s()).items():
        page = viewer.get("/labels/questions", status=status)
        assert page.text.count("data-row=") == count
    assert viewer.get("/labels/questions", status="lost").status_code == 400
    given = viewer.get("/labels/given", annotator="ben").text
    assert given.count("data-row=") == sum(label.annotator == "ben" for label in desk.queue.labels())
    assert "No label is like that." in viewer.get("/labels/given", family="nothing").text


def test_people_and_where_they_disagree(viewer: Browser) -> None:
    page = viewer.get("/labels/people").text
    assert "<dt>Flows with a sure answer</dt><dd>15</dd>" in page
    assert "Krippendorff" in page
    assert "ana and ben" in page.replace('<span class="wire">', "").replace("</span>", "")
    assert "Where they disagree" in page


def test_the_curve_is_drawn_from_what_was_kept(desk: Desk, viewer: Browser) -> None:
    few = viewer.get("/labels/curve").text
    assert "Too few answers for a curve." in few
    assert "more answers to questions that chance drew until the curve has its control" in few
    assert desk.shelf is not None
    points = (Reached(10, 0.4, 0.3, 0.5), Reached(80, 0.8, 0.7, 0.9))
    Replayed(points, points, points, 10, 40, 5, Gained(30, 4.0, 1.0, 7.0), Gained(80, 0.5, -1.0, 2.0), 1.7e9, ()).save(
        desk.shelf.folder
    )
    page = viewer.get("/labels/curve").text
    assert "<svg" in page
    assert "+4.0 points of macro-F1, 90 % interval +1.0 to +7.0: shown to be more than nothing" in page
    assert "+0.5 points of macro-F1, 90 % interval -1.0 to +2.0: not shown to be more or less than nothing" in page
    (desk.shelf.folder / "curve.json").write_text("{")
    assert "is no curve of this version" in viewer.get("/labels/curve").text
    assert viewer.get("/labels/curve", answer="1").status_code == 400
    assert viewer.get("/labels/curve", answer="1", point="0").status_code == 400


def test_the_page_says_when_more_labels_stop_paying(desk: Desk, viewer: Browser) -> None:
    assert "Nothing is known yet: a retraining measures it." in viewer.get("/labels/curve").text
    assert desk.shelf is not None
    promise = {"answers": 100, "points_of_macro_f1": 1.2, "in_words": "the next 100: +1.2 points", "because": "a curve"}
    desk.shelf.keep("home-1-r1", "not better", {"next_answers": promise})
    page = viewer.get("/labels/curve").text
    assert "The next 100: +1.2 points." in page
    assert "pay now" not in page
    dear = viewer.get("/labels/curve", answer="0.5", point="10").text
    assert "More labels do not pay now: they would have to gain 5.00 points." in dear
    cheap = viewer.get("/labels/curve", answer="0.5", point="100").text
    assert "More labels pay: 0.50 points would be enough." in cheap


def test_what_the_settings_say_that_an_answer_costs_is_told_at_the_queue_and_the_overview(
    desk: Desk, viewer: Browser
) -> None:
    assert "Whether more labels pay is not known before a bundle was trained on labels." in viewer.get("/labels").text
    assert desk.shelf is not None
    promise = {"answers": 100, "points_of_macro_f1": 1.2, "in_words": "the next 100: +1.2 points", "because": "a curve"}
    desk.shelf.keep("home-1-r1", "not better", {"next_answers": promise})
    vars(desk)["settings"] = desk.settings.model_copy(
        update={"questions": Questions(answer_costs=0.5, point_is_worth=10.0)}
    )
    for path in ("/labels", "/overview"):
        assert "More labels do not pay now: the next 100 answers promise +1.20 points" in viewer.get(path).text
    curve = viewer.get("/labels/curve").text
    assert "More labels do not pay now: they would have to gain 5.00 points." in curve
    assert 'name="point" value="10.0"' in curve
    assert "0.50 points would be enough" in viewer.get("/labels/curve", answer="0.5", point="100").text


def test_a_question_of_a_running_service_is_shown_with_flows_like_it_that_were_answered(
    desk: Desk, analyst: Browser
) -> None:
    like, *_ = desk.queue.some(desk.queue.answered(desk.queue.questions()[0]).ids)
    asked = replace(like, id="feed", neighbors=(), strategy="gateway", doubted_at_s=None, asked_at_s=desk.now_s())
    desk.queue.add([asked])
    for path in ("/labels", "/labels/questions/feed"):
        page = analyst.get(path).text
        assert "Nobody has answered about a flow like this one." not in page
        assert f'href="/labels/questions/{like.id}"' in page


def test_hostile_text_of_a_flow_is_only_read(desk: Desk, analyst: Browser) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e\x1b[2J"
    one = desk.queue.questions()[0]
    values = {
        **vars(one),
        "id": "feed",
        "device": hostile,
        "why": hostile,
        "neighbors": (one.id,),
        "doubted_at_s": None,
    }
    flow = {**one.flow, "src_ip": hostile, "dns_query": hostile, "http_user_agent": hostile, "service": hostile}
    desk.queue.add([Question(**{**values, "flow": flow, "asked_at_s": desk.now_s()})])
    for path in ("/labels", "/labels/questions/feed", "/labels/questions?status=held"):
        page = analyst.get(path).text
        assert "<img" not in page.replace('<img src="/static', "")
        assert "\u202e" not in page
        assert "&lt;img src=x" in page, path
