"""Peers of sinks, on loopback: each writes what it gets under a folder, before it says that it took it.

`stopped` ends them all; tests of sinks do so after each test.
"""

import contextlib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

_STARTED: list[Callable[[], None]] = []


def stopped() -> None:
    """End every peer that was begun."""
    while _STARTED:
        _STARTED.pop()()


Talk = Callable[["Peer", socket.socket], None]


@dataclass
class Peer:
    """Takes links one at a time and hands them to `talk`.

    Args:
        place: Folder for what arrives.
        talk: Speaks the protocol on a link, and says what came.
        port: Where; the system gives one if 0.
        context: TLS, if wanted.
    """

    place: Path
    talk: Talk
    port: int = 0
    context: ssl.SSLContext | None = None
    links: int = 0
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        self._link: socket.socket | None = None
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        _STARTED.append(self.stop)

    def keep(self, text: str) -> None:
        """Write what arrived."""
        with (self.place / "arrived").open("a") as file:
            file.write(text)

    def stop(self) -> None:
        """Take no more links, and end the one there is."""
        self.over.set()
        for one in (self._door, self._link):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one or self._door, socket.SHUT_RDWR)
        self._thread.join(5)
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._door.accept()
            except OSError:
                return
            self.links += 1
            with raw as link:
                self._link = link
                with contextlib.suppress(OSError, EOFError):
                    if self.context:
                        with self.context.wrap_socket(link, server_side=True) as secured:
                            self._link = secured
                            self.talk(self, secured)
                    else:
                        self.talk(self, link)


def silent(peer: Peer, link: socket.socket) -> None:
    """Read, and say nothing."""
    while link.recv(4_096):
        continue
    peer.over.wait()


def deaf(peer: Peer, link: socket.socket) -> None:
    """Do not even read, nor close, until the peer is stopped."""
    del link
    peer.over.wait()


def dripping(peer: Peer, link: socket.socket) -> None:
    """Send a byte now and then, so that a timeout that begins anew with each never comes."""
    for byte in chain(b"220-", repeat(ord("x"))):
        link.sendall(bytes([byte]))
        if peer.over.wait(0.05):
            break


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"nothing came of it in {seconds} seconds"
        time.sleep(0.005)


def syslog(peer: Peer, link: socket.socket) -> None:
    """Take messages that are counted, until the other side ends the link."""
    with link.makefile("rb") as stream:
        while head := _until_blank(stream.read):
            message = stream.read(int(head)).decode()
            peer.heard.append(message)
            peer.keep(message + "\n")


def _until_blank(read: Callable[[int], bytes]) -> bytes:
    head = b""
    while (byte := read(1)) not in {b"", b" "}:
        head += byte
    return head


def web(status: int = 200) -> Talk:
    """Take a request; keep its body, hear its head."""

    def talk(peer: Peer, link: socket.socket) -> None:
        with link.makefile("rb") as stream:
            head = b"".join(iter(stream.readline, b"\r\n")).decode()
            length = next(int(line[16:]) for line in head.splitlines() if line.lower().startswith("content-length: "))
            body = stream.read(length).decode()
        peer.heard += [head, body]
        if status < 300:
            peer.keep(body + "\n")
        link.sendall(
            f"HTTP/1.1 {status} Answer\r\nLocation: /elsewhere\r\nContent-Length: 9999\r\n\r\nnot all".encode()
        )

    return talk


def mail(*, secured: ssl.SSLContext | None = None, refuses: tuple[str, ...] = (), login: str = "") -> Talk:
    """Take messages; with STARTTLS if there is a context for it."""

    def talk(peer: Peer, link: socket.socket) -> None:
        ends = contextlib.ExitStack()
        stream = ends.enter_context(link.makefile("rwb"))

        def say(*lines: str) -> None:
            stream.write("".join(f"{line}\r\n" for line in lines).encode())
            stream.flush()

        with ends:
            say("220 peer")
            while line := stream.readline().decode().rstrip("\r\n"):
                peer.heard.append(line)
                word = line.split(maxsplit=1)[0].upper()
                if any(refused in line for refused in refuses):
                    say("550 not here")
                elif word == "EHLO":
                    say(
                        "250-peer",
                        *(["250-STARTTLS"] if secured else []),
                        *(["250-AUTH PLAIN"] if login else []),
                        "250 8BITMIME",
                    )
                elif word == "STARTTLS" and secured:
                    say("220 go on")
                    stream = ends.enter_context(
                        ends.enter_context(secured.wrap_socket(link, server_side=True)).makefile("rwb")
                    )
                elif word == "AUTH":
                    say("235 come in" if line.endswith(login) else "535 who are you")
                elif word == "DATA":
                    say("354 go on")
                    text = b"".join(iter(stream.readline, b".\r\n")).decode("ascii")
                    peer.heard.append(text)
                    _, _, body = text.partition("\r\n\r\n")
                    # One message is one line here, so that the contract's test sees lines that the sink did not mean.
                    peer.keep(json.dumps(body.replace("\r\n", " ").replace("=3D", "=")) + "\n")
                    say("250 taken")
                else:
                    say("250 well")

    return talk


@dataclass
class Broker:
    """A real mosquitto, and someone who listens to all topics and writes down what comes."""

    place: Path
    port: int = 0
    settings: tuple[str, ...] = ("allow_anonymous true",)
    listens: bool = True
    topics: list[tuple[str, str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.port:
            self.port = free_port()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._folder = tempfile.mkdtemp()
        config = Path(self._folder) / "mosquitto.conf"
        # Who runs as root may read the folders of tests; mosquitto becomes another user by itself.
        lines = ("user root", f"listener {self.port} 127.0.0.1", *self.settings, "")
        config.write_text("\n".join(lines))
        self._process = subprocess.Popen(
            [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _STARTED.append(self.stop)
        until(self._is_there)
        if self.listens:
            granted = threading.Event()
            self._client.on_subscribe = lambda *_: granted.set()
            self._client.on_message = self._take
            self._client.connect("127.0.0.1", self.port)
            self._client.subscribe("#", qos=1)
            self._client.loop_start()
            assert granted.wait(60)

    def stop(self) -> None:
        """End the broker."""
        self._client.disconnect()
        self._client.loop_stop()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        shutil.rmtree(self._folder)
        if self.stop in _STARTED:
            _STARTED.remove(self.stop)

    def _is_there(self) -> bool:
        assert self._process.poll() is None, "mosquitto ended"
        return _answers(self.port)

    def _take(self, client: Client, data: object, message: MQTTMessage) -> None:
        del client, data
        self.topics.append((message.topic, message.payload.decode(), message.retain))
        with (self.place / "arrived").open("a") as file:
            file.write(message.payload.decode() + "\n")


@dataclass
class Daemon:
    """A real server from Debian's packages, which writes a line of what it takes to the file `taken` of its folder.

    Args:
        place: Its folder.
        program: What it is called.
        arguments: What it is started with.
        port: Where it takes links.
    """

    place: Path
    program: str
    arguments: tuple[str, ...]
    port: int

    def __post_init__(self) -> None:
        program = shutil.which(self.program) or f"/usr/sbin/{self.program}"
        self._process = subprocess.Popen(
            [program, *self.arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _STARTED.append(self.stop)
        until(self._is_there)

    def taken(self) -> list[str]:
        """Return the lines that it wrote."""
        path = self.place / "taken"
        return path.read_text().splitlines() if path.exists() else []

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
        if self.stop in _STARTED:
            _STARTED.remove(self.stop)

    def _is_there(self) -> bool:
        assert self._process.poll() is None, f"{self.program} ended"
        return _answers(self.port)


def rsyslog(place: Path) -> Daemon:
    """Return a real rsyslogd; of a message it writes severity, program, structured data and text, between bars."""
    port = free_port()
    (place / "rsyslog.conf").write_text(
        f'global(workDirectory="{place}")\nmodule(load="imtcp")\n'
        f'input(type="imtcp" address="127.0.0.1" port="{port}")\n'
        'template(name="t" type="string" string="%syslogseverity-text%|%app-name%|%structured-data%|%msg%\\n")\n'
        f'action(type="omfile" file="{place}/taken" template="t" asyncWriting="off" flushOnTXEnd="on")\n'
    )
    return Daemon(place, "rsyslogd", ("-n", "-f", f"{place}/rsyslog.conf", "-i", f"{place}/pid"), port)


def nginx(place: Path) -> Daemon:
    """Return a real nginx before a server that takes all; of a request it writes status, key and body as JSON."""
    port = free_port()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    (place / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {place}/pid;\nevents {{}}\nhttp {{\n"
        + "".join(f"{kind}_temp_path {place}/{kind};\n" for kind in kinds)
        + "log_format told escape=json "
        + """'{"status": $status, "key": "$http_idempotency_key", "body": "$request_body"}';\n"""
        + f"server {{\nlisten 127.0.0.1:{port};\naccess_log {place}/taken told;\nclient_body_buffer_size 1m;\n"
        # Who took a request goes on also if the one who sent it is gone.
        + f"location / {{ proxy_pass http://127.0.0.1:{port}/app; proxy_ignore_client_abort on; }}\n"
        + "location /app { access_log off; return 204; }\n}\n}\n"
    )
    return Daemon(place, "nginx", ("-c", f"{place}/nginx.conf", "-e", f"{place}/errors"), port)


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """Give a port that nobody listens at and nobody else is given."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def certificate(place: Path, name: str = "localhost") -> Path:
    """Write a certificate that nobody signed, and its key, into one file."""
    path = place / f"{name}.pem"
    key, cert = place / "key.tmp", place / "cert.tmp"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )  # fmt: skip
    path.write_text(key.read_text() + cert.read_text())
    return path


def served_with(path: Path) -> ssl.SSLContext:
    """Return TLS of a server that has this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
