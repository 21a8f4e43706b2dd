"""A pyarrow dataset as a manifest: pyarrow reads it, and each of its files on this machine is watched meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import Piece, reading
from .folders import identity_of
from .found import FoundFile
from .memory import MemorySource

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds


class DatasetSource(MemorySource):
    """A pyarrow dataset, a piece for each of its fragments; one that is filtered has none, and is one piece."""

    def __init__(self, dataset: ds.Dataset) -> None:
        files = [file for one in _whole(dataset) for file in getattr(one, "files", ())]
        self._local = {file.path: file for one in _whole(dataset) for file in _local(one)}
        places = (file.identity.place for file in self._local.values())
        super().__init__(dataset.schema, files=tuple(files), places=places)
        self._dataset = dataset

    def pieces(
        self, columns: Sequence[str] | None, *, as_dictionary: Collection[str] = (), as_views: Collection[str] = ()
    ) -> Iterator[Piece]:
        self.check_columns(columns)
        wanted = list(self.schema.names if columns is None else columns)
        try:
            fragments = self._dataset.get_fragments()
        except ValueError:  # it is filtered
            scanner = self._dataset.scanner
            all_of_them = list(self._local.values())
            yield FragmentPiece(lambda: scanner(columns=wanted, use_threads=False), "dataset", None, all_of_them)
            return
        for number, fragment in enumerate(fragments):
            path = getattr(fragment, "path", None)
            file = self._local.get(str(_path_of(fragment.filesystem, path))) if path else None
            watched = [] if file is None else [file]
            yield FragmentPiece(self._scanner(fragment, wanted), path or f"fragment {number}", path, watched)

    def _scanner(self, fragment: ds.Fragment, columns: list[str]) -> Callable[[], ds.Scanner]:
        return lambda: fragment.scanner(schema=self.schema, columns=columns, use_threads=False)


class FragmentPiece(Piece):
    """One fragment of a dataset, or all rows of one that is filtered. Its files are to stay as they were found."""

    def __init__(
        self, scanner: Callable[[], ds.Scanner], label: str, path: str | None, files: Sequence[FoundFile]
    ) -> None:
        super().__init__(label, file=path, first_row=0)
        self._scanner = scanner
        self._files = files

    def batches(self) -> Iterator[pa.RecordBatch]:
        with reading(self.file or self.label, "cannot be decoded"), ExitStack() as watched:
            for file in self._files:
                watched.enter_context(file.reading("cannot be decoded"))
            yield from self._scanner().to_batches()


def _whole(dataset: ds.Dataset) -> Iterator[ds.Dataset]:
    """The datasets that it is a union of, or itself."""
    parts = getattr(dataset, "children", None)
    if parts is None:
        yield dataset
    for part in parts or ():
        yield from _whole(part)


def _local(dataset: ds.Dataset) -> Iterator[FoundFile]:
    """Its files on this machine, as they are now."""
    for name in getattr(dataset, "files", ()):
        path = _path_of(dataset.filesystem, name)
        if path is not None:
            yield FoundFile(str(path), identity_of(str(path)), {})


def _path_of(filesystem: Any, name: str) -> Path | None:
    """Where a file of a file system is on this machine; None where it is elsewhere."""
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    if isinstance(filesystem, SubTreeFileSystem):
        return _path_of(filesystem.base_fs, f"{filesystem.base_path}{name}")
    return Path(name) if isinstance(filesystem, LocalFileSystem) else None
