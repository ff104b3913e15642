"""Gradient-boosted trees, the row that every table of results carries.

In: raw values; trees need no scaling. Out: class probabilities.
The one idea: what a deep model cannot beat here, it need not be built for.
Source: Ke et al., "LightGBM", NeurIPS 2017. We differ: a step per leaf is bounded and a leaf needs some hessian, since
rare classes otherwise send single leaves to infinity and the loss up again after some dozen rounds. A tree sees half
of the columns: ours say much the same in several ways (bytes, packets, their ratios), and trees that may not all cut at
the same one err less (`docs/decisions/0020-recipe-for-flow-rows.md`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Self

import lightgbm
import numpy as np
from sklearn.utils.validation import check_is_fitted

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Epoch, Floats, Model
from redshank.learn.trees import graph, known

if TYPE_CHECKING:
    import optuna


class Lightgbm(Model):
    """Boosted trees on raw values; category codes are taken in the order of the vocabulary.

    Args:
        rounds: Most boosting rounds, 0 or more.
        patience: Rounds without a lower validation loss before training stops; the best round is kept.
        learning_rate: Shrinkage of each tree.
        leaves: Most leaves per tree, 2 or more.
        leaf_rows: Fewest training rows in a leaf.
        share: Share of the columns that a tree may use, above 0, at most 1.
        leaf_hessian: Least sum of second derivatives in a leaf, above 0.
        penalty: L2 penalty on leaf values.
        step: Largest leaf value before shrinkage.
        seed: Of LightGBM.
    """

    rounds: int = 200
    patience: int = 10
    learning_rate: float = 0.05
    leaves: int = 63
    leaf_rows: int = 20
    share: float = 0.5
    leaf_hessian: float = 1.0
    penalty: float = 1.0
    step: float = 1.0
    seed: int = 0
    booster_: lightgbm.Booster | None = field(init=False)

    @classmethod
    def space(cls, trial: "optuna.Trial") -> dict[str, Any]:
        """Suggest the size of trees and steps; rounds are found by early stopping."""
        return {
            "rounds": 1000,
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "leaves": trial.suggest_int("leaves", 15, 255, log=True),
            "leaf_rows": trial.suggest_int("leaf_rows", 2, 100, log=True),
            "leaf_hessian": trial.suggest_float("leaf_hessian", 0.01, 10, log=True),
            "penalty": trial.suggest_float("penalty", 0.01, 10, log=True),
            "step": trial.suggest_float("step", 0.3, 3, log=True),
        }

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,
        steps: int = 1,
    ) -> Self:
        """Boost, see `Model.fit`; a warm start adds rounds to those there are.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: If a warm start does not fit the trees there are.
        """
        self._check()
        columns = tuple(columns) * steps
        before = None
        if warm_start and hasattr(self, "booster_"):
            if (columns, n_classes) != (self.columns_, len(self.classes_)):
                raise ValueError(
                    f"warm start: given {len(columns)} columns and {n_classes} classes, the trees were grown "
                    f"on {len(self.columns_)} columns and {len(self.classes_)} classes; start anew"
                )
            before = self.booster_
        curve: list[Epoch] = []
        booster = before
        if self.rounds:
            data = lightgbm.Dataset(known(x, columns), y, weight=weight, params={"verbosity": -1})
            sets, callbacks = [data], [self._record(curve)]
            if validation is not None:
                sets.append(data.create_valid(known(validation[0], columns), validation[1]))
                callbacks.append(lightgbm.early_stopping(self.patience, first_metric_only=True, verbose=False))
            booster = lightgbm.train(
                self._parameters(n_classes),
                data,
                self.rounds,
                sets,
                ["training", "validation"][: len(sets)],
                init_model=before,
                callbacks=callbacks,
            )
            best = booster.best_iteration if validation is not None else -1
            booster = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=best))
        self.booster_ = booster
        self.columns_ = columns
        self.classes_ = np.arange(n_classes)
        self.curve_ = curve
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities; equal ones before the first round."""
        check_is_fitted(self, "booster_")
        k = len(self.classes_)
        if self.booster_ is None:
            return np.full((len(x), k), 1 / k, dtype=np.float32)
        p = np.asarray(self.booster_.predict(known(x, self.columns_)), dtype=np.float32)
        return np.stack([1 - p, p], axis=1) if k == 2 else p

    def to_onnx(self) -> bytes:
        """Return the graph: unknown codes, trees, softmax or sigmoid."""
        check_is_fitted(self, "booster_")
        trees = [] if self.booster_ is None else self.booster_.dump_model()["tree_info"]
        return graph(trees, self.columns_, len(self.classes_))

    def _check(self) -> None:
        least = {"rounds": 0, "patience": 1, "leaves": 2}
        problems = [f"{n}: {getattr(self, n)} is not {m} or more" for n, m in least.items() if getattr(self, n) < m]
        # Without hessian LightGBM estimates the rows of a leaf from next to nothing, and can fail on an empty one.
        above = ("learning_rate", "leaf_hessian", "share")
        problems += [f"{n}: {getattr(self, n)} is not above 0" for n in above if getattr(self, n) <= 0]
        problems += [f"share: {self.share} is not at most 1"] * (self.share > 1)
        if problems:
            raise ConfigError(problems)

    def _parameters(self, n_classes: int) -> dict[str, Any]:
        task: dict[str, Any] = {"objective": "binary", "metric": ["binary_logloss", "binary_error"]}
        if n_classes > 2:
            task = {"objective": "multiclass", "num_class": n_classes, "metric": ["multi_logloss", "multi_error"]}
        return {
            **task,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.leaf_rows,
            "feature_fraction": self.share,
            "min_sum_hessian_in_leaf": self.leaf_hessian,
            "lambda_l2": self.penalty,
            "max_delta_step": self.step,
            "seed": self.seed,
            "deterministic": True,
            "force_col_wise": True,
            "feature_pre_filter": False,
            "verbosity": -1,
        }

    def _record(self, curve: list[Epoch]) -> Callable[[Any], None]:
        def record(env: Any) -> None:  # noqa: ANN401  LightGBM's tuple has no public type
            value = {(part, name.split("_")[1]): float(value) for part, name, value, _ in env.evaluation_result_list}
            losses = [value.get((part, "logloss"), math.nan) for part in ("training", "validation")]
            right = [1 - value.get((part, "error"), math.nan) for part in ("training", "validation")]
            curve.append(Epoch(env.iteration + 1, losses[0], right[0], losses[1], right[1]))
            if self.on_epoch is not None:
                self.on_epoch(curve[-1])

        return record
