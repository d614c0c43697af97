"""Makes the bank's database on a fresh primary: schema, accounts, and the two roles that may come in."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from drdrill.lab.bank.defect import allows_doubles

DATABASE = "bank"


@dataclass(frozen=True)
class Role:
    """A role of the database and its password (None: the server does not ask this role for one)."""

    name: str
    password: str | None = None


APPLICATION = Role("bank")
AUDITOR = Role("auditor")


def prepare(
    dsn_admin: str,
    accounts: int,
    *,
    opening_paise: int = 10_000_000,
    application: Role = APPLICATION,
    auditor: Role = AUDITOR,
    defect: str = "none",
) -> None:
    """Create the database ``bank`` with accounts 0 to ``accounts`` - 1, each with its opening balance and a floor of 0.

    ``dsn_admin`` leads a superuser to any database of a writable server that has no database ``bank`` yet. The role ``application``
    may read and write the books but not change or delete what was booked; ``auditor`` may read them, and
    see which transactions are open. ``defect`` is what the bank will be started with: some need looser constraints. Raises
    ``psycopg.Error`` when the server refuses.
    """
    with psycopg.connect(dsn_admin, autocommit=True) as server:
        for role in (application, auditor):
            server.execute(_create_role(role))
        server.execute(sql.SQL("GRANT pg_read_all_stats TO {}").format(sql.Identifier(auditor.name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(make_conninfo(dsn_admin, dbname=DATABASE)) as books:
        books.execute(_schema())
        if allows_doubles(defect):
            books.execute("ALTER TABLE entries DROP CONSTRAINT booked_once")
            books.execute("CREATE INDEX entries_of_an_op ON entries (op_id, account)")
        books.execute(
            "INSERT INTO accounts (account, opening_paise, balance_paise, floor_paise)"
            " SELECT n, %(opening)s, %(opening)s, 0 FROM generate_series(0, %(accounts)s - 1) AS n",
            {"opening": opening_paise, "accounts": accounts},
        )
        for grant in _GRANTS:
            books.execute(
                sql.SQL(grant).format(
                    database=sql.Identifier(DATABASE),
                    application=sql.Identifier(application.name),
                    auditor=sql.Identifier(auditor.name),
                )
            )
    with psycopg.connect(make_conninfo(dsn_admin, dbname=DATABASE), autocommit=True) as books:
        books.execute("VACUUM ANALYZE")


_GRANTS: tuple[LiteralString, ...] = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {application}, {auditor}",
    "GRANT SELECT ON accounts, transfers, entries TO {application}, {auditor}",
    "GRANT UPDATE (balance_paise, seq) ON accounts TO {application}",
    "GRANT INSERT ON transfers, entries TO {application}",
    "GRANT USAGE ON SEQUENCE entries_entry_id_seq TO {application}",
    "ALTER ROLE {auditor} SET default_transaction_read_only = on",
)


def _create_role(role: Role) -> sql.Composed:
    create = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role.name))
    if role.password is None:
        return create
    return create + sql.SQL(" PASSWORD {}").format(sql.Literal(role.password))


def _schema() -> LiteralString:
    return files("drdrill.lab.bank").joinpath("schema.sql").read_text(encoding="utf-8")
