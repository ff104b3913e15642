from pathlib import Path

from redshank.config import Settings
from redshank.console.desk import Desk
from redshank.store.audit import Entry


def test_a_desk_has_the_parts_of_the_store(desk: Desk) -> None:
    desk.audit.write(1.0, "ana", "looked", "a1")
    assert desk.audit.entries(1) == [Entry(4, 1.0, "ana", "looked", "a1", {})]
    assert (desk.alerts.count(), desk.queue.questions(), desk.inventory.devices(), desk.allowances.standing(1.0)) == (
        *(0, [], []),
        [],
    )
    assert desk.ledger().entries() == []


def test_there_is_a_shelf_if_the_settings_name_one(desk: Desk, tmp_path: Path) -> None:
    assert desk.shelf is None
    detect = Settings().detect.model_copy(update={"models": tmp_path / "models"})
    named = Desk(Settings().model_copy(update={"detect": detect}), desk.database)
    assert named.shelf
    assert named.shelf.names() == []


def test_who_is_protected_is_asked_anew_each_time(desk: Desk) -> None:
    assert desk.protected().addresses
