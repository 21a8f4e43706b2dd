"""An S3 server on this machine (moto), with faults that a test asks for and a list of the requests that came.

It prints its port and ends when its standard input does. POST /-/faults takes a JSON list of faults, each for the next
`times` requests of a `method` and `key`; POST /-/seen gives the requests since the last time.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ERRORS = {"500": ("500 Internal Server Error", "InternalError"), "403": ("403 Forbidden", "AccessDenied")}

lock = threading.Lock()
faults: list[dict[str, Any]] = []
seen: list[list[str]] = []
store = DomainDispatcherApplication(create_backend_app)


def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if path.startswith("/-/"):
        text = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with lock:
            if path == "/-/faults":
                faults[:] = json.loads(text)
            told = json.dumps(seen).encode()
            seen.clear()
        start("200 OK", [("Content-Length", str(len(told)))])
        return [told]
    with lock:
        seen.append([method, path, environ.get("QUERY_STRING", ""), environ.get("HTTP_RANGE", "")])
        fault = next((one for one in faults if one["method"] == method and path.endswith(one["key"])), None)
        if fault is not None:
            fault["times"] -= 1
            if not fault["times"]:
                faults.remove(fault)
    if fault is None:
        return store(environ, start)
    if fault["what"] == "cut":
        body = b"".join(store(environ, start))
        return [body[: len(body) // 2]]
    environ["wsgi.input"] = io.BytesIO()
    status, code = ERRORS[fault["what"]]
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>asked for</Message></Error>".encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(text)))])
    return [text] if method != "HEAD" else []


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, serve, threaded=True, request_handler=WSGIRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
