import json
from contextlib import closing
from pathlib import Path

from records import alert
from redshank.alerts.dead_letters import LetterFile
from redshank.core.metrics import Metrics
from redshank.pipeline.orphans import AGE_S, bury_orphans
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.outbox import DEAD, WAITING, Outbox

NOW_S = 1_700_000_000.0


def test_rows_of_a_sink_that_is_gone_wait_a_day_and_become_dead_letters(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "redshank.db", create=True)) as database:
        many = [alert(id=f"{n:02}") for n in range(20)]
        Alerts(database).record(many, ["bell", "eve"], NOW_S)
        Alerts(database).record([alert(id="late")], ["bell"], NOW_S + 100)
        outbox, dead = Outbox(database), LetterFile(tmp_path / "dead.jsonl", Metrics())
        assert bury_orphans(outbox, ["eve"], dead, NOW_S + AGE_S - 1) == 0
        assert not (tmp_path / "dead.jsonl").exists()
        assert bury_orphans(outbox, ["eve"], dead, NOW_S + AGE_S) == 20
        assert outbox.counts() == {("bell", DEAD): 20, ("bell", WAITING): 1, ("eve", WAITING): 20}
        assert bury_orphans(outbox, ["eve", "bell"], dead, NOW_S + 9 * AGE_S) == 0, "it is back"
    letters = [json.loads(line) for line in (tmp_path / "dead.jsonl").read_text().splitlines()]
    assert {letter["error"] for letter in letters} == {"sink bell is not in the settings"}
    assert sorted(letter["alert"]["id"] for letter in letters) == [one.id for one in many]
