"""All models on the largest genuine part of BoT-IoT that is at hand, families and benign or attack."""

from typing import ClassVar

from redshank.experiments.experiment import Results
from redshank.experiments.wording import ranked, told
from redshank.experiments.zoo import BINARY, BUDGET_NOTE, OFTEN_NOTE, Zoo


class ZooBotiot(Zoo):
    """Every model on BoT-IoT's distinct vectors."""

    dataset: ClassVar[str] = "bot_iot/mat"
    best_by: ClassVar[tuple[str, str]] = ("balanced_accuracy", "balanced_accuracy")
    title: ClassVar[str] = "All models on BoT-IoT"
    what: ClassVar[str] = (
        "Every model on the distinct vectors of a genuine sample of BoT-IoT, whose benign rows can be counted on two "
        "hands."
    )
    asks: ClassVar[str] = "Which model finds the few benign rows of BoT-IoT?"
    columns: ClassVar[tuple[str, ...]] = ("balanced_accuracy", "macro_f1", "mcc", "accuracy", "recall", "fpr")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        OFTEN_NOTE,
        (
            "More than 99.9 % of BoT-IoT's rows are attacks, so accuracy says nothing and no threshold for false "
            "alarms can be set or tested: balanced accuracy and macro-F1 are what there is to read, with wide "
            "intervals."
        ),
    )

    def worth(self, results: Results) -> list[str]:
        """See `Experiment.worth`."""
        constant = results.figure("accuracy", table=BINARY, row="constant")
        order = ranked(results, "balanced_accuracy", BINARY)
        if constant.mean is None or not order:
            return []
        row, figure = order[0]
        return [
            (
                f"On distinct vectors of BoT-IoT answering “attack” to everything has an accuracy of {told(constant)}: "
                f"an accuracy says nothing there, and the best balanced accuracy is {told(figure)}, of {row}."
            )
        ]
