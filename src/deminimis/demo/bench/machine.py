"""What a figure has to say of the machine and of the versions that it was made by."""

from __future__ import annotations

import os
import platform
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ... import __version__
from ...kernels.choice import chosen_file
from ...machine import default_threads


@dataclass(frozen=True)
class Machine:
    """A machine, the kernel's level in use and the versions."""

    cpu: str
    cores: int
    system: str
    kernel: str
    version: str
    python: str
    pyarrow: str


def this_machine() -> Machine:
    """This one."""
    return Machine(
        cpu=cpu_name(),
        cores=default_threads(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        kernel=chosen_file().parent.name,
        version=__version__,
        python=platform.python_version(),
        pyarrow=pa.__version__,
    )


def cpu_name() -> str:
    """The processor's own name, or the machine's kind where it does not tell."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip().lower() in ("model name", "cpu model", "hardware") and value.strip():
                return value.strip()
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=True, timeout=5
        )
        if told.stdout.strip():
            return told.stdout.strip()
    return platform.processor() or os.environ.get("PROCESSOR_IDENTIFIER", "") or platform.machine()
