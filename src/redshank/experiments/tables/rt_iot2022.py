"""All models on RT-IoT2022 once its copies are gone."""

from typing import ClassVar

from redshank.experiments.zoo import Zoo


class RtIot2022(Zoo):
    """Every model on RT-IoT2022's distinct vectors."""

    dataset: ClassVar[str] = "rt_iot2022"
    title: ClassVar[str] = "All models on RT-IoT2022"
    what: ClassVar[str] = (
        "Every model on the distinct vectors of RT-IoT2022 without index and ports: most of its rows are one SYN flood."
    )
