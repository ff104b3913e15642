from records import alert
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.tables import ALERTS, EVIDENCE, LEDGER, METADATA, REVISIONS


def test_what_tables_take_is_part_of_what_is_kept_in_all(database: Database) -> None:
    Alerts(database).record([alert(id=f"{n:03}", reasons=("x" * 100,) * 20) for n in range(100)], [], 0.0)
    with database.reading() as sql:
        every, alerts = database.used_bytes(sql), database.used_bytes(sql, ALERTS, REVISIONS, EVIDENCE)
        others = database.used_bytes(sql, *set(METADATA.sorted_tables).difference((ALERTS, REVISIONS, EVIDENCE)))
        assert database.used_bytes(sql, LEDGER) <= 8_192
    assert alerts > 50_000
    # The rest of a file are pages of its own: its schema, and which pages are whose.
    assert alerts + others <= every <= alerts + others + (16 * 4_096 if database.is_file else 0)
