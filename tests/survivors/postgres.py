"""A real PostgreSQL server for tests and benchmarks that read books back, with the bank's own tables in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.bank.conftest import Server

from drdrill.lab.bank.seed import prepare
from drdrill.lab.postgres.account import server_account
from drdrill.lab.postgres.binaries import find_binaries, usable_by

ACCOUNTS = 40
OPENING_PAISE = 1_000_000_000_000


@contextmanager
def open_server(port: int) -> Iterator[Server]:
    """A running server without a bank; its data goes when the block ends."""
    account, found = server_account(), find_binaries(None)
    with tempfile.TemporaryDirectory(prefix="books-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        home = folder / "clusters"
        home.mkdir()
        account.own(home)
        server = Server(home, usable_by(found, account, folder / "programs"), account, port)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.kill()


def open_books(server: Server) -> None:
    """Give the server a new bank, whatever it held before."""
    server.ask("DROP DATABASE IF EXISTS bank WITH (FORCE)", database="postgres")
    for role in ("bank", "auditor"):
        server.ask(f"DROP ROLE IF EXISTS {role}", database="postgres")
    prepare(server.dsn("postgres"), ACCOUNTS, opening_paise=OPENING_PAISE)


def fill(server: Server, entries: int) -> None:
    """So many ledger rows, in pairs, with increasing ids."""
    server.ask(
        "INSERT INTO entries (op_id, account, amount_paise, seq) "
        f"SELECT (1::bigint << 40) + n / 2, mod(n, {ACCOUNTS}), CASE mod(n, 2) WHEN 0 THEN -100 ELSE 100 END, n / {ACCOUNTS} + 1"
        f" FROM generate_series(0, {entries} - 1) AS n"
    )
