import subprocess
import sys
from dataclasses import field

import pytest
from sklearn.base import clone

from redshank.core.errors import ConfigError
from redshank.learn.model import MODELS, Model
from redshank.learn.models.constant import Constant


@pytest.mark.parametrize("name", MODELS.names())
def test_each_file_of_the_folder_holds_one_model_with_a_seed(name: str) -> None:
    found = MODELS.find(name)
    assert issubclass(found, Model)
    assert found().get_params()["seed"] == 0


def test_models_are_listed_judged_and_asked_without_importing_torch() -> None:
    code = (
        "import sys; import redshank.active.ask, redshank.active.contest, redshank.active.retrain\n"
        "from redshank.learn.model import MODELS; print(MODELS.names(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == f"{MODELS.names()} False"


def test_a_name_mistyped_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="model: no 'bilsm'; did you mean 'bilstm'"):
        MODELS.find("bilsm")


class Child(Constant):
    """Its own setting beside those of its parent."""

    depth: int = 2
    found_: int = field(init=False)


def test_the_fields_of_a_model_are_its_constructor() -> None:
    child = Child(seed=3)
    assert child.get_params() == {"depth": 2, "seed": 3}
    assert clone(child.set_params(depth=5)).get_params() == {"depth": 5, "seed": 3}
    assert not hasattr(child, "found_")
    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        Child(width=1)
