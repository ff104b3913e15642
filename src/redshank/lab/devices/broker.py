"""The MQTT broker: Debian's mosquitto with a configuration of ours.

In: a network and the users' passwords. Out: a broker that listens on its device's addresses and knows those users only.
"""

import subprocess
import time
from pathlib import Path

from redshank.core.errors import ActionError
from redshank.lab.network import Network

START_S = 8.0


def configuration(folder: Path, port: int, addresses: tuple[str, ...]) -> str:
    """Return mosquitto's configuration: passwords demanded, nothing stored, nothing logged.

    Example:
        >>> "allow_anonymous false" in configuration(Path("/x"), 1883, ("10.0.0.1",))
        True
    """
    listeners = [f"listener {port} {address}" for address in addresses]
    return "\n".join(
        [
            "per_listener_settings false",
            *listeners,
            "allow_anonymous false",
            f"password_file {folder / 'passwords'}",
            "persistence false",
            # Root inside a namespace without a way out; any other user could not read our folder.
            "user root",
            "log_type error",
            "",
        ]
    )


def _listens(port: int, where: Network) -> bool:
    with where.inside("broker"):
        lines = Path("/proc/thread-self/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in lines)


def start(network: Network, folder: Path, port: int, passwords: dict[str, str]) -> int:
    """Start the broker, wait until it listens, and return its process.

    Args:
        network: The lab.
        folder: For its configuration; must live as long as the lab.
        port: TCP port.
        passwords: By user.

    Raises:
        ActionError: If it does not come up; its own words are in the message.
    """
    (folder / "passwords").touch(mode=0o600)
    for user, password in passwords.items():
        argv = ["mosquitto_passwd", "-b", str(folder / "passwords"), user, password]
        subprocess.run(argv, check=True, capture_output=True)  # noqa: S603  fixed program, arguments of the lab
    addresses = tuple(a for a in (network.addresses.v4["broker"], network.addresses.v6.get("broker")) if a)
    (folder / "mosquitto.conf").write_text(configuration(folder, port, addresses), encoding="ascii")
    words = folder / "mosquitto.log"
    with words.open("wb") as log:
        process = network.start("broker", ["mosquitto", "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
    give_up = time.monotonic() + START_S
    while not _listens(port, network):
        if process.poll() is not None or time.monotonic() > give_up:
            said = "; ".join(words.read_text(errors="replace").splitlines()) or "nothing"
            raise ActionError(f"lab: mosquitto does not listen on port {port}; it said: {said}")
        time.sleep(0.05)
    return process.pid
