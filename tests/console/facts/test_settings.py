import os
from dataclasses import replace

import pytest

from console.filled import Filled
from redshank.console.desk import Desk
from redshank.console.facts.settings import settings
from redshank.store.runs import Runs


@pytest.fixture
def desk(filled: Filled) -> Desk:
    return Desk(filled.settings, filled.database, filled.config, now_s=lambda: filled.now_s)


def test_settings_are_searched_and_what_was_chosen_stands_alone(desk: Desk) -> None:
    whole = settings(desk)
    assert {"[alerts]", "[sinks.eve]", "[console]"} <= {part.heading for part in whole.parts}
    chosen = [one.name for part in settings(desk, chosen=True).parts for one in part.chosen]
    assert {"models", "detectors", "assets", "path", "state"} <= set(chosen)
    assert "window_s" not in chosen
    found = settings(desk, ("WINDOW", "seconds"))
    assert [one.name for part in found.parts for one in part.chosen] == ["window_s"]
    assert whole.path == str(desk.config)


def test_a_file_that_changed_after_the_service_began_is_told(desk: Desk, filled: Filled) -> None:
    assert not settings(desk).stale  # nothing runs
    last = Runs(filled.database).latest()
    assert last is not None
    Runs(filled.database).tell(replace(last, state="judging", told_at_s=filled.now_s))
    os.utime(filled.config, (last.started_at_s + 60, last.started_at_s + 60))
    assert settings(desk).stale
    os.utime(filled.config, (last.started_at_s - 60, last.started_at_s - 60))
    assert not settings(desk).stale
    filled.config.unlink()
    assert settings(desk).changed_at_s is None
