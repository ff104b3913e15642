from console.filled import CHALLENGER, CHAMPION, Filled
from redshank.console.desk import Desk
from redshank.console.facts.agreement import agreement
from redshank.console.facts.models import models
from redshank.detect.agreed import Agreed
from redshank.store.runs import Health, Runs


def test_only_the_pair_that_judges_now_is_told_of(filled: Filled, filled_desk: Desk) -> None:
    assert agreement(filled_desk, models(filled_desk)) is None
    filled.shelf.set_shadow(CHALLENGER)
    assert agreement(filled_desk, models(filled_desk)) is None
    ours, its = (filled.shelf.load(name).manifest.sha256 for name in (CHAMPION, CHALLENGER))
    told = (Agreed(CHAMPION, CHALLENGER, ours, its, 9), Agreed(CHAMPION, "third", ours, "cc", 5))
    Runs(filled.database).tell(Health("f1", 1.0, 2.0, agreed=told))
    assert agreement(filled_desk, models(filled_desk)) == told[0]
