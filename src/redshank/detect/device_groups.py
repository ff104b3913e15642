"""Which group of devices an address is in, as a person named their networks.

In: networks, each with the name of a group. Out: the group of any address. The one idea: the narrowest network counts,
and who is in none, or has no IP address, is in "all", so that every flow has a group.
"""

import ipaddress
from collections.abc import Mapping

EVERYONE = "all"
MOST = 64
"""Groups that are told apart; each is a label of metrics."""
KNOWN_ADDRESSES = 8192


class DeviceGroups:
    """The groups of a site; several threads may ask.

    Args:
        networks: Networks, in the notation of CIDR, and the group that their devices are in.

    Attributes:
        names: Of all groups, "all" first.

    Raises:
        ValueError: If a network is none, or there are more than MOST groups.

    Example:
        >>> groups = DeviceGroups({"10.0.0.0/8": "plant", "10.0.0.0/24": "cameras"})
        >>> [groups.of(address) for address in ("10.0.0.7", "10.1.0.7", "192.0.2.1", None)]
        ['cameras', 'plant', 'all', 'all']
    """

    def __init__(self, networks: Mapping[str, str] | None = None) -> None:
        given = [(ipaddress.ip_network(network), name) for network, name in (networks or {}).items()]
        self._networks = sorted(given, key=lambda item: -item[0].prefixlen)
        self.names = tuple(dict.fromkeys((EVERYONE, *(name for _, name in given))))
        if len(self.names) > MOST:
            raise ValueError(f"{len(self.names)} groups with '{EVERYONE}', {MOST} are told apart at most")
        self._known: dict[str, str] = {}

    def of(self, device: str | None) -> str:
        """Return the group of an address."""
        if not self._networks or not device:
            return EVERYONE
        found = self._known.get(device)
        if found is None:  # read once: another thread may forget them all meanwhile
            try:
                address = ipaddress.ip_address(device)
            except ValueError:
                return EVERYONE
            found = next((name for network, name in self._networks if address in network), EVERYONE)
            if len(self._known) >= KNOWN_ADDRESSES:
                self._known.clear()
            self._known[device] = found
        return found
