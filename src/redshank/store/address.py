"""Where a store is, as a person names it.

In: a path, or the URL of a PostgreSQL database. Out: what SQLAlchemy opens; what to call it; what another program is
told of it. The one idea: a password that stands in a URL is in no message, no log and no list of processes.
Source: https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING; libpq-envars.html for PGPASSWORD.
"""

import os
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from redshank.core.concealed import masked
from redshank.core.errors import ConfigError
from redshank.core.files import writable_folder

KINDS = ("postgresql", "postgres")
_IN_QUERY = "password"


def address(place: Path | str) -> URL:
    """Return what to open.

    Raises:
        ConfigError: If it is no address of a store.
    """
    kind = "" if isinstance(place, Path) else place.split(":", 1)[0]  # never the rest: it may hold a password
    if isinstance(place, Path) or ("://" not in place and kind not in KINDS):
        return URL.create("sqlite", database=str(place))
    if kind not in KINDS:
        raise ConfigError(f"store: '{kind}://...' is not known; give a path, or postgresql://user@host/name")
    if find_spec("psycopg") is None:
        todo = "`pip install -c constraints.txt '.[postgresql]'` in a copy of the source"
        raise ConfigError(f"store: 'postgresql://...' needs a driver; {todo}")
    try:
        url = make_url(place).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):  # the second of a port that is no number
        raise ConfigError("store: 'postgresql://...' is not a URL; give postgresql://user@host/name") from None
    if "@" in (url.host or ""):  # else the rest of the password is taken for a host, and told
        raise ConfigError("store: 'postgresql://...' has two @; write one in a password as %40")
    return url


def called(url: URL) -> str:
    """Return what messages call a store: the path of a file; the address of a database, without its password.

    Example:
        >>> called(address("postgresql://ana:SECRET@db.lan/redshank"))
        'postgresql+psycopg://ana:...@db.lan/redshank'
    """
    return str(url.database) if url.get_backend_name() == "sqlite" else masked(url.render_as_string(False))


def check_path(path: Path, *, create: bool) -> None:
    """Make sure that a file is there; make an empty one, and its folder, if that is wanted.

    Raises:
        ConfigError: If there is none, it is a folder, or its folder cannot be written.
    """
    if path.is_dir():
        raise ConfigError(f"store: '{path}' is a folder; name a file")
    if not create and not path.is_file():
        raise ConfigError(f"store: no file '{path}'; `redshank run` or `redshank ask` makes one")
    if create:
        writable_folder(path.parent, "store")
        # It holds digests of passwords and tokens; the files that SQLite puts beside it have its mode. What is wrong
        # with the place, SQLite says.
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640))


def is_still(path: Path, *, only_read: bool) -> bool:
    """Tell whether a file lies where nobody can write, so that it is read without the files that lie beside it.

    Raises:
        ConfigError: If it does, and is to be written, or its last rows lie beside it.
    """
    if not os.statvfs(path.parent).f_flag & os.ST_RDONLY:
        return False
    if not only_read:
        raise ConfigError(f"store: '{path}' lies on a file system that is only read; name one that may be written")
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise ConfigError(
            f"store: '{path}' lies on a file system that is only read, and what was written last is in '{log}'; copy "
            "both to one that may be written, and name the copy"
        )
    return True


def apart(place: Path | str) -> tuple[str, dict[str, str]]:
    """Return how another program is told of a store: a word that everybody may see, and variables for it alone.

    Example:
        >>> apart("postgresql://ana:SECRET@db.lan/redshank")
        ('postgresql://ana@db.lan/redshank', {'PGPASSWORD': 'SECRET'})
    """
    if isinstance(place, Path):
        return str(place.absolute()), {}
    url = address(place)
    given = url.query.get(_IN_QUERY, url.password)
    if given is None:
        return place, {}
    plain = URL.create(
        place.split("://", 1)[0],
        url.username,
        host=url.host,
        port=url.port,
        database=url.database,
        query={name: value for name, value in url.query.items() if name != _IN_QUERY},
    )
    return plain.render_as_string(False), {"PGPASSWORD": given if isinstance(given, str) else given[-1]}
