from pathlib import Path

from redshank.experiments.tables.rt_iot2022 import RtIot2022


def example(place: Path) -> RtIot2022:
    del place
    return RtIot2022()
