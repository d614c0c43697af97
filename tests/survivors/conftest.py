"""A bank's books in a real PostgreSQL, new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lab.bank.conftest import Server
from tests.survivors.postgres import open_books, open_server


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    with open_server(5471) as server:
        yield server


@pytest.fixture
def books(_server: Server) -> Server:
    open_books(_server)
    return _server
