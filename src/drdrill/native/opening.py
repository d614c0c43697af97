"""The adapter for a server of the estate: which engine it is, and how an operator reaches it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from drdrill.errors import Unprovable
from drdrill.model.estate import Estate
from drdrill.native.postgresql import PostgreSql
from drdrill.native.replica import Replica


def _oracle(where: str, url: str) -> Replica:
    return _adapter("oracle", "Oracle", where, url)


def _sql_server(where: str, url: str) -> Replica:
    return _adapter("sql_server", "SqlServer", where, url)


def _adapter(module: str, name: str, where: str, url: str) -> Replica:
    """The drivers are an extra: only who uses such an engine needs them."""
    try:
        adapter = getattr(import_module(f"drdrill.native.{module}"), name)
    except ImportError as error:
        raise Unprovable(
            f"{where} cannot be reached: its driver is not installed: pip install 'drdrill[native]'"
        ) from error
    replica: Replica = adapter(where, url)
    return replica


ENGINES: dict[str, Callable[[str, str], Replica]] = {
    "postgresql": PostgreSql,
    "oracle": _oracle,
    "sql-server": _sql_server,
}


def replica_in(estate: Estate, region: str) -> Replica:
    """The server of ``region``. Raises ``Unprovable`` when the target names no engine, or nobody may operate it."""
    native = estate.target.native
    if native is None:
        raise Unprovable(f"{estate.target.name} has no database of its own: its target file has no [native] section")
    if region not in estate.operators:
        raise Unprovable(f"nobody may operate the database in {region}: the estate has no credentials for it")
    return ENGINES[native.engine](region, estate.operators[region])


def native_writer(estate: Estate, region: str) -> str | None:
    """The region that writes as the server of ``region`` sees it: itself, or the other one that it follows; None: nobody.

    Raises ``Unprovable`` when the server does not answer.
    """
    state = replica_in(estate, region).look()
    if state.accepts_writes:
        return region
    if state.role == "standby":
        primary, recovery = estate.target.regions
        return primary if region == recovery else recovery
    return None
