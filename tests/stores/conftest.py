"""An S3 server of the tests' own, which stumbles when told to, and manifests in it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

USER, PASSWORD = "somebody", "a+secret"


class Store:
    """A server of buckets, by the file system that tests fill it with."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.query = f"?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
        self.files = fs.S3FileSystem(
            access_key=USER,
            secret_key=PASSWORD,
            endpoint_override=f"127.0.0.1:{port}",
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )

    def address(self, path: str) -> str:
        """The address of an object, with the credentials in it."""
        return f"s3://{USER}:{PASSWORD}@{path}{self.query}"

    def put(self, path: str, content: bytes) -> str:
        """Put an object, and give its address."""
        with self.files.open_output_stream(path, compression=None) as stream:
            stream.write(content)
        return self.address(path)

    def get(self, path: str) -> bytes:
        """The bytes of an object."""
        with self.files.open_input_stream(path, compression=None) as stream:
            return bytes(stream.read())

    def fail(self, *faults: dict[str, Any]) -> None:
        """Let the next requests fail; without faults none."""
        self._post("faults", list(faults))

    def seen(self) -> list[list[str]]:
        """Method, path, query and range of the requests since this was asked last."""
        return self._post("seen", [])

    def _post(self, path: str, told: Any) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/-/{path}", json.dumps(told).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def server() -> Iterator[Store]:
    """One server for all tests of a process, on a port that was free."""
    pytest.importorskip("moto", reason="moto is not installed: pip install '.[stores]'")
    pytest.importorskip("flask_cors", reason="flask-cors is not installed: pip install '.[stores]'")
    program = [sys.executable, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        yield Store(int(running.stdout.readline()))
        running.communicate()


@pytest.fixture
def store(server: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The server without faults, and a bucket `test`."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server.files.create_dir("test")
    server.fail()
    yield server
    server.fail()
    server.files.delete_dir_contents("test")
