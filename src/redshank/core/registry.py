"""Find the implementations of a contract by the files in a folder.

In: the folder's package name and the contract class. Out: names without importing anything; one class on demand.
The file name is the configured name; a file holds exactly one public class that implements the contract. There is no
list to edit anywhere.
"""

import difflib
import importlib
import importlib.util
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from redshank.core.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of extension: a folder of files, each with one class that implements `contract`.

    Args:
        folder: Dotted package name, for example "redshank.alerts.sinks".
        contract: The class that every implementation derives from.
        word: What a person calls one of these, for messages.

    Example:
        >>> from redshank.active.strategy import STRATEGIES
        >>> STRATEGIES.names()[:2]
        ['anomalous', 'badge']
    """

    folder: str
    contract: type[T]
    word: str

    def path(self) -> Path:
        """Return the folder on disk."""
        spec = importlib.util.find_spec(self.folder)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(self.folder)
        return Path(next(iter(spec.submodule_search_locations)))

    def names(self) -> list[str]:
        """List the implementations by name, without importing them."""
        return sorted(file.stem for file in self.path().glob("[a-z]*.py"))

    def find(self, name: str, where: str = "") -> type[T]:
        """Import and return the implementation called `name`.

        Args:
            name: Its name.
            where: The setting or option that names it, for the message; what a person calls one of these if empty.

        Raises:
            ConfigError: If there is none; near names are suggested and all are listed.
        """
        names = self.names()
        if name not in names:
            raise ConfigError(f"{where or self.word}: no '{name}'; {alternatives(name, names)}")
        module = importlib.import_module(f"{self.folder}.{name}")
        found = [
            member
            for member in vars(module).values()
            if inspect.isclass(member)
            and issubclass(member, self.contract)
            and member.__module__ == module.__name__
            and not member.__name__.startswith("_")
        ]
        if len(found) != 1:
            raise TypeError(f"{module.__name__} must hold exactly one {self.contract.__name__}, it holds {len(found)}")
        return found[0]


def alternatives(given: str, allowed: Iterable[str]) -> str:
    """Say what can be chosen in place of a name that is not there: a near one, if any, and all.

    Example:
        >>> alternatives("cvs", ["csv", "parquet"])
        "did you mean 'csv'? (there are: csv, parquet)"
    """
    names = list(allowed)
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}(there are: {', '.join(names) or 'none'})"
