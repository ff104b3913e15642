"""Post alerts to a web address: as JSON, or as a message that Slack and its likes show.

In: an Alert. Out: one POST; any status from 200 to 299 says that it arrived, and nothing else of the answer is read.
`Idempotency-Key` names the revision of the alert, so that a server can tell one that came twice; Slack and its likes
look at no such key. With a secret, the header `X-Redshank-Signature` is "sha256=" and the HMAC-SHA256 of the time in
`X-Redshank-Timestamp`, a dot, and the body: a server that computes the same knows who sent it, and by the time that
nobody repeats it.

No redirection is followed and no proxy used. An address may be a secret itself, as Slack's are: messages name its host
only.
Source: RFC 9110; RFC 2104; draft-ietf-httpapi-idempotency-key-header-06, for the key (a string in quotes, as RFC 8941
has it); https://api.slack.com/messaging/webhooks and, for the three characters that Slack reads as markup,
https://api.slack.com/reference/surfaces/formatting
"""

import hashlib
import hmac
import json
import logging
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from redshank.alerts import peer
from redshank.alerts.message import document, headline, mark, moment, rarity
from redshank.alerts.sink import Sink
from redshank.core.errors import ConfigError, DeliveryError
from redshank.core.inert import inert
from redshank.core.records import Alert

if TYPE_CHECKING:
    import httpx

UNTOLD = (500, 502, 504)
"""Answers of a server that failed, or of a proxy that heard none, after who knows what (RFC 9110 section 15.6)."""

# Below a warning they log addresses and headers, and both may be secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Webhook(Sink):
    """Post each alert.

    Args:
        url: Where to, beginning with https:// or http://.
        url_file: File that holds the address, if it is a secret.
        url_env: Environment variable that holds the address, if it is a secret.
        format: "json", the alert as `Alert.from_json` reads it, or "slack", a text that Slack and its likes show.
        secret_file: File with the secret that signs.
        secret_env: Environment variable with the secret that signs.
        token_file: File with a token that is sent as `Authorization: Bearer`.
        token_env: Environment variable with such a token.
        ca_file: Certificates that are trusted, in PEM format; those of the system if absent.
        certificate_file: Our own certificate, for servers that ask for one.
        key_file: Its key, if that is in another file.
        timeout_s: Seconds that a delivery may take, 0.1 to 60.
        may_repeat: Whether an alert that may have arrived is posted again; else it is a dead letter.

    Raises:
        ConfigError: If a setting is not allowed.
    """

    url: str = field(default="", repr=False)
    url_file: Path | None = None
    url_env: str = ""
    format: Literal["json", "slack"] = "json"
    secret_file: Path | None = None
    secret_env: str = ""
    token_file: Path | None = None
    token_env: str = ""
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    timeout_s: float = 10.0
    may_repeat: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        problems = peer.time_problems(self.timeout_s)
        problems += peer.tls_problems(self.ca_file, self.certificate_file, self.key_file)
        problems += peer.secret_problems("secret", self.secret_file, self.secret_env)
        problems += peer.secret_problems("token", self.token_file, self.token_env)
        given = [name for name in ("url", "url_file", "url_env") if getattr(self, name)]
        if len(given) != 1:
            told = f"{' and '.join(given)} are given" if given else "no address is given"
            problems.append(f"url: {told}; give one of url, url_file, url_env")
        elif not (wrong := peer.secret_problems("url", self.url_file, self.url_env)):
            problems += _url_problems(self._url())
        else:
            problems += wrong
        peer.refuse("webhook", problems)

    def deliver(self, alert: Alert) -> None:
        """Post one alert.

        Raises:
            DeliveryError: If the server cannot be reached, did not answer in time, or answered that it did not take it.
        """
        import httpx  # noqa: PLC0415  takes 0.1 s, and whoever reads settings loads this module, with or without a webhook

        where, deadline = "the address", peer.Deadline(self.timeout_s)
        try:
            url = _parsed(self._url())
            where = f"{url.scheme}://{inert(url.host)}"
            body = (document(alert) if self.format == "json" else _slack(alert)).encode("ascii")
            status = self._post(url, body, self._headers(alert, body), deadline)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ConfigError) as error:
            why = "no answer in time" if isinstance(error, httpx.TimeoutException) else peer.reason(error)
            raise DeliveryError(
                f"webhook: alert {alert.id} not posted to {where} ({why}); see that the server runs and that "
                "this machine may reach it",
                in_doubt=deadline.given,
            ) from None
        if not 200 <= status <= 299:
            raise DeliveryError(
                f"webhook: alert {alert.id} not taken by {where} (status {status}); see address, token and secret",
                in_doubt=status in UNTOLD,
            )

    def problem(self) -> str:
        """Say why the host cannot be reached from here."""
        return f"url: {found}" if (found := peer.family_problem(_parsed(self._url()).host)) else ""

    def unreached(self) -> str:
        """Say why no link to the host can be made."""
        url = _parsed(self._url())
        return peer.unreached(url.host, url.port or (443 if url.scheme == "https" else 80), self.timeout_s)

    def close(self) -> None:
        """Do nothing: no link stays open between alerts."""

    def _url(self) -> str:
        return self.url or peer.secret("url", self.url_file, self.url_env)

    def _headers(self, alert: Alert, body: bytes) -> dict[str, str]:
        key = f'"{mark(alert)}"'
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "redshank"}
        if token := peer.secret("token", self.token_file, self.token_env):
            headers["Authorization"] = f"Bearer {token}"
        if key := peer.secret("secret", self.secret_file, self.secret_env):
            at = str(int(time.time()))
            digest = hmac.new(key.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
            headers |= {"X-Redshank-Timestamp": at, "X-Redshank-Signature": f"sha256={digest}"}
        return headers

    def _post(self, url: "httpx.URL", body: bytes, headers: dict[str, str], deadline: peer.Deadline) -> int:
        import httpx  # noqa: PLC0415  as above

        context: ssl.SSLContext | bool = False  # nothing to verify without TLS
        if url.scheme == "https":
            context = peer.tls(self.ca_file, self.certificate_file, self.key_file)
        with deadline:

            def watch(name: str, told: dict[str, Any]) -> None:
                if name == "connection.connect_tcp.complete":
                    deadline.watch(told["return_value"].get_extra_info("socket"))
                deadline.given |= name.endswith("send_request_headers.started")

            try:
                with (
                    httpx.Client(verify=context, timeout=self.timeout_s, trust_env=False) as client,
                    client.stream("POST", url, content=body, headers=headers, extensions={"trace": watch}) as answer,
                ):
                    return answer.status_code
            except httpx.HTTPError:
                if deadline.over():
                    raise TimeoutError from None
                raise


def _parsed(text: str) -> "httpx.URL":
    import httpx  # noqa: PLC0415  as above

    return httpx.URL(text)


def _url_problems(text: str) -> list[str]:
    import httpx  # noqa: PLC0415  as above

    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return ["url: it cannot be read as an address; give one as in 'https://soc.example.net/alerts'"]
    if url.scheme not in {"http", "https"}:
        return [f"url: '{url.scheme[:20]}' is not http or https; give one as in 'https://soc.example.net/alerts'"]
    if url.userinfo:
        return ["url: it holds a user or password; put a token in token_file instead"]
    return [f"url: {problem}" for problem in peer.host_problems(url.host, url.port or 443)]


def _slack(alert: Alert) -> str:
    at = moment(alert.last_seen_s).strftime("%Y-%m-%d %H:%M:%S UTC")
    text = f"{at} {headline(alert)}\n{inert(alert.measure[:500])}"
    if alert.evidence and (rare := rarity(alert.evidence[0].p_value)):
        text += f"\nFirst flow: {rare}"
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, written)
    return json.dumps({"text": text})
