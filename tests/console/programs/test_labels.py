import pytest

from browsing import Browser
from redshank.console.desk import Desk


@pytest.fixture
def desk(filled_desk: Desk) -> Desk:
    return filled_desk


def test_a_program_works_through_the_queue(desk: Desk, analyst: Browser) -> None:
    robot = analyst.token("analyst")
    counts = robot.api("GET", "/labels/counts").json()
    assert counts.items() >= desk.queue.counts(desk.now_s()).items()
    assert (counts["given"], counts["skipped"], counts["advice"]) == (0, 0, "")
    first = robot.api("POST", "/labels/next").json()
    assert first["in_words"]
    assert sum(first["probabilities"].values()) > 0.9
    label = robot.api("POST", f"/labels/questions/{first['id']}/answer", json={"family": "dos", "evidence": "e"}).json()
    assert (label["annotator"], label["origin"], label["kind"]) == ("anton", "console", "answer")
    assert robot.api("POST", "/labels/undo").json()["id"] == first["id"]
    assert robot.api("POST", f"/labels/questions/{first['id']}/skip").status_code == 200
    assert robot.api("GET", "/labels/counts").json()["skipped"] == 1
    assert robot.api("POST", "/labels/again").json() == {"asked_again": 1}
    assert robot.api("GET", f"/labels/questions/{first['id']}").json()["device"] == first["device"]
    listed = robot.api("GET", "/labels/questions", params={"status": "answered", "limit": 3}).json()
    assert len(listed) == 3
    wrong = robot.api("POST", f"/labels/questions/{first['id']}/answer", json={"family": "No Name"})
    assert (wrong.status_code, "is no name" in wrong.json()["detail"]) == (400, True)
    assert robot.api("GET", "/labels/questions", params={"status": "lost"}).status_code == 400


def test_a_program_reads_labels_and_takes_one_back(analyst: Browser, viewer: Browser) -> None:
    robot = analyst.token("analyst")
    rows = robot.api("GET", "/labels/given", params={"state": "holds", "limit": 2}).json()
    assert [row["state"] for row in rows] == ["holds", "holds"]
    assert viewer.token().api("POST", f"/labels/given/{rows[0]['id']}/withdraw", json={"why": "no"}).status_code == 403
    gone = robot.api("POST", f"/labels/given/{rows[0]['id']}/withdraw", json={"why": "looked again"}).json()
    assert [one["id"] for one in gone["withdrawn"]] == [rows[0]["id"]]
    one = robot.api("GET", f"/labels/given/{rows[0]['id']}").json()
    assert (one["state"], one["flow"], one["bundles"]) == ("withdrawn", rows[0]["flow"], {})
    assert one["by"] in {said["id"] for said in one["history"]}
    assert robot.api("GET", "/labels/given/00").status_code == 404
    assert gone["bundles"] == {}
    assert robot.api("POST", "/labels/given/00/withdraw", json={"why": "looked again"}).status_code == 404
    agreed = robot.api("GET", "/labels/agreement").json()
    assert (agreed["pairs"][0]["both"], len(agreed["apart"][0]["said"])) == (5, 2)
    curve = robot.api("GET", "/labels/curve").json()
    assert (curve["labelled"], curve["curve"]) == (15, None)
    assert robot.api("GET", "/labels/curve", params={"answer": 2}).status_code == 400
    assert robot.api("GET", "/labels/curve", params={"answer": 2, "point": 30}).status_code == 200
