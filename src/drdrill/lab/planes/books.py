"""A server that begins with the bank's books in it, as every plane's first one does."""

from __future__ import annotations

import asyncio

from drdrill.lab import schema
from drdrill.lab.passwords import ADMIN, connection_string
from drdrill.lab.planes.plane import Ground
from drdrill.lab.postgres.cluster import Cluster
from drdrill.lab.postgres.database import ask
from drdrill.lab.postgres.template import Books, template

ANSWER_S = 10.0


async def open_with_books(cluster: Cluster, ground: Ground) -> None:
    """Bring a server up from the template, with the bank's books in it and this lab's passwords."""
    programs, account = ground.programs, ground.account
    settings = programs.layout.settings
    books = Books(settings.accounts, settings.opening_paise, settings.defect)
    blank = await template(ground.binaries, account, cluster.address, ground.spare, books)
    await asyncio.to_thread(blank.copy_to, cluster.data, account)
    cluster.configure()
    await cluster.start()
    dsn = connection_string(cluster.address, ADMIN, blank.admin_password())
    await ask(dsn, lambda connection: schema.set_passwords(connection, programs.passwords), limit_s=ANSWER_S)
