import pytest

from redshank.core.errors import ConfigError
from redshank.learn.settings import check_settings, preset, read_settings


def test_values_take_the_type_of_the_default() -> None:
    found = read_settings("bilstm", ["epochs=3", "dropout=0", "units=64,32", "inputs=minmax", "learning_rate=1e-2"])
    assert found == {"epochs": 3, "dropout": 0.0, "units": (64, 32), "inputs": "minmax", "learning_rate": 0.01}
    assert isinstance(found["dropout"], float)
    assert read_settings("bilstm", ["units=[16]"]) == {"units": (16,)}
    assert read_settings("bilstm", ["units=16"]) == {"units": (16,)}
    assert read_settings("fnn", ["residual=false"]) == {"residual": False}


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("epochs", r"--set: 'epochs' is not key=value"),
        ("epochs=many", r"--set epochs: 'many' is not a whole number \(default 20\)"),
        ("epochs=1.5", r"--set epochs: '1.5' is not a whole number"),
        ("epochs=True", r"--set epochs: 'True' is not a whole number"),
        ("dropout=half", r"--set dropout: 'half' is not a number"),
        ("residual=1", r"--set residual: '1' is not true or false"),
        ("epoch=3", r"--set epoch: fnn has no such setting; did you mean 'epochs'\? \(there are: .*units"),
        ("seed=3", r"--set seed: the seed has an option of its own, --seed"),
        ("=3", r"--set : fnn has no such setting"),
    ],
)
def test_a_wrong_setting_is_one_line(pair: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_settings("fnn", [pair])
    assert len(caught.value.problems) == 1


def test_a_list_takes_numbers_only() -> None:
    with pytest.raises(ConfigError, match="--set units: 'wide' is not a list of numbers such as 64,32"):
        read_settings("bilstm", ["units=wide"])


def test_every_problem_is_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings("fnn", ["epochs=x", "what=1"])
    assert len(caught.value.problems) == 2


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ConfigError, match="no 'bilsm'; did you mean 'bilstm'"):
        read_settings("bilsm", [])


def test_settings_of_another_model_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"--set epochs: constant has no such setting; \(there are: imbalance\)"):
        check_settings("constant", {"epochs": 1})
    check_settings("fnn", {"epochs": 1})


def test_a_preset_that_a_model_does_not_have_is_named() -> None:
    with pytest.raises(
        ConfigError, match=r"--preset: bilstm has no 'papr'; did you mean 'paper'\? \(there are: paper, many_rows\)"
    ):
        preset("bilstm", "papr")
    with pytest.raises(ConfigError, match=r"--preset: constant has no 'paper'; \(there are: none\)"):
        preset("constant", "paper")
