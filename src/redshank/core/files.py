"""Write a file or folder so that its final name only ever holds the whole thing, and lines so that they stay whole.

In: a final path. Out: a temporary path beside it to write to, renamed when the block ends well and removed when not.
A kill at any moment leaves at most a `.name.*.part` file, never half a result. A file that only grows is appended to
line by line: each by one write, under a lock, after ending what a crash left of the last one; what a full disk took of
one is cut off again.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redshank.core.errors import ConfigError

LOCK_TRIES, LOCK_PAUSE_S = 1_000, 0.002  # two seconds; a line takes microseconds
TAIL_BYTES = 262_144  # of what was written last, to see whether a line is there already


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
        raise _unwritable(path, where, error) from None
    return path


def usable_folder(path: Path, where: str) -> None:
    """Make sure, as far as that can be seen without making it, that `writable_folder` would succeed.

    Args:
        path: The folder.
        where: As of `writable_folder`.

    Raises:
        ConfigError: As of `writable_folder`.
    """
    near = next(folder for folder in (path, *path.absolute().parents) if os.path.lexists(folder))
    try:
        with tempfile.TemporaryFile(dir=near) if near == path else tempfile.TemporaryDirectory(dir=near):
            pass
    except OSError as error:
        raise _unwritable(path, where, error) from None


def _unwritable(path: Path, where: str, error: OSError) -> ConfigError:
    reason = error.strerror or type(error).__name__
    return ConfigError(f"{where}: cannot write to folder '{path}' ({reason}); name a folder you may write to")


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


def append_line(path: Path, line: bytes, unless: Callable[[bytes], bool] | None = None) -> bool:
    r"""Append a line whole, newline included; the file is made if absent, and opened anew each time.

    So writers never mix their lines, rotation needs no signal, and nothing waits for a pipe that nobody reads.

    Args:
        path: A file; its folder must exist.
        line: What to append, with its newline.
        unless: Told the last quarter of a megabyte that is there; nothing is appended if it says so.

    Returns:
        Whether it was appended.

    Raises:
        OSError: If it cannot be written or only in part, is no regular file, or another writer holds it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "lines"
        >>> append_line(path, b"one\n"), append_line(path, b"one\n", unless=lambda tail: b"one" in tail)
        (True, False)
        >>> path.read_text()
        'one\n'
    """
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o640)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(0, "not a regular file")
        # Without the lock another writer's line, half of it there, would pass for one that a crash cut.
        _lock(file)
        size = os.fstat(file).st_size
        tail = os.pread(file, TAIL_BYTES if unless else 1, max(0, size - (TAIL_BYTES if unless else 1)))
        if unless and unless(tail):
            return False
        if tail and not tail.endswith(b"\n"):
            line = b"\n" + line
        written = os.write(file, line)
        if written < len(line):
            os.ftruncate(file, size)
            raise OSError(0, f"only in part, {written} of {len(line)} bytes; is the disk full?")
    finally:
        os.close(file)
    return True


def has_line(tail: bytes, wanted: bytes, ends: bytes) -> bool:
    r"""Tell whether a line that no crash cut holds `wanted`; for `unless` of `append_line`.

    Args:
        tail: What a file ends with.
        wanted: What to look for.
        ends: What a whole line ends with, before its newline.

    Example:
        >>> has_line(b'{"key": "a"}\n{"key": "b', b'"a"', b"}"), has_line(b'{"key": "a"}\n{"key": "b', b'"b', b"}")
        (True, False)
    """
    return wanted in tail and any(wanted in line and line.endswith(ends) for line in tail.split(b"\n")[:-1])


@contextmanager
def held(path: Path, where: str) -> Iterator[None]:
    """Hold a file while the block runs, so that nobody else who would hold it can begin; a kill lets go of it.

    Args:
        path: The file, made if absent; it stays, for its name is what others look for.
        where: What it guards, for the message.

    Raises:
        ConfigError: If somebody else holds it, or it cannot be made.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise ConfigError(f"{where}: cannot make '{path}' ({error.strerror}); name a folder you may write to") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"{where}: another process holds '{path}'; end it, or name another folder") from None
        yield
    finally:
        os.close(file)


def is_held(path: Path) -> bool:
    """Tell whether somebody holds a file as `held` does; nothing is made."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that look do not see each other
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _lock(file: int) -> None:
    """Take the file for this line; closing it lets go. Another writer that holds it for long is an error."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_S)
        else:
            return
    raise OSError(0, f"another writer held it for {LOCK_TRIES * LOCK_PAUSE_S:g} s")
