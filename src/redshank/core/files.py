"""Write a file or folder so that its final name only ever holds the whole thing.

In: a final path. Out: a temporary path beside it to write to, renamed when the block ends well and removed when not.
A kill at any moment leaves at most a `.name.*.part` file, never half a result.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redshank.core.errors import ConfigError


def writable_folder(path: Path, where: str) -> Path:
    """Make sure that `path` is a folder we can write to; create it if absent.

    Args:
        path: The folder.
        where: How the person named it (an option or a setting), for the message.

    Raises:
        ConfigError: If it cannot be created, is not a folder, or is not writable.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"{where}: cannot write to folder '{path}' ({reason}); name a folder you may write to"
        ) from None
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it over `path` if the block succeeds.

    What is written there may be a file or a folder. An existing folder is replaced as a whole.

    Raises:
        ConfigError: If the folder of `path` cannot be written to, `path` is a device or a pipe, or a file is to replace
            a folder or the reverse.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "figures.json"
        >>> with replacing(target) as part:
        ...     _ = part.write_text("{}")
        >>> target.read_text()
        '{}'
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ConfigError(f"{path}: is a device or a pipe, and would be replaced by a file; name a file or a folder")
    writable_folder(path.parent, str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        if path.exists() and part.is_dir() != path.is_dir():
            found, wanted = ("folder", "file") if path.is_dir() else ("file", "folder")
            raise ConfigError(
                f"{path}: is a {found}, where a {wanted} is to be written; remove it or name another place"
            )
        if part.is_dir() and path.is_dir():
            old = path.with_name(f".{path.name}.{os.getpid()}.old")
            path.rename(old)
            part.rename(path)
            shutil.rmtree(old)
        else:
            part.replace(path)
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
