"""Files that a power cut leaves whole or not there, and nothing read that is no plain file.

A description has its name only when its content is on the disk. Values need not, but `done` says
nothing of them before they and their names are: so it never says more than what is there.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from queue import Queue
from typing import Any

_AHEAD = 4  # blocks that wait for the disk
_PARTIAL = ".partial"  # ends the names of files that are being written
_NO_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EISDIR, errno.EBADF)


class SweepError(RuntimeError):
    """A sweep cannot go on; what is done is kept."""


class DamagedError(ValueError):
    """What is wrong with a part of a store, in our words."""


def why(error: Exception) -> str:
    """What is wrong, for a sentence; a decoder's own words would say it to nobody."""
    return str(error) if isinstance(error, DamagedError) else "it cannot be decoded"


def broken(path: Path, what: str, error: Exception) -> SweepError:
    """What to do where a description, or a coordinate, is damaged."""
    return SweepError(
        f"{path} is damaged: {what} cannot be trusted ({why(error):.120}). All its files are left "
        "as they are; with repair=True (--repair) descriptions and coordinates are written again, "
        "if all arrays are there, and what is done stays"
    )


@contextmanager
def reaching(store: object) -> Iterator[None]:
    """Say of which store it is that a file cannot be read or written."""
    try:
        yield
    except BrokenPipeError:  # of who reads what is shown
        raise
    except OSError as error:
        where = f": {error.filename}" * (error.filename is not None)
        raise SweepError(
            f"the sweep into the store {store} cannot go on ({error.strerror or error}"
            f"{where}): what was done is kept; mend that and run the same sweep again"
        ) from error


class MovedError(FileNotFoundError):
    """A folder is no longer where it was."""


def write(root: Path, key: str, data: bytes) -> None:
    """Write a file below a folder: first its content, then its name and folders made for it."""
    for each in _written(root, key, data, at_once=True):
        sync_folder(each)


def _written(root: Path, key: str, data: bytes, at_once: bool) -> list[Path]:
    """Write a file, on the disk at once or whenever; the folders in which there is a new name.

    Neither the root is made nor, but for what describes it, the folder of an array: where there is
    none, it was moved away.
    """
    path = root / key
    made: list[Path] = []
    if not path.parent.is_dir():
        inside = [each for each in path.parents if each != root and each.is_relative_to(root)]
        inside = inside if path.name == "zarr.json" else inside[:-1]
        made = [each for each in inside if not each.exists()]
        for each in reversed(made):
            each.mkdir(exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}{_PARTIAL}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            if at_once:
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return [path.parent, *(each.parent for each in made)]


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Put on the disk what a folder holds; some systems do so by themselves, and refuse to."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDERS:
            raise
    finally:
        os.close(handle)


def sum_of(data: bytes) -> str:
    """A checksum of a file."""
    return blake2b(data, digest_size=16).hexdigest()


def only_read(path: Path) -> Any:
    """A folder as Zarr takes it, whatever its name; what is open of it may be pickled."""
    from zarr.storage import LocalStore

    return LocalStore(path, read_only=True)


@cache
def _kind() -> Any:
    """Zarr's store of local files, with other ways to write."""
    from zarr.storage import LocalStore

    class Local(LocalStore):  # type: ignore[misc, unused-ignore]
        """Local files, written by `put` (key, data)."""

        def __init__(
            self,
            root: Path | str,
            *,
            read_only: bool = False,
            put: Callable[[str, bytes], object] | None = None,
        ) -> None:
            super().__init__(root, read_only=read_only)
            self.put = put or partial(write, Path(self.root))

        def set_sync(self, key: str, value: Any) -> None:
            self._check_writable()
            self.put(key, value.to_bytes())

        async def set(self, key: str, value: Any) -> None:
            await asyncio.to_thread(self.set_sync, key, value)

        async def set_if_not_exists(self, key: str, value: Any) -> None:
            if not await self.exists(key):
                await self.set(key, value)

    return Local


def files_of(
    path: Path, read_only: bool = False, put: Callable[[str, bytes], object] | None = None
) -> Any:
    """A folder as Zarr takes it; what is written is on the disk at once, or where `put` puts it."""
    return _kind()(path, read_only=read_only, put=put)


class Later:
    """Puts blocks on the disk while the next are worked out: their values, then that they are done.

    `block` takes what writes a block, by giving its files to `put`. A thread does so and waits for
    the disk; what goes wrong there is raised by the next `block`, or by `flush`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept: set[str] = set()  # the files of `done` that are on the disk
        self._folder = _folder(root)
        self.sums: dict[str, str] = {}  # of the files of a block, by their keys
        self._folders: dict[Path, None] = {}
        self._done: list[tuple[str, bytes]] = []
        self._waiting: Queue[Any] = Queue(_AHEAD)
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def put(self, key: str, data: bytes) -> None:
        """Write a file of values; that of `done` waits until they are on the disk."""
        if key.startswith("done/"):
            self._done.append((key, data))
            return
        self._folders |= dict.fromkeys(_written(self.root, key, data, at_once=False))
        self.sums[key] = sum_of(data)

    def check_there(self) -> None:
        """Raise MovedError unless the root is still the folder that it was."""
        if self._folder != _folder(self.root):
            raise MovedError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.root))

    def block(self, write: Callable[[], object]) -> None:
        """Write a block in its turn."""
        self._raise()
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, daemon=True)
            self._thread.start()
        self._waiting.put(write)

    def flush(self) -> None:
        """Wait until all blocks are on the disk."""
        self._waiting.join()
        self._raise()

    def close(self) -> None:
        """Do so for good."""
        if self._thread is not None:
            self._waiting.put(None)
            if self._thread.ident is not None:  # a signal may have kept it from starting
                self._thread.join()
            self._thread = None
        self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _follow(self) -> None:
        while (write := self._waiting.get()) is not None:
            try:
                if self._error is None:
                    self.sums, self._folders, self._done = {}, {}, []
                    self.check_there()
                    write()
                    self._sync()
            except Exception as error:
                self._error = error
            finally:
                self._waiting.task_done()
        self._waiting.task_done()

    def _sync(self) -> None:
        for key in self.sums:
            _sync_file(self.root / key)
        for each in self._folders:
            sync_folder(each)
        self.check_there()
        for key, data in self._done:
            write(self.root, key, data)
            self.kept.add(key)


def _folder(path: Path) -> tuple[int, int] | None:
    """Which folder there is at a path, whatever it is called; None if it does not describe itself.

    One that was made anew, or copied, is another.
    """
    try:
        os.stat(path / "zarr.json")
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def is_file(path: Path) -> bool:
    """Whether there is a plain file; SweepError for anything else in its place."""
    try:
        kind = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(kind):
        raise _strange(path)
    return True


def check_plain(path: Path) -> list[Path]:
    """Refuse a store in which anything is neither folder nor plain file, before it is read.

    The files that a killed program was writing are returned.
    """
    left = []
    waiting = [path]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    raise _strange(Path(entry.path))
                elif entry.name.endswith(_PARTIAL):
                    left.append(Path(entry.path))
    return left


def _strange(path: Path) -> SweepError:
    return SweepError(
        f"{path} is no plain file, and a store holds nothing else; it was not touched. Move it "
        "away; with repair=True (--repair) what is missing then is worked out again"
    )


# --- one program at a time ---------------------------------------------------------------------


_HELD: set[Path] = set()  # by this process, which the system would let lock them again
_THREADS = threading.Lock()


class Lock:
    """Holds a store for this sweep alone, where the system offers that; made before the store."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, path.with_name(f".{path.name}.lock")
        self._handle: int | None = None
        with _THREADS:
            if self.file in _HELD:
                raise self._busy()
            _HELD.add(self.file)
        try:
            self._handle = self._locked()
        except BaseException:
            _HELD.discard(self.file)
            raise

    def _locked(self) -> int | None:
        try:
            import fcntl
        except ImportError:
            return None
        # Neither what a link leads to is opened, nor is a pipe waited for.
        how = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            handle = os.open(self.file, how, 0o666)
        except OSError as error:
            mine = self.file.exists() and os.access(self.path, os.W_OK)
            if self.file.is_symlink() or mine:
                raise ValueError(
                    f"{self.file}, which keeps two sweeps from writing to one store, cannot be "
                    f"opened ({error.strerror}): remove it, if no sweep is running"
                ) from None
            return None  # a store that cannot be written can still be read
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ValueError(f"{self.file} is no plain file: remove it")
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not held by forked processes
            if os.fstat(handle).st_ino != self.file.stat().st_ino:  # removed in the meantime
                raise self._busy()
        except OSError:
            os.close(handle)
            raise self._busy() from None
        except ValueError:
            os.close(handle)
            raise
        return handle

    def _busy(self) -> ValueError:
        return ValueError(f"{self.path} is being written by another sweep: wait for it to end")

    def release(self) -> None:
        """Let others write to the store."""
        if self._handle is not None:
            with suppress(OSError):
                self.file.unlink(missing_ok=True)  # while it is held
            os.close(self._handle)
            self._handle = None
        _HELD.discard(self.file)
