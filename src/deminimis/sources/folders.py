"""Which files of a folder are data: what is passed over and why, links, and tables whose own log says what counts.

Nothing is decoded here. A file is passed over by its name (`.hidden`, `_SUCCESS`, `m.csv.bak`, `README.md`) or because
nothing says that it is a table; what may hold rows nevertheless is told in a note.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..formats import MAGIC_BYTES, ending_of, foreign_of_bytes, format_of_bytes
from .base import reading
from .identity import Identity

_PARTIAL = re.compile(
    r"[~#].*|.*(?:\.(?:bak|old|orig|te?mp|crc|inprogress|part|partial|filepart|crdownload|download|swp|lock)|[~#])",
    re.I,
)
_PAPERS = re.compile(
    r".*\.(?:md|rst|pdf|html?|docx?|log|sql|py|ipynb|r|sh|toml|ya?ml|ini|cfg|xsd|png|jpe?g|md5|sha\d+|asc|sig)", re.I
)
_MARKER_FOLDERS = {"_temporary", "_spark_metadata", "__MACOSX", "__pycache__"}
_TOLD = 5


class LeftOut(NamedTuple):
    """A file that was passed over, and why; `is_told`: it may hold rows."""

    path: str
    why: str
    is_told: bool = False


class Walk:
    """The files of a folder that are data, in the order of their paths, and what was passed over.

    A link is followed once: what it leads to is not read by two names. Links that lead out of the folder are noted.
    """

    def __init__(self, root: str) -> None:
        self.files: list[str] = []
        self.left_out: list[LeftOut] = []
        self.outside: list[str] = []
        self._root = os.path.realpath(root)
        self._folders: set[str] = set()
        self._keys: set[object] = set()
        self._links: list[str] = []
        self._enter(root)
        self._follow()
        self.files.sort()
        self.left_out.sort()

    def _enter(self, folder: str) -> None:
        """Everything below that is no link and was not read by another name."""
        real = os.path.realpath(folder)
        if real in self._folders:
            self.left_out.append(LeftOut(folder, f"is {real}, which is read by another name"))
            return
        self._folders.add(real)
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(f"the folder cannot be read ({error.strerror}).", file=folder) from error
        check_is_no_table(folder)
        for entry in entries:
            if entry.is_symlink():
                if not self._passed_over_by_name(entry.path, is_folder=False):
                    self._links.append(entry.path)
            elif entry.is_dir():
                if not self._passed_over_by_name(entry.path, is_folder=True):
                    self._enter(entry.path)
            else:
                self._take(entry.path)

    def _follow(self) -> None:
        """The links, one after another; what they lead to may hold more."""
        while self._links:
            self._links.sort()
            link = self._links.pop(0)
            target = os.path.realpath(link)
            if _holds(target, link) or _is_loop(link):
                raise InputError("is a loop of links: remove it.", file=link)
            files = len(self.files)
            if Path(link).is_dir():
                self._enter(link)
            else:
                self._take(link)
            if len(self.files) > files and not _holds(self._root, target):
                self.outside.append(link)

    def _take(self, path: str) -> None:
        if self._passed_over_by_name(path, is_folder=False):
            return
        identity = identity_of(path)
        key = key_of(path, identity)
        if Path(path).is_symlink() and key in self._keys:
            self.left_out.append(LeftOut(path, "is a link to a file that is read by another name"))
            return
        left = judged(path, identity.bytes)
        if left is None:
            self._keys.add(key)
            self.files.append(path)
        else:
            self.left_out.append(left)

    def _passed_over_by_name(self, path: str, *, is_folder: bool) -> bool:
        left = passed_over_by_name(path, is_folder=is_folder)
        if left is not None:
            self.left_out.append(left)
        return left is not None


def passed_over_by_name(path: str, *, is_folder: bool = False) -> LeftOut | None:
    """Why a file or a folder is no data by its name alone, or None."""
    name = Path(path).name
    if name.startswith("."):
        return LeftOut(path, "is hidden")
    if name.startswith("_"):
        is_data = not is_folder and _is_of_data(name)
        return LeftOut(path, "its name begins with _", is_data or (is_folder and name not in _MARKER_FOLDERS))
    if is_folder:
        return None
    if _PARTIAL.fullmatch(name):
        return LeftOut(path, "is a backup or a part of a file")
    return None


def judged(path: str, size: int, head_of: Callable[[], bytes] | None = None) -> LeftOut | None:
    """Why a file is not read as data, or None for one that is; `head_of` gives its first bytes where it is no path."""
    name = Path(path).name
    if _is_of_data(name):
        return None
    if _PAPERS.fullmatch(name):
        return LeftOut(path, "is no table by its ending")
    if not size:
        return LeftOut(path, "is empty")
    head = first_bytes(path) if head_of is None else head_of()
    if format_of_bytes(head) != ("csv", None):
        return None
    foreign = foreign_of_bytes(head)
    if foreign is not None:
        return LeftOut(path, f"is {foreign}", is_told=True)
    return LeftOut(path, "has no ending that says what it is", is_told=True)


def _is_of_data(name: str) -> bool:
    ending = ending_of(name)
    return ending.format not in (None, "workbook") or ending.compression is not None


def notes_of(left_out: Iterable[LeftOut], outside: Iterable[str]) -> tuple[str, ...]:
    """What the reader must not miss of what was passed over, and of links that lead out of a folder."""
    told = [f"{one.path} ({one.why})" for one in left_out if one.is_told]
    notes = []
    if told:
        more = f" and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
        files = "1 file or folder was" if len(told) == 1 else f"{len(told):,} files or folders were"
        notes.append(f"{files} left out: {', '.join(told[:_TOLD])}{more}; name what belongs to the manifest by itself.")
    notes += [f"{link} is a link to {os.path.realpath(link)}, outside of its folder; that is read." for link in outside]
    return tuple(notes)


def check_is_no_table(folder: str) -> None:
    """Refuse the folder of a table whose log, not its files, says which rows it has.

    Raises
    ------
    InputError
        Delta, Iceberg or Hudi; the message has the line that reads it.
    """
    here = Path(folder)
    if (here / "_delta_log").is_dir():
        line, extra = f"deltalake.DeltaTable({folder!r})", "delta"
    elif newest := max((here / "metadata").glob("*.metadata.json"), key=_age, default=None):
        line, extra = f"pyiceberg.table.StaticTable.from_metadata({str(newest)!r})", "iceberg"
    elif (here / ".hoodie").is_dir():
        line, extra = f"what hudi.HudiTable({folder!r}) reads", ""
    else:
        return
    kind = "a Delta" if "deltalake" in line else "an Iceberg" if "pyiceberg" in line else "a Hudi"
    install = f" (pip install 'deminimis[{extra}]')" if extra else ""
    mend = f"Give {line} by itself{install}, or write the table as one Parquet file."
    raise InputError(f"is {kind} table: its log says which of its files count. {mend}", file=folder)


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


def check_beside_no_table(paths: Iterable[str]) -> None:
    """Refuse the data files of such a table, which lie in its folder, in `key=value` ones of it, or in `data`."""
    seen: set[Path] = set()
    for path in paths:
        if ending_of(path).format not in (None, "parquet"):
            continue
        folder = Path(path).parent
        while folder not in seen:
            seen.add(folder)
            check_is_no_table(str(folder))
            if "=" not in folder.name and folder.name != "data":
                break
            folder = folder.parent


def first_bytes(path: str) -> bytes:
    """As much of a file as tells its format."""
    with reading(path), Path(path).open("rb") as file:
        return file.read(MAGIC_BYTES)


def identity_of(path: str) -> Identity:
    """Which file this is, or an InputError for what would be waited for."""
    try:
        with reading(path):
            status = Path(path).stat()
    except InputError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ELOOP:
            raise InputError("is a loop of links: remove it.", file=path) from error
        if isinstance(error.__cause__, FileNotFoundError) and Path(path).is_symlink():
            raise InputError("is a link to a file that is not there: remove or mend it.", file=path) from error
        raise
    if not stat.S_ISREG(status.st_mode):
        raise InputError('is a pipe or a device, which comes once: give it on standard input, as "-".', file=path)
    return Identity.of(status)


def key_of(path: str, identity: Identity) -> object:
    """What two names of one file have in common."""
    return identity.place if identity.inode else os.path.realpath(path)


def _holds(folder: str, path: str) -> bool:
    """Whether a path lies in a folder, which is given as its real path; a link is where it lies, not what it means."""
    return Path(folder) in (Path(path).parent.resolve() / Path(path).name).parents


def _is_loop(link: str) -> bool:
    try:
        Path(link).stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False
