"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path


def describe() -> dict[str, str]:
    """Return the machine and the versions that matter, by name. No name of a person or a host."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "psycopg": version("psycopg"),
        "redis-server": _redis(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _memory() -> str:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return "unknown"
    return f"{pages * size / 2**30:.0f} GB"


def _redis() -> str:
    program = shutil.which("redis-server")
    if program is None:
        return "none"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return next((part[2:] for part in told.stdout.split() if part.startswith("v=")), "unknown")
