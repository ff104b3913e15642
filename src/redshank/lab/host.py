"""One device's hands: every socket of the lab is made here, inside its namespace, checked and journaled.

In: what an actor wants to send. Out: streams and answers; a row in the journal for each flow started.
The one idea: a socket stays in the namespace it was made in, so one process can play all devices.
"""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass

from redshank.core.errors import ActionError
from redshank.core.schema import BENIGN
from redshank.lab import packets
from redshank.lab.arena import Arena
from redshank.lab.journal import Journal, Row

EPHEMERAL = range(32768, 61000)
PERIOD = 32768
CONNECT_S = 4.0
ANSWER_S = 1.0
BACKLOG = 128

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = Callable[[bytes], bytes | None]


@dataclass(frozen=True)
class Intent:
    """Why a flow is started: its family, and free text."""

    activity: str
    family: str = BENIGN


class Host:
    """One device of the lab.

    Args:
        name: Who it is.
        addresses: Its IPv4 address, then its IPv6 address if it has one.
        arena: Where it may send.
        journal: Where it notes what it starts.
        enter: Gives the context of its namespace.
        seed: Of its source ports and of everything its actors draw.
    """

    def __init__(
        self,
        name: str,
        addresses: tuple[str, ...],
        *,
        arena: Arena,
        journal: Journal,
        enter: Callable[[], AbstractContextManager[None]],
        seed: int,
    ) -> None:
        self.name = name
        self.addresses = addresses
        self.ip = addresses[0]
        self.arena = arena
        self.journal = journal
        self.rng = random.Random(f"{name} {seed}")  # noqa: S311  a reproducible lab, not a secret
        # Of any length on any kind of device: the size of a request must not tell a sensor from a person.
        self.agents = [f"agent/{self.rng.randrange(10 ** self.rng.randint(1, 40))}" for _ in range(3)]
        self._enter = enter
        self._port = self.rng.randrange(PERIOD)
        self._multiplier = self.rng.randrange(1, PERIOD, 4)
        self._increment = self.rng.randrange(1, PERIOD, 2)
        self._servers: list[asyncio.Server] = []
        self._answering: list[socket.socket] = []

    def has_ipv6(self) -> bool:
        """Tell whether this device speaks IPv6."""
        return len(self.addresses) > 1

    def port(self) -> int:
        """Return an ephemeral port; none comes again before all were used, so no two families share endpoints.

        Source: the full-period conditions of linear congruential generators, Knuth, TAOCP 2, section 3.2.1.2.
        """
        while True:
            self._port = (self._multiplier * self._port + self._increment) % PERIOD
            if self._port < len(EPHEMERAL):
                return EPHEMERAL[self._port]

    def make_socket(self, family: int, kind: int, proto: int = 0) -> socket.socket:
        """Make a socket in this device's namespace, non-blocking."""
        with self._enter():
            made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    def _bound(self, target: str, kind: int) -> socket.socket:
        version6 = ":" in target
        if version6 and not self.has_ipv6():
            raise ActionError(f"lab: {self.name} has no IPv6 address to reach '{target}' from")
        made = self.make_socket(socket.AF_INET6 if version6 else socket.AF_INET, kind)
        while True:
            try:
                made.bind((self.addresses[1] if version6 else self.ip, self.port()))
            except OSError as error:
                if error.errno != 98:  # EADDRINUSE: a server of this device sits there
                    made.close()
                    raise
            else:
                return made

    @asynccontextmanager
    async def connect(
        self, target: str, port: int, intent: Intent, *, timeout_s: float = CONNECT_S
    ) -> AsyncIterator[Streams]:
        """Open a TCP flow; closed at the end of the block.

        Raises:
            ActionError: If the target is outside the arena.
            OSError: If nobody listens, or nobody answers in `timeout_s`.
        """
        self.arena.check(target)
        made = self._bound(target, socket.SOCK_STREAM)
        name = made.getsockname()
        row = self.journal.begin("tcp", (name[0], name[1]), (target, port), intent.family, intent.activity)
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.get_running_loop().sock_connect(made, (target, port))
            reader, writer = await asyncio.open_connection(sock=made)
            try:
                yield reader, writer
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
        finally:
            made.close()
            self.journal.end(row)

    async def exchange(
        self, target: str, port: int, payloads: list[bytes], intent: Intent, *, timeout_s: float = ANSWER_S
    ) -> bytes | None:
        """Send datagrams of one UDP flow and return the last answer.

        Args:
            target: An address of the arena.
            port: UDP port.
            payloads: One datagram each; the next is sent when an answer to the one before came.
            intent: For the journal.
            timeout_s: How long to wait for each answer; 0 sends everything at once and waits for none.

        Raises:
            ActionError: If the target is outside the arena.
            ConnectionRefusedError: If the target says that nobody listens.
        """
        self.arena.check(target)
        made = self._bound(target, socket.SOCK_DGRAM)
        name = made.getsockname()
        made.connect((target, port))
        row = self.journal.begin("udp", (name[0], name[1]), (target, port), intent.family, intent.activity)
        answer = None
        try:
            for payload in payloads:
                made.send(payload)
                if timeout_s:
                    async with asyncio.timeout(timeout_s):
                        answer = await asyncio.get_running_loop().sock_recv(made, 4096)
        except TimeoutError:
            return None
        finally:
            made.close()
            self.journal.end(row)
        return answer

    async def ping(self, target: str, count: int, gap_s: float, intent: Intent) -> None:
        """Send ICMP echo requests; the answers are the kernel's business.

        Raises:
            ActionError: If the target is outside the arena.
        """
        self.arena.check(target)
        row = self.journal.begin("icmp", (self.ip, 8), (target, 0), intent.family, intent.activity)
        ident = self.rng.randrange(65536)
        payload = bytes(range(16, 16 + self.rng.choice((24, 32, 48, 56))))
        with self.make_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as made:
            for number in range(count):
                made.sendto(packets.echo(ident, number, payload), (target, 0))
                if number < count - 1:
                    await asyncio.sleep(gap_s)
        self.journal.end(row)

    def raw_ip(self) -> socket.socket:
        """Make a socket for whole IPv4 packets; to be used with `send_ip` only."""
        return self.make_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send_ip(self, made: socket.socket, packet: bytes) -> None:
        """Send a whole IPv4 packet.

        Raises:
            ActionError: If it goes outside the arena, or does not come from this device.
        """
        source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        if source != self.ip:
            raise ActionError(f"lab: {self.name} ({self.ip}) may not send as '{source}'")
        made.sendto(packet, (self.arena.check(target), 0))

    def send_arp(self, made: socket.socket, frame: bytes) -> None:
        """Send an ARP frame.

        Raises:
            ActionError: If an address in it is outside the arena.
        """
        for at in (28, 38):
            self.arena.check(socket.inet_ntoa(frame[at : at + 4]))
        made.send(frame)

    def raw_link(self, link: str = "eth0") -> socket.socket:
        """Make a socket for whole frames on this device's link; to be used with `send_arp` only."""
        made = self.make_socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        made.bind((link, 0))
        return made

    def note(self, proto: str, source: tuple[str, int], target: tuple[str, int], intent: Intent) -> Row:
        """Note a flow of hand-made packets, or one that the target's kernel sends because of them."""
        return self.journal.begin(proto, source, target, intent.family, intent.activity)

    async def serve(self, port: int, serve: Serve) -> None:
        """Serve TCP on all addresses of this device until `close`."""

        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # A peer that vanishes or talks nonsense is a lab's daily bread; the server goes on.
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
            writer.close()

        for address in self.addresses:
            made = self.make_socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, port))
            self._servers.append(await asyncio.start_server(guarded, sock=made, backlog=BACKLOG))

    async def answer(self, port: int, answer: Answer) -> None:
        """Answer datagrams on all addresses of this device until `close`."""
        for address in self.addresses:
            made = self.make_socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            made.bind((address, port))
            asyncio.get_running_loop().add_reader(made, self._answer_one, made, answer)
            self._answering.append(made)

    def _answer_one(self, made: socket.socket, answer: Answer) -> None:
        # Without a peer any more, or without room for the answer, it is lost, as datagrams are.
        with suppress(OSError):
            data, peer = made.recvfrom(4096)
            reply = answer(data)
            if reply is not None:
                self.arena.check(peer[0])
                made.sendto(reply, peer)

    def close(self) -> None:
        """Stop serving; inside the same event loop."""
        for server in self._servers:
            server.close()
        for made in self._answering:
            asyncio.get_running_loop().remove_reader(made)
            made.close()
        self._servers, self._answering = [], []


def reset_on_close(writer: asyncio.StreamWriter) -> None:
    """Let the flow end with a reset instead of a farewell, as many scanners do."""
    made = writer.get_extra_info("socket")
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
