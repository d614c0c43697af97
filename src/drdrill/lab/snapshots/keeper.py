"""What one region does with snapshots: take one of its server, fetch one from the other region, tell how far it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from drdrill.errors import EstateError
from drdrill.lab.control import TOKEN_HEADER
from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.postgres.cluster import run
from drdrill.lab.snapshots.config import ShelfConfig
from drdrill.lab.snapshots.shelf import FILES, Shelf, Snapshot

CHUNK_BYTES = 1 << 18
BACKUP_S = 300.0


class Keeper:
    """The snapshots of one region, the unfinished ones included. Belongs to one event loop."""

    def __init__(self, config: ShelfConfig, account: Account) -> None:
        self._config = config
        self._account = account
        self._binaries = Binaries(config.binaries, config.version)
        self.shelf = Shelf(config.folder)
        self._unfinished: dict[str, Snapshot] = {
            name: Snapshot(
                identifier=name, status="failed", made_at=datetime.now(tz=UTC), problem="it was cut off half-way"
            )
            for name in self.shelf.halves()
        }
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def snapshots(self) -> list[Snapshot]:
        """Everything on the shelf, newest first."""
        return [*self._unfinished.values(), *self.shelf.whole()]

    def take(self, identifier: str) -> None:
        """Begin a base backup of the region's server. Raises ``EstateError`` while another is under way."""
        if self._tasks:
            raise EstateError(f"nothing was taken: {', '.join(self._tasks)} is under way")
        self._begin(identifier, self._back_up(identifier))

    def fetch(self, identifier: str, source: str) -> None:
        """Begin to copy ``source`` from the other region's shelf, over the link between them."""
        self._begin(identifier, self._copy(identifier, source))

    async def remove(self, identifier: str) -> None:
        """Remove a snapshot, and end its making."""
        task = self._tasks.get(identifier)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._unfinished.pop(identifier, None)
        await asyncio.to_thread(self.shelf.remove, identifier)

    def _begin(self, identifier: str, making: Coroutine[Any, Any, None]) -> None:
        made = Snapshot(identifier=identifier, made_at=datetime.now(tz=UTC))
        place = self.shelf.place(identifier)
        place.mkdir(mode=0o700)
        self._account.own(place)
        self._unfinished[identifier] = made
        self._tasks[identifier] = asyncio.create_task(self._finish(identifier, making))

    async def _finish(self, identifier: str, making: Coroutine[Any, Any, None]) -> None:
        """Keep the snapshot when its making comes to its end; else it stays, failed, with the reason."""
        try:
            await making
        except (EstateError, aiohttp.ClientError, TimeoutError, OSError) as error:
            failed = {"status": "failed", "problem": str(error) or type(error).__name__}
            self._unfinished[identifier] = self._unfinished[identifier].model_copy(update=failed)
        else:
            whole = self._unfinished[identifier].model_copy(update={"status": "available"})
            self.shelf.keep(whole)
            del self._unfinished[identifier]
        finally:
            del self._tasks[identifier]

    def _note(self, identifier: str, **change: Any) -> None:
        self._unfinished[identifier] = self._unfinished[identifier].model_copy(update=change)

    async def _back_up(self, identifier: str) -> None:
        """``pg_basebackup``, the log up to its end included: what was committed until then is in it."""
        config, place = self._config, self.shelf.place(identifier)
        where = f"host={config.database.host} port={config.database.port} user={config.role}"
        arguments = ["-d", where, "-D", str(place / "backup"), "-F", "tar", "-X", "fetch", "--checkpoint=fast"]
        environment = {**os.environ, "PGPASSWORD": config.password}
        await run(
            self._binaries,
            self._account,
            "pg_basebackup",
            [*arguments, "--no-sync"],
            environment=environment,
            limit_s=BACKUP_S,
        )
        for name in FILES:
            (place / "backup" / name).rename(place / name)
        size = _bytes_of(place)
        self._note(identifier, cut_at=datetime.now(tz=UTC), bytes_done=size, bytes_total=size)

    async def _copy(self, identifier: str, source: str) -> None:
        """Every byte crosses the link; when it is cut in the middle, a part of the archive stays here and is not whole."""
        config = self._config
        patience = aiohttp.ClientTimeout(total=None, sock_connect=config.stall_s, sock_read=config.stall_s)
        base = f"http://{config.other_shelf}/snapshots/{source}"
        async with aiohttp.ClientSession(timeout=patience, headers={TOKEN_HEADER: config.token}) as http:
            async with http.get(base) as answer:
                if answer.status != 200:
                    raise EstateError(f"the other region has no whole snapshot {source}: {await answer.text()}")
                original = Snapshot.model_validate_json(await answer.read())
            self._note(
                identifier,
                cut_at=original.cut_at,
                source_region=config.other_region,
                bytes_total=original.bytes_total,
            )
            for name in reversed(FILES):
                await self._receive(http, f"{base}/{name}", identifier, self.shelf.place(identifier) / name)
        here = _bytes_of(self.shelf.place(identifier))
        if here != original.bytes_total:
            raise EstateError(f"{here} of {original.bytes_total} bytes arrived")

    async def _receive(self, http: aiohttp.ClientSession, url: str, identifier: str, path: Path) -> None:
        async with http.get(url) as answer:
            answer.raise_for_status()
            with path.open("wb") as file:
                async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                    file.write(chunk)
                    done = self._unfinished[identifier].bytes_done + len(chunk)
                    self._note(identifier, bytes_done=done)


def _bytes_of(place: Path) -> int:
    return sum((place / name).stat().st_size for name in FILES)


def archive_of(shelf: Shelf, identifier: str, name: str) -> Path | None:
    """One file of a whole snapshot; None when there is no such file."""
    known = {snapshot.identifier for snapshot in shelf.whole()}
    return shelf.place(identifier) / name if identifier in known and name in FILES else None
