from redshank.core.errors import (
    ActionError,
    BundleError,
    ConfigError,
    DeliveryError,
    RedshankError,
    RefusedError,
    SourceError,
)


def test_wrong_usage_exits_with_two_and_failed_work_with_one() -> None:
    assert ConfigError("x").exit_code == 2
    assert {kind.exit_code for kind in (BundleError, SourceError, RefusedError, DeliveryError, ActionError)} == {1}


def test_every_error_of_ours_is_caught_by_the_root() -> None:
    assert all(
        issubclass(k, RedshankError) for k in (ConfigError, BundleError, SourceError, DeliveryError, ActionError)
    )


def test_a_config_error_carries_every_problem_one_a_line() -> None:
    error = ConfigError(["a: 1", "b: 2"])
    assert error.problems == ["a: 1", "b: 2"]
    assert str(error).splitlines() == error.problems
