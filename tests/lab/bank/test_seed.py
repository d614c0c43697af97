"""The books as they are handed over, and who may do what with them."""

from __future__ import annotations

import psycopg
import pytest

from drdrill.lab.bank.seed import Role, prepare

pytestmark = pytest.mark.lab


def test_every_account_is_opened_with_its_balance(server):
    prepare(server.dsn("postgres"), 3, opening_paise=500)

    rows = server.ask("SELECT account, opening_paise, balance_paise, floor_paise, seq FROM accounts ORDER BY account")
    assert rows == [(0, 500, 500, 0, 0), (1, 500, 500, 0, 0), (2, 500, 500, 0, 0)]


@pytest.mark.parametrize(
    "crime",
    [
        "DELETE FROM entries",
        "UPDATE entries SET amount_paise = 0",
        "UPDATE accounts SET floor_paise = -1",
        "INSERT INTO accounts VALUES (99, 0, 0, 0, 0)",
        "DELETE FROM transfers",
        "CREATE TABLE mine (n int)",
        "TRUNCATE entries",
    ],
)
def test_the_application_may_not_rewrite_the_books(server, crime):
    prepare(server.dsn("postgres"), 3)

    with psycopg.connect(server.dsn(user="bank")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(crime)


def test_the_auditor_reads_everything_and_writes_nothing(server):
    prepare(server.dsn("postgres"), 3)

    with psycopg.connect(server.dsn(user="auditor"), autocommit=True) as connection:
        for table in ("accounts", "entries", "transfers"):
            connection.execute(f"SELECT * FROM {table}")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO transfers VALUES (1, 1, 2, 3)")
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO transfers VALUES (1, 1, 2, 3)")


def test_the_auditor_sees_the_open_transactions_of_others(server):
    prepare(server.dsn("postgres"), 3)

    with psycopg.connect(server.dsn(user="bank")) as open_one, psycopg.connect(server.dsn(user="auditor")) as auditor:
        open_one.execute("SELECT 1")
        seen = auditor.execute("SELECT state FROM pg_stat_activity WHERE usename = 'bank'").fetchall()
    assert seen == [("idle in transaction",)]


def test_roles_may_have_other_names_and_passwords(server):
    prepare(server.dsn("postgres"), 3, application=Role("teller", "s'ecret"), auditor=Role("inspector", "x"))

    with psycopg.connect(server.dsn(user="teller")) as connection:
        row = connection.execute("SELECT verdict FROM book(1, 1, 2, 5)").fetchone()
    assert row == ("done",)
    for role in ("teller", "inspector"):
        server.ask(f"DROP OWNED BY {role}")
    server.ask("DROP DATABASE bank WITH (FORCE)", database="postgres")
    for role in ("teller", "inspector"):
        server.ask(f"DROP ROLE {role}", database="postgres")
