"""Which machine and which software this is: what a calibration holds for, and what a drill is compared with."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version


def this_machine() -> str:
    """The machine in one line: architecture, processors, kernel, and a digest of its name (never the name itself)."""
    name = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    return f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}, host {name}"


def software_versions(packages: Iterable[str]) -> dict[str, str]:
    """The versions of Python and of installed packages."""
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
