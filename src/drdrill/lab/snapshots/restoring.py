"""Making a data directory out of a snapshot, or finding out that it cannot be done."""

from __future__ import annotations

import asyncio
import shutil
import tarfile
from pathlib import Path

from drdrill.errors import EstateError
from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.postgres.cluster import run
from drdrill.lab.snapshots.shelf import ARCHIVE, MANIFEST

VERIFY = "pg_verifybackup"


async def unpack(place: Path, data: Path, binaries: Binaries, account: Account) -> None:
    """Unpack the snapshot in ``place`` into ``data``, which is emptied first, and let PostgreSQL verify every file and the log.

    Raises ``EstateError`` when it is not a sound backup; nothing is then left in ``data``.
    """
    try:
        await asyncio.to_thread(_extract, place, data, account)
        if not (binaries.folder / VERIFY).is_file():
            raise EstateError(f"{VERIFY} is missing in {binaries.folder}: no backup can be shown to be sound")
        await run(binaries, account, VERIFY, ["--quiet", str(data)], limit_s=300.0)
    except EstateError:
        await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)
        raise


def _extract(place: Path, data: Path, account: Account) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    try:
        with tarfile.open(place / ARCHIVE) as archive:
            archive.extractall(data, filter="tar")  # made by our own pg_basebackup; the filter keeps it inside
        shutil.copy(place / MANIFEST, data / MANIFEST)
    except (OSError, tarfile.TarError) as error:
        raise EstateError(f"the snapshot {place.name} cannot be unpacked ({error})") from error
    data.chmod(0o700)
    account.own(data)
