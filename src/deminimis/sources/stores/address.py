"""Addresses of object stores: which text is one, the file system behind it, and its name without credentials.

The file system is pyarrow's, and so are credentials: they come from the environment, or stand in the address. What is
shown of an address, in messages, summaries and notes, is never more than its scheme, its store and its path.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from ...addresses import is_in_store, masked, scheme_of
from ...errors import InputError
from ..base import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyarrow.fs import FileInfo, FileSystem

_KEPT = "/%:@!$&'()*+,;=~-._"
"""What stays as it is in the path of an address; anything else is quoted, as keys are written with blanks."""


_SECRET_LEAST = 4
_DENIALS = ("ACCESS_DENIED", "AccessDenied", "INVALID_ACCESS_KEY_ID", "InvalidAccessKeyId", "status 401", "status 403")


class Address(NamedTuple):
    """A place in an object store.

    Parameters
    ----------
    filesystem : pyarrow.fs.FileSystem
    path : str
        Within the file system: bucket and key.
    front : str
        What its name begins with; behind it comes the path without `lead`.
    lead : str
        The start of the path that `front` says already.
    store : str
        What tells this store from others, credentials aside.
    """

    filesystem: FileSystem
    path: str
    front: str
    lead: str
    store: str

    @property
    def name(self) -> str:
        """What it is called."""
        return self.name_of(self.path)

    def name_of(self, path: str) -> str:
        """What another path of the file system is called."""
        return self.front + path.removeprefix(self.lead)

    @property
    def is_native(self) -> bool:
        """Whether pyarrow itself asks the store, so that threads can ask at once."""
        return not self.filesystem.type_name.startswith("py::")

    @property
    def place(self) -> tuple[str, str]:
        """What all names of an object share, as device and inode do of a file."""
        return self.store, self.path

    def info(self, path: str | None = None) -> FileInfo:
        """What the store says is there.

        Raises
        ------
        InputError
            It cannot be asked, or denies it.
        """
        path = self.path if path is None else path
        with asking(self.name_of(path)):
            return self.filesystem.get_file_info(path)


def parse(given: str | os.PathLike[str]) -> Address | None:
    """The place that an address of an object store means; None for anything else.

    Raises
    ------
    InputError
        It is written wrongly, or this pyarrow does not know its store.
    """
    scheme = scheme_of(given)
    if scheme is None or not is_in_store(given):
        return None
    text = os.fspath(given)
    parts = urlsplit(text, allow_fragments=False)
    shown = masked(text)
    if not isinstance(given, str):
        raise InputError("is a Path, which eats a slash of an address: give it as text.", file=shown)
    if not text[len(scheme) + 1 :].startswith("//") or not parts.netloc:
        raise InputError(f"is no whole address: write {scheme}://BUCKET/KEY.", file=shown)
    from pyarrow.fs import FileSystem  # slow to import, and most manifests are on the disk

    uri = parts._replace(scheme=scheme, path=quote(parts.path, safe=_KEPT)).geturl()
    try:
        filesystem, path = FileSystem.from_uri(uri)
    except Exception as error:  # pyarrow's words have the whole address
        told = "cannot be parsed" if text in str(error) or uri in str(error) else _without(reason_of(error), text)
        if isinstance(error, OSError):
            raise InputError(f"its store cannot be reached ({told}).", file=shown) from None
        raise InputError(f"is an address that pyarrow does not take ({told}).", file=shown) from None
    path = path.rstrip("/")
    if scheme.startswith("abfs") and "@" in parts.netloc:  # its first part is in front, and in the path
        front = shown[: shown.index("/", len(scheme) + 3) + 1] if parts.path else f"{shown}/"
        lead = f"{path.partition('/')[0]}/"
    else:
        front, lead = f"{scheme}://", ""
    endpoint = ",".join(parse_qs(parts.query).get("endpoint_override", []))
    return Address(filesystem, path, front, lead, f"{scheme}://{parts.hostname if lead else ''}|{endpoint}")


def _without(message: str, address: str) -> str:
    """A message of pyarrow without the secrets of an address."""
    parts = urlsplit(address, allow_fragments=False)
    secrets = [one for many in parse_qs(parts.query).values() for one in many if len(one) >= _SECRET_LEAST]
    secrets += [one for one in (parts.username, parts.password) if one and len(one) >= _SECRET_LEAST]
    for secret in secrets:
        message = message.replace(unquote(secret), "***").replace(secret, "***")
    return message


@contextmanager
def asking(name: str) -> Iterator[None]:
    """Say what a store says when it denies what is asked, or is not there."""
    try:
        yield
    except OSError as error:
        if is_denied(error):
            raise InputError(
                "may not be read: the store denies it to the credentials of this environment.", file=name
            ) from error
        if isinstance(error, FileNotFoundError):
            raise
        raise InputError(f"its store does not answer as it should ({reason_of(error)}).", file=name) from error


def is_denied(error: OSError) -> bool:
    """Whether a store means that these credentials are not enough."""
    return isinstance(error, PermissionError) or any(word in str(error) for word in _DENIALS)
