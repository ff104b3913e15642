"""What of the settings is secret, and what may be shown instead.

In: values as settings have them, or a text that repeats some. Out: the same without secrets. The one idea: whatever
shows settings to anybody, a page, a command or a message about a mistake, asks here what it may show.

Secret is what a class does not show of itself, what is called like a secret, a password in an address, and all of an
address behind its host, unless it is a database's: whoever knows that of a Slack webhook may post.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from inspect import signature
from typing import Any

HIDDEN = "set, not shown"
"""In place of a secret."""
SECRET = ("password", "secret", "token", "key")
_PASSWORD = re.compile(r"(://[^/@:\s]*):.*@", re.DOTALL)
_BEHIND_HOST = re.compile(r"(?<![\w+.-])((?!postgres)[a-z][\w+.-]{0,20}://[^/?#\s'\"]+)[/?#][^\s'\"]+", re.IGNORECASE)
_NAMED = re.compile(rf"((?:^|[?&;\s])\w*(?:{'|'.join(SECRET)})\w*=)[^&#\s'\"]+", re.IGNORECASE)


def masked(text: str) -> str:
    """Return a text without the secrets of addresses in it; rather too much is left out than too little.

    Example:
        >>> masked("postgresql://ana:SECRET@db.lan/redshank"), masked("https://hooks.example/SECRET")
        ('postgresql://ana:...@db.lan/redshank', 'https://hooks.example/...')
    """
    return _BEHIND_HOST.sub(r"\1/...", _NAMED.sub(r"\1...", _PASSWORD.sub(r"\1:...@", text)))


def concealed(found: type | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a part without its secrets.

    Args:
        found: What is made of them; None if nobody knows: then any of them may be a secret.
        values: By name.

    Example:
        >>> from redshank.alerts.sinks.webhook import Webhook
        >>> concealed(Webhook, {"url": "https://hooks.example/SECRET", "token_env": "TOKEN"})
        {'url': 'set, not shown', 'token_env': 'TOKEN'}
    """
    known = () if found is None else signature(found).parameters
    hidden = {one.name for one in fields(found) if not one.repr} if found and is_dataclass(found) else set()
    return {
        name: HIDDEN if name not in known or name in hidden or _called_secret(name, value) else shown(value)
        for name, value in values.items()
    }


def shown(value: Any) -> Any:  # noqa: ANN401  whatever a settings file can hold
    """Return a value with each text in it masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {name: shown(item) for name, item in value.items()}
    return [shown(item) for item in value] if isinstance(value, list | tuple) else value


def _called_secret(name: str, value: object) -> bool:
    return isinstance(value, str) and not name.endswith(("_file", "_env")) and any(word in name for word in SECRET)
