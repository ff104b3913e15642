import subprocess
import sys

import pytest

from redshank.core.errors import ConfigError
from redshank.learn.model import MODELS, Model


@pytest.mark.parametrize("name", MODELS.names())
def test_each_file_of_the_folder_holds_one_model_with_a_seed(name: str) -> None:
    found = MODELS.find(name)
    assert issubclass(found, Model)
    assert found().get_params()["seed"] == 0


def test_models_are_listed_without_importing_torch() -> None:
    code = "import sys; from redshank.learn.model import MODELS; print(MODELS.names(), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == f"{MODELS.names()} False"


def test_a_name_mistyped_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="model: no 'bilsm'; did you mean 'bilstm'"):
        MODELS.find("bilsm")
