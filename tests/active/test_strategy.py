import numpy as np
import pytest

from redshank.active.strategy import STRATEGIES, Pool
from redshank.core.errors import ConfigError


def test_a_pool_knows_its_size() -> None:
    assert len(Pool(np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32))) == 3


def test_an_unknown_strategy_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="no 'least_confidnce'; did you mean 'least_confidence'"):
        STRATEGIES.find("least_confidnce")
