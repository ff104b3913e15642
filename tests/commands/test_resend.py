import json
from contextlib import closing
from pathlib import Path

import pytest

from bundles import flows
from program import ended
from redshank.config import load
from redshank.running import Running
from redshank.store.database import Database
from redshank.store.outbox import DEAD, DELIVERED, Outbox
from runs import ATTACK
from sites import Place


def test_what_was_given_up_is_delivered_by_the_next_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    place.table(flows(ATTACK))
    settings = place.settings()
    with Running(load(settings)) as running:
        running.run()
    told = len(place.told())
    place.eve.unlink()
    with closing(Database(place.store)) as database:
        with database.writing() as sql:
            sql.exec_driver_sql("update outbox set state = 'dead', begun = true, tries = 9")
        assert ended(monkeypatch, "resend", "office", "-c", settings) == 2
        assert capsys.readouterr().err == (
            "redshank: sink: nothing was given up for 'office'; there is something for: eve\n"
        )
        for wanted in (("eve",), ()):
            assert ended(monkeypatch, "resend", *wanted, "-c", settings, "--json") == 0
            assert json.loads(capsys.readouterr().out)["alerts"] == ({"eve": told} if wanted else {})
        assert Outbox(database).counts()["eve", "waiting"] == told
    place.table(flows([]))
    with Running(load(settings)) as running:
        running.run()
    assert len(place.told()) == told
    with closing(Database(place.store)) as database:
        counts = Outbox(database).counts()
    assert (counts["eve", DELIVERED], counts.get(("eve", DEAD))) == (told, None)
