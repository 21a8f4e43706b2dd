"""Which objects of a store an address means: one, those below a folder, or those that a pattern matches.

What is passed over below a folder, and which folders are tables with a log of their own, is as on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ...errors import InputError
from .. import folders
from ..folders import LeftOut
from ..identity import Identity
from .address import Address, asking
from .fetched import StoreFile

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo

Partition = Callable[[str], dict[str, str | None]]
"""The columns that the folders of a path say."""
HEAD_THREADS = 8


def find_objects(address: Address, partition_of: Partition, left_out: list[LeftOut]) -> list[StoreFile]:
    """The objects that are data, in the order of their keys; what was passed over is added to `left_out`.

    Raises
    ------
    InputError
        Nothing is there, or it is the folder of a table whose log says what counts.
    """
    if "*" in address.path:
        return _matching(address, partition_of, left_out)
    info = address.info()
    if info.is_file:
        _check_beside_no_table(address)
        return [_object(address, info, partition_of)]
    if info.type.name == "NotFound":
        raise InputError("there is no such file or folder.", file=address.name)
    found = list(_data(address, address.path, _listed(address, address.path), partition_of, left_out))
    if not found:
        raise InputError("the folder holds no Parquet, CSV or Arrow file.", file=address.name)
    return found


def ask_for_heads(found: Iterable[StoreFile]) -> None:
    """Fetch the first bytes of several objects at once: their formats are looked at one after another."""
    several = list(found)
    if len(several) > 1:
        from concurrent.futures import ThreadPoolExecutor  # slow to import

        with ThreadPoolExecutor(HEAD_THREADS) as threads:
            try:
                asked = threads.map(StoreFile.first_bytes, several)
            except RuntimeError:  # no thread can be started
                threads.shutdown(cancel_futures=True)
            else:
                list(asked)


def _listed(address: Address, folder: str) -> list[FileInfo]:
    """Everything below a folder, in the order of keys."""
    from pyarrow.fs import FileSelector

    with asking(address.name_of(folder)):
        infos = address.filesystem.get_file_info(FileSelector(folder, recursive=True, allow_not_found=True))
    return sorted(infos, key=lambda info: str(info.path))


def _data(
    address: Address, folder: str, infos: list[FileInfo], partition_of: Partition, left_out: list[LeftOut]
) -> Iterator[StoreFile]:
    _check_are_no_table(address, infos)
    passed: set[str] = set()  # folders
    for info in infos:
        parts = PurePosixPath(info.path).relative_to(folder).parts
        above = [f"{folder}/{'/'.join(parts[:depth])}" for depth in range(1, len(parts))]
        if any(one in passed for one in above):
            continue
        name = address.name_of(info.path)
        left = folders.passed_over_by_name(name, is_folder=not info.is_file)
        if left is not None and not info.is_file:
            passed.add(info.path)
        one = _object(address, info, partition_of) if info.is_file and left is None else None
        if one is not None:
            left = folders.judged(name, one.bytes, one.first_bytes)
        if left is not None:
            left_out.append(left)
        elif one is not None:
            yield one


def _matching(address: Address, partition_of: Partition, left_out: list[LeftOut]) -> list[StoreFile]:
    """The objects that a pattern matches: `*` within a name, `**/` over folders too."""
    before = address.path[: address.path.index("*")].rpartition("/")[0]
    if not before:
        raise InputError("a pattern stands behind the name of the bucket.", file=address.name)
    pattern = re.compile(_as_regex(address.path))
    infos = [info for info in _listed(address, before) if info.is_file and pattern.fullmatch(info.path)]
    for folder in {PurePosixPath(info.path).parent for info in infos}:
        _check_beside_no_table(address._replace(path=f"{folder}/-"))
    if address.path.endswith("*"):  # it matches what a folder passes over
        found = list(_data(address, before, infos, partition_of, left_out))
    else:
        found = [_object(address, info, partition_of) for info in infos]
    if not found:
        raise InputError("no file matches.", file=address.name)
    return found


def _as_regex(pattern: str) -> str:
    """As the shell means it: no star matches a dot that a name begins with."""
    parts = re.split(r"(\*\*/|\*+)", pattern)
    told = [r"(?:(?!\.)[^/]+/)*" if one == "**/" else "[^/]*" if "*" in one else re.escape(one) for one in parts]
    return re.sub(r"(^|/|\*)\[\^/\]\*", r"\1(?!\\.)[^/]*", "".join(told))


def _object(address: Address, info: FileInfo, partition_of: Partition) -> StoreFile:
    one = address._replace(path=info.path)
    identity = Identity(*one.place, info.size or 0, info.mtime_ns or 0)
    return StoreFile(one.name, identity, partition_of(one.name), one)


def _check_are_no_table(address: Address, infos: list[FileInfo]) -> None:
    """Refuse a listing in which a table's log lies."""
    for info in infos:
        path = PurePosixPath(info.path)
        for kind, mark in (("a Delta", "_delta_log"), ("a Hudi", ".hoodie")):
            if mark in path.parts:
                raise _is_table(kind, address.name_of(str(path).partition(f"/{mark}")[0]))
        if path.parent.name == "metadata" and path.name.endswith(".metadata.json"):
            raise _is_table("an Iceberg", address.name_of(str(path.parent.parent)))


def _check_beside_no_table(address: Address) -> None:
    """Refuse the data files of such a table, which lie in its folder, in `key=value` ones of it, or in `data`."""
    from pyarrow.fs import FileSelector

    folder = PurePosixPath(address.path).parent
    while len(folder.parts) >= 1 and str(folder) != ".":
        with asking(address.name):
            near = address.filesystem.get_file_info(FileSelector(str(folder), allow_not_found=True))
            _check_are_no_table(address, near)
            if any(info.base_name == "metadata" and not info.is_file for info in near):
                inside = FileSelector(f"{folder}/metadata", allow_not_found=True)
                _check_are_no_table(address, address.filesystem.get_file_info(inside))
        if "=" not in folder.name and folder.name != "data":
            return
        folder = folder.parent


def _is_table(kind: str, name: str) -> InputError:
    mend = "give the table as an object of its own library, or write it as one Parquet file"
    return InputError(f"is {kind} table: its log says which of its files count: {mend}.", file=name)
