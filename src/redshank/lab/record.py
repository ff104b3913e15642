"""Record a lab: a capture of every frame on the bridge, and the truth about every flow.

In: a seed and a length. Out: a folder with capture.pcap.gz, labels.csv.gz and recording.json, whole or not at all.
The one idea: the capture knows nothing of the labels and the labels nothing of the capture; they meet by address, port
and time.
"""

import asyncio
import gzip
import hashlib
import json
import logging
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import redshank
from redshank.core.errors import ActionError, ConfigError
from redshank.core.files import replacing, writable_folder
from redshank.lab import home, journal, plan
from redshank.lab.arena import choose
from redshank.lab.attack import ATTACKS, Episode
from redshank.lab.attacks import backdoor
from redshank.lab.clock import Clock, FastLoop, Sleeper
from redshank.lab.devices import broker
from redshank.lab.host import Host
from redshank.lab.network import CLOUD, GATEWAY, LAN_LINK, Network, need_root
from redshank.lab.retimed import Shift, retimed
from redshank.lab.scene import UPSTREAM, Cast, Scene, cast

CAPTURE, LABELS, ABOUT = "capture.pcap.gz", "labels.csv.gz", "recording.json"
SNAP_BYTES = 200
"""Headers and the beginning of the payload: enough for every field we read, and a fifth of the size."""
MIN_SECONDS, MAX_SECONDS, MAX_FAST_SECONDS = 10.0, 900.0, 86_400.0
START_S = 10.0
SETTLE_S = 0.7
FETCH_S = 1.5
"""tcpdump fetches what was captured once a second, by a clock that cannot be skipped."""
TICK_S, TICKS = 10.0, 90

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Args:
        folder: Where.
        about: The content of recording.json.
    """

    folder: Path
    about: dict[str, Any]


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a termination end the lab as Ctrl-C does, so that it is taken down; no-op outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make_scene(seed: int, who: Cast, network: Network, clock: Clock) -> Scene:
    """Give everybody a host in his namespace."""
    truth = journal.Journal(clock.now_s)
    addresses = network.addresses
    arena = addresses.arena()

    def host(name: str, place: str) -> Host:
        own = tuple(a for a in (addresses.v4[name], addresses.v6.get(name)) if a)
        return Host(name, own, arena=arena, journal=truth, enter=lambda: network.inside(place), seed=seed)

    hosts = {name: host(name, name) for name in who.lan} | {name: host(name, CLOUD) for name in UPSTREAM}

    def forward(name: str, on: bool) -> None:  # noqa: FBT001  the value of a switch
        network.set_kernel(name, "ipv4/conf/all/send_redirects", "0")
        network.set_kernel(name, "ipv4/conf/eth0/send_redirects", "0")
        network.set_kernel(name, "ipv4/ip_forward", "1" if on else "0")

    scene = Scene(who, hosts, truth)
    scene.neighbors, scene.forward = network.neighbors, forward
    scene.macs, scene.lan, scene.clock = addresses.macs, addresses.lan, clock.now_s
    return scene


@dataclass(frozen=True)
class Stage:
    """A lab that is built, and in which nobody lives yet.

    Args:
        seed: Of everything that happens there.
        cast: Who is there.
        network: The namespaces.
        scene: What every actor knows.
        broker: Process of the one program beside us that takes part.
    """

    seed: int
    cast: Cast
    network: Network
    scene: Scene
    broker: int


@contextmanager
def stage(seed: int, clock: Clock | None = None) -> Iterator[Stage]:
    """Build the lab of a seed, its broker included; it is taken down at the end of the block.

    Args:
        seed: Decides who is there.
        clock: What everybody looks at; the machine's if absent.

    Raises:
        ActionError: If not root, or a tool is missing.
    """
    need_root()
    who = cast(seed)
    addresses = choose(seed, who.lan, UPSTREAM, ipv6=who.ipv6)
    with (
        _stoppable(),
        tempfile.TemporaryDirectory(prefix="redshank-lab-") as place,
        Network(addresses, GATEWAY) as network,
    ):
        scene = make_scene(seed, who, network, clock or Clock())
        talks = broker.start(network, Path(place), scene.ports["mqtt"], {"device": scene.passwords["device"]})
        yield Stage(seed, who, network, scene, talks)


def _start_capture(network: Network, path: Path) -> "subprocess.Popen[bytes]":
    argv = ["tcpdump", "-i", LAN_LINK, "-s", str(SNAP_BYTES), "-n", "-U", "-B", "16384", "-Z", "root", "-w", str(path)]
    words = path.with_suffix(".log")
    with words.open("wb") as log:
        process = network.start(network.switch, argv, stdout=subprocess.DEVNULL, stderr=log)
    give_up = time.monotonic() + START_S
    while b"listening on" not in words.read_bytes():
        if process.poll() is not None or time.monotonic() > give_up:
            said = (words.read_text(errors="replace").strip().splitlines() or ["nothing"])[-1]
            raise ActionError(f"lab: tcpdump does not capture on the bridge; it said: {said}")
        time.sleep(0.02)
    return process


def _stop_capture(process: "subprocess.Popen[bytes]", path: Path) -> int:
    """Stop tcpdump and return how many frames it captured.

    Raises:
        ActionError: If it dropped frames: labels without their flows would be left.
    """
    process.send_signal(signal.SIGINT)
    process.wait(START_S)
    words = path.with_suffix(".log").read_text(errors="replace")
    captured = re.search(r"(\d+) packets? captured", words)
    dropped = re.search(r"(\d+) packets? dropped by kernel", words)
    if captured is None or dropped is None:
        raise ActionError(f"lab: tcpdump ended without its counts; it said: {words.strip()[-200:]}")
    if int(dropped[1]):
        raise ActionError(f"lab: tcpdump dropped {dropped[1]} frames; the machine is too busy, record again")
    return int(captured[1])


async def play(
    scene: Scene, episodes: Sequence[Episode], seconds: float, seed: int, tell: Callable[[str], None]
) -> dict[Episode, float]:
    """Let everybody live and the attackers attack for `seconds`, then stop all of them.

    Returns:
        When each attack began, s since the epoch; its first packet follows at once.
    """
    begun: dict[Episode, float] = {}

    async def attack(episode: Episode) -> None:
        await asyncio.sleep(episode.at_s)
        rng = random.Random(f"{seed} {episode}")  # noqa: S311  a reproducible lab, not a secret
        begun[episode] = scene.clock()
        await ATTACKS.find(episode.family)().run(episode, scene, rng)

    faults: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(_fault(context)))
    await home.open_services(scene)
    await scene.hosts["control"].serve(scene.ports["control"], backdoor.serve)
    begin = scene.clock()
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            group.create_task(home.live(scene))
            for episode in episodes:
                group.create_task(attack(episode))
            while True:
                tell(f"lab: {scene.clock() - begin:.0f} of {seconds:.0f} s, {len(scene.journal)} flows started")
                await asyncio.sleep(max(TICK_S, seconds / TICKS))
    except TimeoutError:
        await asyncio.sleep(SETTLE_S)
    except ExceptionGroup as group:
        raise ActionError(f"lab: an actor failed, nothing was recorded; the first: {_first(group)}") from group
    finally:
        for host in scene.hosts.values():
            host.close()
    if faults:
        raise ActionError(f"lab: {len(faults)} faults of its own, nothing was recorded; the first: {faults[0]}")
    return begun


def _first(group: ExceptionGroup[Exception]) -> str:
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _fault(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context['message']} ({type(error).__name__}: {error})"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(
    folder: Path, pcap: Path, shift: Shift | None, rows: list[journal.Row], about: dict[str, Any]
) -> dict[str, Any]:
    with replacing(folder) as part:
        part.mkdir()
        with (
            pcap.open("rb") as plain,
            (part / CAPTURE).open("wb") as file,
            # No name and no time of packing inside: the same capture gives the same bytes.
            gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=1 if shift else 9, mtime=0) as packed,
        ):
            if shift is None:
                shutil.copyfileobj(plain, packed)
            else:
                packed.writelines(retimed(pcap, shift))
        journal.write(rows, part / LABELS)
        about["sha256"] = {name: _digest(part / name) for name in (CAPTURE, LABELS)}
        (part / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return about


def record(
    seed: int,
    folder: Path,
    seconds: float,
    tell: Callable[[str], None] = _log.info,
    *,
    attacks: bool = True,
    fast: bool = False,
) -> Recording:
    """Build a lab, let it live, record it, take it down.

    Args:
        seed: Decides devices, addresses, timings and attacks.
        folder: Where the recording goes; an older recording there is replaced.
        seconds: How long it lives: 10 to 900, or to 86,400 if fast.
        tell: Takes progress, one line at a time.
        attacks: Whether anybody attacks; otherwise everything is benign.
        fast: Skip the pauses in which nothing happens (clock.py). Attacks wait for clocks of the kernel, so nobody may.

    Raises:
        ConfigError: If an argument is wrong.
        ActionError: If not root, a tool is missing or frames were dropped.
    """
    most = MAX_FAST_SECONDS if fast else MAX_SECONDS
    if not MIN_SECONDS <= seconds <= most:
        raise ConfigError(f"--seconds: {seconds:g} is not between {MIN_SECONDS:g} and {most:g}")
    if fast and attacks:
        raise ConfigError("--fast: attacks need real time; add --benign, or leave --fast out")
    if folder.is_dir() and any(file.name not in (CAPTURE, LABELS, ABOUT) for file in folder.iterdir()):
        raise ConfigError(f"--out: folder '{folder}' holds files that are no recording; name an empty or new folder")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out: '{folder}' is not a folder; name an empty or new folder")
    need_root()
    writable_folder(folder.parent, "--out")
    with tempfile.TemporaryDirectory(prefix="redshank-lab-") as place:
        pcap = Path(place, "capture.pcap")
        clock = Clock()
        with stage(seed, clock) as built, Sleeper(built.broker) as others:
            network, scene, who = built.network, built.scene, built.cast
            episodes = plan.episodes(seed, who, seconds) if attacks else []
            tell(f"lab: {len(who.lan)} devices on {network.addresses.lan}, {len(episodes)} attacks planned")
            capture = _start_capture(network, pcap)
            begin = time.monotonic()
            loop = (lambda: FastLoop(clock, others.asleep)) if fast else asyncio.new_event_loop
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(play(scene, episodes, seconds, seed, tell))
            took_s = time.monotonic() - begin
            if fast:
                time.sleep(FETCH_S)
            frames = _stop_capture(capture, pcap)
        rows = scene.journal.rows()
        about = {
            "seed": seed,
            "lab_version": redshank.__version__,
            "seconds": seconds,
            **({"took_s": round(took_s, 1)} if fast else {}),
            "snap_bytes": SNAP_BYTES,
            "frames": frames,
            "flows": len(rows),
            "families": journal.by_family(rows),
            "networks": [str(one) for one in scene.hosts["gateway"].arena.networks],
            "addresses": {name: list(host.addresses) for name, host in scene.hosts.items()},
            "attackers": list(who.attackers),
            "episodes": [vars(episode) for episode in episodes],
        }
        return Recording(folder, _write(folder, pcap, clock.shifted if fast else None, rows, about))
