from pathlib import Path

from redshank.experiments.tables.telemetry import Telemetry


def example(place: Path) -> Telemetry:
    del place
    return Telemetry()
