"""All models on RT-IoT2022 once its copies are gone."""

from collections.abc import Mapping
from typing import Any, ClassVar

from redshank.experiments.zoo import BUDGET, OFTEN_NOTE, Zoo, budget_note, lasting

EPOCHS = 3 * BUDGET["epochs"]
"""There is a third of the rows of other tables: as many steps take more epochs."""


class RtIot2022(Zoo):
    """Every model on RT-IoT2022's distinct vectors."""

    dataset: ClassVar[str] = "rt_iot2022"
    settings: ClassVar[Mapping[str, Any]] = lasting(EPOCHS)
    notes: ClassVar[tuple[str, ...]] = (
        budget_note(EPOCHS),
        OFTEN_NOTE,
    )
    title: ClassVar[str] = "All models on RT-IoT2022"
    what: ClassVar[str] = (
        "Every model on the distinct vectors of RT-IoT2022 without index and ports: most of its rows are one SYN flood."
    )
    asks: ClassVar[str] = "Which model is best on RT-IoT2022 without its copies?"
