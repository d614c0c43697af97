"""A cluster with the bank's empty tables, made once per version and copied from then on: initdb costs more than all the rest."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import psycopg

from drdrill.errors import EstateError
from drdrill.lab import schema
from drdrill.lab.bank import seed
from drdrill.lab.bank.defect import allows_doubles
from drdrill.lab.passwords import ADMIN, connection_string, new_password
from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.postgres.cluster import SETTINGS, Cluster, run
from drdrill.lab.postgres.database import ask
from drdrill.model.estate import Address

INITDB = (
    "-k",
    "-U",
    ADMIN,
    "-A",
    "scram-sha-256",
    "-E",
    "UTF8",
    "--no-locale",
    "--no-sync",
    "--no-instructions",
)
_PASSWORD = "password"  # noqa: S105 (the name of a file)
_DATA = "data"
_MANIFEST = "sizes.json"
_LIMIT_S = 60.0
KEPT = 6


@dataclass(frozen=True)
class Template:
    """A stopped cluster in ``folder/data``, and its administrator's password, which every lab replaces at once."""

    folder: Path

    def admin_password(self) -> str:
        """The administrator's password in a fresh copy."""
        return (self.folder / _PASSWORD).read_text()

    def copy_to(self, data: Path, account: Account) -> None:
        """Put a copy into ``data``, which must not exist, for the account to run."""
        shutil.copytree(self.folder / _DATA, data, symlinks=True)
        data.chmod(0o700)
        account.own(data)


def cache_folder() -> Path:
    """Where templates are kept: ``XDG_CACHE_HOME/drdrill``, else ``~/.cache/drdrill``."""
    chosen = os.environ.get("XDG_CACHE_HOME")
    return (Path(chosen) if chosen else Path.home() / ".cache") / "drdrill"


@dataclass(frozen=True)
class Books:
    """What the bank's books are like before the first payment."""

    accounts: int
    opening_paise: int
    defect: str = "none"


async def template(binaries: Binaries, account: Account, address: Address, spare: Path, books: Books) -> Template:
    """The cached template with these books, made now if there is none.

    ``address`` is where the server listens while the template is made; ``spare`` is a folder that the account can
    enter. A cache that cannot be written is done without: the template then stays in ``spare``.
    """
    cached = cache_folder() / f"postgresql-{binaries.version}-{_digest(books)}"
    if await asyncio.to_thread(_is_whole, cached):
        os.utime(cached)
        return Template(cached)
    made = await _make(binaries, account, address, spare / "template", books)
    return await asyncio.to_thread(_keep, made, cached)


def _digest(books: Books) -> str:
    """Of everything that the template is made from, the code that writes the books included."""
    bank = files("drdrill.lab.bank")
    code = [bank.joinpath(name).read_text(encoding="utf-8") for name in ("schema.sql", "seed.py")]
    doubles = allows_doubles(books.defect)
    recipe = json.dumps([code, books.accounts, books.opening_paise, doubles, schema.OWN_TABLES, INITDB, SETTINGS])
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


async def _make(binaries: Binaries, account: Account, address: Address, folder: Path, books: Books) -> Template:
    password = new_password()
    folder.mkdir(mode=0o700)
    (folder / _PASSWORD).write_text(password)
    account.own(folder)
    data = folder / _DATA
    await run(binaries, account, "initdb", [*INITDB, f"--pwfile={folder / _PASSWORD}", "-D", str(data)])
    cluster = Cluster("the template", data, address, binaries, account, folder / "log")
    cluster.configure()
    await cluster.start()
    try:
        await _fill(address, password, books)
    except BaseException:
        await cluster.kill()
        raise
    await cluster.stop()
    return Template(folder)


async def _fill(address: Address, password: str, books: Books) -> None:
    try:
        await asyncio.to_thread(
            seed.prepare,
            connection_string(address, ADMIN, password, "postgres"),
            books.accounts,
            opening_paise=books.opening_paise,
            defect=books.defect,
        )
    except psycopg.Error as error:
        raise EstateError(f"the lab was not opened: the bank's books cannot be made ({error})") from error
    await ask(connection_string(address, ADMIN, password), schema.create_own_tables, limit_s=_LIMIT_S)


def _keep(made: Template, cached: Path) -> Template:
    """Put a template into the cache in one step, so that labs opened at the same time never see half of one."""
    try:
        cached.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=cached.parent, prefix="making-") as making:
            whole = Path(making) / "template"
            shutil.copytree(made.folder, whole, symlinks=True, ignore=shutil.ignore_patterns("log"))
            (whole / _MANIFEST).write_text(json.dumps(_sizes(whole / _DATA)))
            if cached.exists() and not _is_whole(cached):
                cached.rename(Path(making) / "damaged")
            whole.rename(cached)
        _forget_the_oldest(cached.parent)
    except OSError:
        # Another lab was faster, or there is no cache to write to; it saves time and nothing else.
        return Template(cached) if _is_whole(cached) else made
    return Template(cached)


def _forget_the_oldest(cache: Path) -> None:
    """Other settings and other releases have templates of their own; those used last are kept."""
    by_use = sorted(cache.glob("postgresql-*"), key=lambda path: path.stat().st_mtime)
    for path in by_use[:-KEPT]:
        shutil.rmtree(path)


def _sizes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def _is_whole(cached: Path) -> bool:
    """Whether every file has the size it was made with: a power cut may have taken what was not on the disk yet."""
    try:
        sizes = json.loads((cached / _MANIFEST).read_text())
    except (OSError, ValueError):
        return False
    return bool(sizes == _sizes(cached / _DATA))
