"""Files that appear whole or not at all, and streams that are written as they come; a full disk is one error in both.

Where the system allows it, the file has no name until it is whole, so that not even a killed process leaves anything.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import os
import selectors
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import DiskError, InputError, OutOfSpaceError
from ..sources.identity import Place, check_working_folder

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_FOLDER_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EPERM)
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL)
_HERE, _NOT_OVER = -100, 1  # Linux's AT_FDCWD and RENAME_NOREPLACE
_NO_UNNAMED = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS)


def refuse_input(target: Path | int, inputs: Collection[Place], name: str) -> None:
    """Refuse a path or a descriptor that leads to a file that is read, by whatever name."""
    try:
        status = os.stat(target)  # noqa: PTH116 - a descriptor is no path
    except OSError:
        return
    if (status.st_dev, status.st_ino) in inputs:
        raise InputError("is a file that is read, and would be overwritten: give another.", file=name)


def _rename_as_new(path: Path, target: Path) -> None:
    """Rename where there are no hard links, and fail where the name is taken. Not all systems have such a step."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if rename is not None:
        if not rename(_HERE, os.fsencode(path), _HERE, os.fsencode(target), _NOT_OVER):
            return
        code = ctypes.get_errno()
        if code not in _NO_LINKS:
            raise OSError(code, os.strerror(code), str(target))
    if os.path.lexists(target):  # a look and a step are two; Windows looks by itself
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    path.rename(target)


class Output(io.RawIOBase):
    """Bytes on their way to a stream, such as standard output. After `abort` they go nowhere.

    A stream that was opened for this output is closed with it.
    """

    def __init__(self, file: BinaryIO, name: str, *, is_owned: bool = False) -> None:
        self._file = file
        self._is_owned = is_owned
        self._is_aborted = False
        self.name = name
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.bytes

    def write(self, data: object) -> int:
        left = memoryview(data).cast("B")  # type: ignore[arg-type]
        size = len(left)
        if self._is_aborted:  # a writer of pyarrow that is thrown away ends its format all the same
            return size
        with self._refusing_full_disk():
            while left:
                count = self._send(left)
                self.bytes += count
                left = left[count:]
        return size

    def commit(self) -> None:
        """Send on what is buffered."""
        with self._refusing_full_disk():
            while True:
                try:
                    self._file.flush()
                    break
                except BlockingIOError:
                    self._wait()
            if self._is_owned:
                self._file.close()

    def abort(self) -> None:
        """Write no more; what went out cannot be taken back."""
        self._is_aborted = True
        if self._is_owned:
            with contextlib.suppress(OSError):
                self._file.close()

    def _send(self, left: memoryview) -> int:
        """Write once, and say how many bytes the file took; wait where it could take none yet."""
        blocked = False
        try:
            count: Any = self._file.write(left)
        except BlockingIOError as error:
            count, blocked = error.characters_written, True
        if count is None:
            if not isinstance(self._file, io.RawIOBase):  # it took all, and says nothing
                return len(left)
            count, blocked = 0, True
        if not isinstance(count, int) or not 0 <= count <= len(left) or (not count and not blocked):
            raise InputError(f"its write says {count!r} of {len(left):,} bytes: it must take some.", file=self.name)
        if blocked:
            self._wait()
        return count

    def _wait(self) -> None:
        """Wait until a stream that does not wait by itself can take more."""
        try:
            descriptor = self._file.fileno()
        except (AttributeError, OSError, ValueError) as error:
            raise InputError("it cannot be written to now, nor be waited for.", file=self.name) from error
        with selectors.DefaultSelector() as waiting:
            waiting.register(descriptor, selectors.EVENT_WRITE)
            waiting.select()

    @contextmanager
    def _refusing_full_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise OutOfSpaceError(
                f"{self.name}: the disk is full after {self.bytes:,} bytes: free some space or give another folder."
            ) from error


class NewFile(Output):
    """A file in the making, beside its target. `commit` makes it appear in place of the target; `abort` removes it.

    `inputs` are the files, by device and inode, that it must not replace: those that it is made from. With
    `replace=False` it replaces nothing, whenever that appeared.
    """

    def __init__(self, target: Path, inputs: Collection[Place] = (), *, replace: bool = True) -> None:
        check_working_folder(target)
        self._target = Path(os.path.realpath(target))
        self._inputs = inputs
        self._replaces = replace
        self._temporary: Path | None = None
        self._folder = -1
        self._check_target(str(target))
        try:
            self._folder = os.open(self._target.parent, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
            descriptor = self._create()
        except OSError as error:
            if self._folder >= 0:
                os.close(self._folder)
            raise InputError(
                f"its folder cannot be written to ({error.strerror}): give another.", file=str(target)
            ) from error
        super().__init__(self._open(descriptor), str(target), is_owned=True)

    def commit(self) -> None:
        with self._refusing_full_disk():
            os.fsync(self._file.fileno())
            self._check_target(self.name)
            self._appear()
        with contextlib.suppress(OSError):  # all of it was written and is on the disk
            self._file.close()
        self._keep_name()

    def _keep_name(self) -> None:
        """Bring the file's name to the disk too. If that fails, the file is in place all the same."""
        folder, self._folder = self._folder, -1
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                kind = OutOfSpaceError if error.errno in _FULL else DiskError
                what = f"is whole and in its place, but the disk did not confirm its name ({error.strerror})"
                raise kind(f"{self.name}: {what}: a power cut could still undo it.") from error
        finally:
            os.close(folder)

    def _check_target(self, name: str) -> None:
        """Refuse to replace an input, or what is protected against writing or to be kept."""
        refuse_input(self._target, self._inputs, name)
        if not self._replaces and os.path.lexists(self._target):
            raise self._kept(name)
        with contextlib.suppress(FileNotFoundError):
            if not self._target.stat().st_mode & 0o222 or not os.access(self._target, os.W_OK):
                raise InputError("is there and read-only: make it writable, or give another name.", file=name)

    def abort(self) -> None:
        super().abort()
        if self._temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                self._temporary.unlink()
            self._temporary = None
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def _open(self, descriptor: int) -> BinaryIO:
        return os.fdopen(descriptor, "wb", buffering=0)

    def _create(self) -> int:
        if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").exists():
            try:
                return os.open(self._target.parent, os.O_TMPFILE | os.O_RDWR, 0o666)
            except OSError as error:
                if error.errno not in _NO_UNNAMED:
                    raise
        temporary = self._beside()
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        self._temporary = temporary
        return descriptor

    def _appear(self) -> None:
        if self._temporary is None:
            try:
                self._name(self._target)
                return
            except FileExistsError:  # a name is only given, never taken: what is there is replaced in two steps
                if not self._replaces:
                    raise self._kept(self.name) from None
                self._temporary = self._beside()
                self._name(self._temporary)
        if not self._replaces:
            self._appear_as_new(self._temporary)
        else:
            self._temporary.replace(self._target)
        self._temporary = None

    def _appear_as_new(self, temporary: Path) -> None:
        """Give a file with a name its target's, by a step that fails where something has that name."""
        try:
            try:
                self._target.hardlink_to(temporary)
            except (OSError, NotImplementedError) as error:
                if isinstance(error, OSError) and error.errno not in _NO_LINKS:
                    raise
                _rename_as_new(temporary, self._target)
            else:
                temporary.unlink()
        except FileExistsError:
            raise self._kept(self.name) from None

    def _kept(self, name: str) -> InputError:
        return InputError("is there already, and is to be kept: give another name.", file=name)

    def _name(self, path: Path) -> None:
        """Give the file without a name this one."""
        # A descriptor must be given for Python to call linkat, which alone can follow this link to the file.
        os.link(f"/proc/self/fd/{self._file.fileno()}", path, src_dir_fd=self._folder, follow_symlinks=True)

    def _beside(self) -> Path:
        return self._target.with_name(f".{self._target.name}.{os.urandom(6).hex()}.part")
