"""Whether a database server of the bank's own could be drilled: asked in sessions that can write nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from urllib.parse import quote, urlsplit

from rich.markup import escape
from rich.table import Table

from drdrill.errors import BadInput
from drdrill.native.state import Check

PASSWORD_VARIABLE = "DRDRILL_NATIVE_PASSWORD"  # noqa: S105 (a name, no password)
_ADAPTERS = {
    "mariadb": ("mariadb", "MariaDb", "mysql"),
    "oracle": ("oracle", "Oracle", "oracle"),
    "sql-server": ("sql_server", "SqlServer", "mssql"),
}
"""Engine to the module, the class and the scheme of the URL of its adapter."""
ENGINES = ("postgresql", *_ADAPTERS)
_READ_ONLY = quote("-c default_transaction_read_only=on")


def examine(engine: str, address: str, password: Callable[[], str]) -> tuple[Check, ...]:
    """All checks of the server at ``user@host[:port][/database]``.

    Raises ``BadInput`` when the address is none, holds a password, or the engine's driver is not installed; ``Unprovable`` when the server does
    not answer.
    """
    parts = urlsplit(f"//{address}")
    problems = (
        [] if parts.username and parts.hostname else [f"{address!r} is not of the form USER@HOST[:PORT][/DATABASE]"]
    )
    if parts.password is not None:
        problems = [f"a password on a command line is seen by everyone; give it in {PASSWORD_VARIABLE}, or when asked"]
    if problems:
        raise BadInput("nothing was checked", problems)
    user, _, place = address.rpartition("@")
    where, secret = place, quote(password(), safe="")
    if engine == "postgresql":
        from drdrill.native.postgresql import PostgreSql

        return PostgreSql(where, f"postgresql://{user}:{secret}@{place}?options={_READ_ONLY}").checks()
    module, name, scheme = _ADAPTERS[engine]
    adapter = getattr(_module(module), name)
    checks: tuple[Check, ...] = adapter(where, f"{scheme}://{user}:{secret}@{place}").checks()
    return checks


def statements(engine: str) -> tuple[str, ...]:
    """All that ``examine`` sends to a server of this engine, besides what its driver sends to open the session.

    Raises ``BadInput`` when the engine's adapter keeps no list, or its driver is not installed.
    """
    if engine not in _ADAPTERS:
        raise BadInput("nothing was listed", [f"the adapter for {engine} keeps no list of its statements"])
    listed: tuple[str, ...] = _module(_ADAPTERS[engine][0]).CHECK_STATEMENTS
    return listed


def _module(name: str) -> ModuleType:
    try:
        return import_module(f"drdrill.native.{name}")
    except ImportError as error:
        raise BadInput("nothing was checked", ["the driver is not installed: pip install 'drdrill[native]'"]) from error


def exit_status(checks: Sequence[Check]) -> int:
    """0: all is right; 1: something is not; 2: nothing is wrong, but something could not be seen."""
    if any(check.ok is False for check in checks):
        return 1
    return 2 if not checks or any(check.ok is None for check in checks) else 0


def findings_table(engine: str, address: str, checks: Sequence[Check]) -> Table:
    """One line for each check; what is to be done where it is not right."""
    wrong = sum(check.ok is not True for check in checks)
    said = f"{wrong} of {len(checks)} checks are not right" if wrong else f"all {len(checks)} checks are right"
    table = Table("check", "", "seen", "to do", title=escape(f"{engine} at {address}: {said}"))
    words = {True: "ok", False: "[red]not ok[/]", None: "[yellow]not seen[/]"}
    for check in checks:
        todo = "" if check.ok else check.todo
        table.add_row(escape(check.name), words[check.ok], escape(check.seen), escape(todo))
    return table
