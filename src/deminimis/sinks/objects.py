"""Objects of a store that appear whole or not at all: gathered in a nameless file here, and sent in one go at the end.

An upload that was begun cannot be called off: pyarrow completes what it lets go of. So nothing is sent before all of it
is there, and an interrupt waits for its end.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Collection
from typing import BinaryIO, cast

from ..errors import InputError
from ..sources.base import reason_of
from ..sources.identity import Place
from ..sources.stores.address import Address, is_denied
from .files import Output

SENT_BYTES = 8 << 20
TRIES = 2


class NewObject(Output):
    """An object in the making. `commit` puts it in the place of what was there; `abort` leaves that as it is."""

    def __init__(self, address: Address, inputs: Collection[Place] = ()) -> None:
        self._address = address
        if address.place in inputs:
            raise InputError("is a file that is read, and would be overwritten: give another.", file=address.name)
        bucket = address.path.partition("/")[0]
        if "/" not in address.path or "*" in address.path:
            raise InputError("names no object: write the bucket and a key.", file=address.name)
        if address.info(bucket).type.name == "NotFound":
            raise InputError(f"there is no {address.name_of(bucket)}: make it first.", file=address.name)
        super().__init__(cast(BinaryIO, tempfile.TemporaryFile(buffering=0)), address.name, is_owned=True)  # noqa: SIM115

    def commit(self) -> None:
        wrong: list[BaseException] = []

        def send() -> None:
            try:
                self._send_all()
            except BaseException as error:
                wrong.append(error)

        thread = threading.Thread(target=send, name="deminimis-upload")
        try:
            thread.start()
        except RuntimeError:  # no thread can be started: an interrupt is heard at the end of each block
            send()
        interrupt: BaseException | None = None
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt as error:
                interrupt = error
        self._file.close()
        if wrong:
            raise wrong[0]
        if interrupt is not None:
            raise interrupt

    def _send_all(self) -> None:
        for times in range(1, TRIES + 1):
            try:
                self._send_once()
                break
            except OSError as error:
                if is_denied(error):
                    wrong = "may not be written: the store denies it to the credentials of this environment."
                    raise InputError(wrong, file=self.name) from error
                if times == TRIES:
                    raise InputError(f"could not be sent ({reason_of(error)}): try again.", file=self.name) from error
        size = self._address.info().size
        if size != self.bytes:
            raise InputError(f"has {size or 0:,} bytes in its store, of {self.bytes:,}: send it again.", file=self.name)

    def _send_once(self) -> None:
        """Send it; a write that fails leaves an upload that its end refuses to complete."""
        self._file.seek(0)
        filesystem, path = self._address.filesystem, self._address.path
        with filesystem.open_output_stream(path, compression=None) as stream:  # of .gz it would pack what is packed
            while block := self._file.read(SENT_BYTES):
                stream.write(block)
