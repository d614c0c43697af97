"""What the lab has in its databases beside the bank's own schema."""

from __future__ import annotations

from psycopg import sql

from drdrill.lab.passwords import OPERATOR, REPLICATOR, Passwords
from drdrill.lab.postgres.database import SCRATCH, Connection

OWN_TABLES = f"""
CREATE TABLE {SCRATCH} (at timestamptz NOT NULL);
CREATE ROLE {REPLICATOR} LOGIN REPLICATION;
CREATE ROLE {OPERATOR} LOGIN IN ROLE pg_monitor, pg_signal_backend;
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO {OPERATOR}', current_database()); END $$;
GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf() TO {OPERATOR};
GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only TO {OPERATOR};
"""


async def create_own_tables(connection: Connection) -> None:
    """What the lab needs beside the bank's schema. Roles have no password yet, and so cannot log in."""
    await connection.execute(OWN_TABLES.encode())


async def set_passwords(connection: Connection, passwords: Passwords) -> None:
    """Give every role the password of this lab, all at once."""
    async with connection.transaction():
        for role, password in passwords.by_role.items():
            change = sql.SQL("ALTER ROLE {} PASSWORD {}")
            await connection.execute(change.format(sql.Identifier(role), sql.Literal(password)))
