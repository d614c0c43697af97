"""The lab's Aurora Global Database: a primary from the template, and a standby that follows it through the relay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from drdrill.lab import schema
from drdrill.lab.passwords import ADMIN, REPLICATOR, connection_string
from drdrill.lab.postgres.account import Account
from drdrill.lab.postgres.binaries import Binaries
from drdrill.lab.postgres.cluster import Cluster, Upstream
from drdrill.lab.postgres.database import Connection, ask, until_streaming
from drdrill.lab.postgres.switchover import Side, Switchover
from drdrill.lab.postgres.template import Books, template
from drdrill.lab.programs import Programs
from drdrill.lab.region import Region
from drdrill.lab.state import Switched

ANSWER_S = 10.0


def slot_of(region: str) -> str:
    """The name of the replication slot of a region's standby, which is its ``application_name`` as well."""
    return region.replace("-", "_")


async def open_primary(cluster: Cluster, programs: Programs, binaries: Binaries, account: Account, spare: Path) -> None:
    """Bring the primary up, with the bank's books in it and this lab's passwords."""
    settings = programs.layout.settings
    books = Books(settings.accounts, settings.opening_paise, settings.defect)
    blank = await template(binaries, account, cluster.address, spare, books)
    await asyncio.to_thread(blank.copy_to, cluster.data, account)
    cluster.configure()
    await cluster.start()
    dsn = connection_string(cluster.address, ADMIN, blank.admin_password())
    await ask(dsn, lambda connection: schema.set_passwords(connection, programs.passwords), limit_s=ANSWER_S)


async def open_standby(cluster: Cluster, region: str, primary: str, programs: Programs) -> None:
    """Take a base backup of the primary through the relay, and follow it; returns when the log is streaming."""
    slot = slot_of(region)
    relay = programs.layout.replication(region)
    await cluster.copy_from(Upstream(relay, REPLICATOR, programs.passwords[REPLICATOR], slot))
    await cluster.start()

    def streaming(connection: Connection) -> Awaitable[None]:
        return until_streaming(connection, slot)

    await ask(programs.administrator(primary), streaming, limit_s=programs.layout.settings.open_limit_s)


async def switch_over(source: Region, destination: Region, programs: Programs) -> Switched:
    """Let the primary and its standby exchange their roles; the old primary then follows by the relay in its own region."""
    relay = programs.layout.replication(source.name)
    back = Upstream(relay, REPLICATOR, programs.passwords[REPLICATOR], slot_of(source.name))
    sides = [Side(region.name, region.cluster, programs.administrator(region.name)) for region in (source, destination)]
    return await Switchover(sides[0], sides[1], back).perform()
