"""How far the shadow agrees with the champion, as the running service counted it."""

from redshank.console.desk import Desk
from redshank.console.facts.models import Models
from redshank.detect.agreed import Agreed
from redshank.store.runs import Runs


def agreement(desk: Desk, models: Models) -> Agreed | None:
    """Return it, over all runs that are kept; None if there is no shadow, or no run has judged with both yet."""
    champion, shadow = models.champion, models.shadow
    if champion is None or shadow is None:
        return None
    return Runs(desk.database).agreed(champion.manifest.sha256, shadow.manifest.sha256)
