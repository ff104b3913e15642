"""All models on ToN_IoT when nothing leaks, ten families and benign or attack."""

from typing import ClassVar

from redshank.experiments.zoo import Zoo


class ZooToniot(Zoo):
    """Every model on the distinct vectors of ToN_IoT's network table."""

    dataset: ClassVar[str] = "ton_iot"
    title: ClassVar[str] = "All models on ToN_IoT"
    what: ClassVar[str] = (
        "Every model on the same distinct vectors of ToN_IoT's network table: no addresses, ports, free text or copies."
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
