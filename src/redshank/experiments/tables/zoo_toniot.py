"""All models on ToN_IoT when nothing leaks, ten families and benign or attack."""

from collections.abc import Mapping
from typing import Any, ClassVar

from redshank.experiments.zoo import OFTEN_NOTE, Zoo
from redshank.learn.network import MANY_ROWS


class ZooToniot(Zoo):
    """Every model on the distinct vectors of ToN_IoT's network table."""

    dataset: ClassVar[str] = "ton_iot"
    title: ClassVar[str] = "All models on ToN_IoT"
    what: ClassVar[str] = (
        "Every model on the same distinct vectors of ToN_IoT's network table: no addresses, ports, free text or copies."
    )
    asks: ClassVar[str] = "Which model is best on ToN_IoT when nothing leaks?"
    settings: ClassVar[Mapping[str, Any]] = MANY_ROWS
    notes: ClassVar[tuple[str, ...]] = (
        (
            f"Every network here has the same budget: {MANY_ROWS['epochs']} epochs in batches of "
            f"{MANY_ROWS['batch_size']}, one cycle of the learning rate, as `--preset many_rows` says."
        ),
        OFTEN_NOTE,
    )
    columns: ClassVar[tuple[str, ...]] = (
        "macro_f1",
        "accuracy",
        "recall of mitm",
        "roc_auc",
        "recall_at_0.01",
        "fpr_at_0.01",
        "fpr at recall 0.99",
        "ece",
    )
