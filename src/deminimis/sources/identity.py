"""Which file a path led to, and whether it is still the same one, as it was: asked at the end of each reading.

The time of the last access is no part of it, nor that of the last change of a name or of permissions.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError

Place = tuple[int | str, int | str]
"""Where a file lies, whatever its names: device and inode, or an object's store and its key."""


class Identity(NamedTuple):
    """A file by its place on its device, its size, and when it was last written to (ns since 1970)."""

    device: int | str
    inode: int | str
    bytes: int
    written_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    @property
    def place(self) -> Place:
        """What all names of a file share."""
        return self.device, self.inode


def check_unchanged(file: str | int, before: Identity, name: str) -> None:
    """Refuse what was read of a file, by its path or descriptor, if it is another one by now or was written to.

    Raises
    ------
    InputError
        It says what happened to the file.
    """
    detail = ""
    try:
        after = Identity.of(os.stat(file))  # noqa: PTH116 - a descriptor is no path
    except FileNotFoundError:
        wrong = "was removed or renamed"
    else:
        if after.place != before.place:
            wrong = "was replaced by another file"
        elif after.bytes != before.bytes:
            wrong = "grew" if after.bytes > before.bytes else "was cut short"
            detail = f" (from {before.bytes:,} to {after.bytes:,} bytes)"
        elif not _same_time(before.written_ns, after.written_ns):
            wrong = "was written to"
        else:
            return
    raise InputError(f"{wrong} while it was read{detail}: read it when nothing writes to it.", file=name)


def descriptor_of(file: Any) -> int | None:
    """The descriptor of a file object, where it has one."""
    try:
        number = file.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    return number if isinstance(number, int) else None


def check_working_folder(path: str | os.PathLike[str]) -> None:
    """Refuse a relative path where the working folder was removed: what it leads to cannot be there."""
    if not Path(path).is_absolute():
        try:
            Path.cwd()
        except FileNotFoundError as error:
            raise InputError("the working folder is gone: go to one that is there.", file=os.fspath(path)) from error


def regular(descriptor: int) -> Identity | None:
    """The identity of an open file, or None for a pipe or a device, which have no size."""
    status = os.fstat(descriptor)
    return Identity.of(status) if stat.S_ISREG(status.st_mode) else None


def _same_time(one: int, other: int) -> bool:
    """Some file systems forget the fraction of a second once a file is no longer in memory."""
    return one == other or (one // 10**9 == other // 10**9 and 0 in (one % 10**9, other % 10**9))
