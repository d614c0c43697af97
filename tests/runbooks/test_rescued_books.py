"""Two books in a real PostgreSQL are compared by operation id: what one lacks, or holds otherwise, in the order of booking."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from tests.lab.bank.conftest import Server
from tests.survivors.postgres import open_books, open_server

from drdrill.errors import Unprovable
from drdrill.runbooks import rescued_books
from drdrill.runbooks.rescued_books import Comparison, Difference, Transfer, compare_books

pytestmark = pytest.mark.lab
Books = tuple[str, str]
Row = tuple[int, int, int]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for both books."""
    with open_server(5473) as running:
        open_books(running)
        yield running


@pytest.fixture
def books(server: Server) -> Books:
    """Connection strings of the rescued and the surviving books, both without a payment."""
    for name in ("rescued", "surviving"):
        server.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", database="postgres")
        server.ask(f"CREATE DATABASE {name} TEMPLATE bank", database="postgres")
    return server.dsn("rescued"), server.dsn("surviving")


def book(dsn: str, *transfers: tuple[int, int, int, int]) -> None:
    """Payments: operation id, from, to, paise."""
    for op_id, debit, credit, paise in transfers:
        write(dsn, (op_id, debit, -paise), (op_id, credit, paise))


def write(dsn: str, *rows: Row) -> None:
    """Single ledger rows: operation id, account, paise; each is the account's next."""
    statement = sql.SQL(
        "INSERT INTO entries (op_id, account, amount_paise, seq) "
        "SELECT %(op)s, %(account)s, %(paise)s, 1 + count(*) FROM entries WHERE account = %(account)s"
    )
    with psycopg.connect(dsn) as connection:
        for op_id, account, paise in rows:
            connection.execute(statement, {"op": op_id, "account": account, "paise": paise})


def test_what_only_the_old_primary_booked_is_found_in_the_order_of_booking(books: Books) -> None:
    rescued, surviving = books
    both = (1, 2, 3, 100)
    book(rescued, both, (9, 4, 5, 700), (8, 5, 6, 50))
    book(surviving, both, (20, 1, 2, 10))
    lost = tuple(Difference(Transfer(*one, whole=True), None) for one in ((9, 4, 5, 700), (8, 5, 6, 50)))
    assert compare_books(rescued, surviving) == Comparison(3, lost)


def test_the_same_id_with_other_details_is_a_difference(books: Books) -> None:
    rescued, surviving = books
    book(rescued, (1, 2, 3, 100))
    book(surviving, (1, 2, 4, 100))
    (found,) = compare_books(rescued, surviving).differences
    assert found.other == Transfer(1, 2, 4, 100, whole=True)


@pytest.mark.parametrize("rows", [((1, 2, -100),), ((1, 2, -100), (1, 3, 90)), ((1, 2, -100), (1, 3, 50), (1, 4, 50))])
def test_what_is_no_debit_and_credit_of_one_amount_is_not_whole(books: Books, rows: tuple[Row, ...]) -> None:
    rescued, surviving = books
    write(rescued, *rows)
    (found,) = compare_books(rescued, surviving).differences
    assert found.rescued.whole is False


def test_no_payment_is_lost_at_the_edge_of_a_batch(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescued_books, "_BATCH", 3)
    rescued, surviving = books
    book(rescued, *((number, 1, 2, 100) for number in range(1, 11)))
    book(surviving, *((number, 1, 2, 100) for number in range(1, 11) if number not in (3, 4, 10)))
    compared = compare_books(rescued, surviving)
    assert compared.rescued == 10
    assert [found.rescued.op_id for found in compared.differences] == [3, 4, 10]


def test_books_that_cannot_be_read_reconcile_nothing(books: Books, server: Server) -> None:
    with pytest.raises(Unprovable, match="nothing was reconciled: the rescued books cannot be read"):
        compare_books(server.dsn("nowhere"), books[1])
