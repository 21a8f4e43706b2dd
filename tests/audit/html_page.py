"""What a page says of itself: its elements, tables and texts, for the tests of reports; and a browser that shows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

VOID = {"meta", "link", "line", "rect", "path", "img", "br", "hr", "input"}
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WORDS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
]


class Page(HTMLParser):
    """Every element with its attributes, in order, and what stands open when it starts; every text with where it is."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data.strip()))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of these kinds."""
        return [attributes for tag, attributes, _ in self.elements if tag in tags]


def tables(text: str) -> dict[str, list[list[str]]]:
    """The cells of every table by its caption, a line each; the head is the first, where there is one."""
    found = {}
    for table in re.findall(r"<table>(.*?)</table>", text, re.S):
        caption = re.findall(r"<caption>(.*?)</caption>", table, re.S)[0]
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        found[caption] = [[re.sub("<.*?>", "", c) for c in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)] for row in rows]
    return found


def without_time(text: str) -> str:
    """A page without what differs from one run to the next."""
    return re.sub("<time>.*?</time>", "", text)


def browse(page: Path, *words: str) -> str:
    """Show a page in a browser, and give what its console says."""
    if BROWSER is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    folder = page.parent / f"browser-{os.urandom(4).hex()}"
    command = [BROWSER, *WORDS, "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}", *words]
    ended = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    return "\n".join(line for line in ended.stderr.splitlines() if "CONSOLE" in line)
