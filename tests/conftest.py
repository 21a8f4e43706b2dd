"""Hypothesis profiles, the memory limit that tests run with, and the data that they share; no test and no meaning.

`DEMINIMIS_TEST_MEMORY=1B pytest` gives every run that states no memory limit this one, so that days are released and
records spilled wherever they can be; answers are to be the same.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deminimis.run.budget import ENVIRONMENT

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("ci", max_examples=40, deadline=None, suppress_health_check=SLOW, print_blob=True)
settings.register_profile("few", parent=settings.get_profile("ci"), max_examples=8)
settings.register_profile("thorough", parent=settings.get_profile("ci"), max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    # What a shell starts in the background ignores Ctrl-C, and below nohup the end of its terminal.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line("markers", "usual_memory: says something of the default memory limit, so it keeps that")


@pytest.fixture(autouse=True)
def default_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory limit of runs that state none."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    size = os.environ.get("DEMINIMIS_TEST_MEMORY")
    if size and "usual_memory" not in request.keywords:
        monkeypatch.setenv(ENVIRONMENT, size)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real manifests beside the repository; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real manifests are not beside the repository")
    return folder
