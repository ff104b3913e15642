"""What a device is worth to its owner.

In: addresses and networks with a value each, as a person set them. Out: the value of any address. The one idea: the
longest prefix decides, so that one device of a network can be worth more, or less, than the others.
"""

from collections.abc import Mapping

from redshank.core.errors import ConfigError
from redshank.core.prefix import bits, first, network

VALUES = ("low", "normal", "high", "critical")
NORMAL = VALUES.index("normal")


class Assets:
    """The values of some addresses; all others are normal.

    Args:
        values: By address or network, one of VALUES.

    Raises:
        ConfigError: With every address and value that is none.

    Example:
        >>> assets = Assets({"10.0.0.0/24": "low", "10.0.0.2": "critical"})
        >>> [VALUES[assets.value(address)] for address in ("10.0.0.2", "10.0.0.3", "10.0.1.2")]
        ['critical', 'low', 'normal']
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values: dict[int, dict[int, int]] = {}
        problems: list[str] = []
        for address, value in values.items():
            if value not in VALUES:
                problems.append(f"alerts.assets: {address}: {value!r} is no value; allowed are {', '.join(VALUES)}")
                continue
            try:
                start, length = network(address)
            except ValueError:
                problems.append(
                    f"alerts.assets: {address!r} is no IP address or network; write 10.0.0.9 or 10.0.0.0/24"
                )
                continue
            self._values.setdefault(length, {})[start] = VALUES.index(value)
        if problems:
            raise ConfigError(problems)
        self._lengths = sorted(self._values, reverse=True)

    def value(self, address: str) -> int:
        """Return the place in VALUES of an address."""
        number = bits(address) if self._lengths else None
        if number is not None:
            for length in self._lengths:
                found = self._values[length].get(first(number, length))
                if found is not None:
                    return found
        return NORMAL
