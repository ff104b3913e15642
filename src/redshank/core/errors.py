"""The few error classes that cross a stage boundary.

    RedshankError
    ├── ConfigError       settings or usage are wrong; raised before the first packet; carries every problem found
    ├── BundleError       a bundle does not fit (features, version, checksum)
    ├── SourceError       a source cannot start, or stopped
    │   └── RefusedError    we have no right to it, and get none by waiting
    ├── DeliveryError     a sink gave up          (the pipeline records it and goes on)
    └── ActionError       a command or backend could not do its work
        └── StoreError    the store cannot be read or written now
            ├── StoreBusyError      another program has it for itself
            └── StoreChangedError   its tables became those of another version

One line each: where, what was given, what is allowed, what to do. Inside a module built-in exceptions serve; these
are for what a person reads. `exit_code` is what a command ends with: 2 for wrong usage, 1 for work that failed.
"""

from collections.abc import Iterable


class RedshankError(Exception):
    """The root: everything Redshank reports to a person in one line."""

    exit_code = 1


class ConfigError(RedshankError):
    """Settings or arguments are wrong; every problem found is in `problems`.

    Args:
        problems: One line each: where, what was given, what is allowed, what to do.

    Example:
        >>> str(ConfigError(["model: no 'bilsm'; did you mean 'bilstm'?"]))
        "model: no 'bilsm'; did you mean 'bilstm'?"
    """

    exit_code = 2

    def __init__(self, problems: Iterable[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class BundleError(RedshankError):
    """A model bundle is damaged, or was made for other features than those that run."""


class SourceError(RedshankError):
    """A source of packets, flows or labelled rows cannot start, or is not what it says."""


class RefusedError(SourceError):
    """A source cannot start because this process has no right to it, and gets none by waiting."""


class DeliveryError(RedshankError):
    """A sink gave up on an alert.

    Args:
        problem: What went wrong.
        in_doubt: Whether the alert may have arrived all the same: the peer was given it, and did not say.
    """

    def __init__(self, problem: str, *, in_doubt: bool = False) -> None:
        self.in_doubt = in_doubt
        super().__init__(problem)


class ActionError(RedshankError):
    """A command or backend could not do its work."""


class StoreError(ActionError):
    """The store cannot be read or written now: it is locked, the disk is full, or its server is away."""


class StoreBusyError(StoreError):
    """Another program has the store for itself, for longer than one waits."""


class StoreChangedError(StoreError):
    """The tables of the store are of another version by now, or another store is in its place."""
