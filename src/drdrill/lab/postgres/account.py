"""The account that PostgreSQL runs under, because it refuses to run as root."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drdrill.errors import EstateError

PREFERRED = ("postgres", "nobody", "daemon", "bin")


@dataclass(frozen=True)
class Account:
    """An account; ``switch`` says whether processes must change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_options(self) -> dict[str, Any]:
        """How a process is started as this account."""
        if not self.switch:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or a folder, and everything in it, to this account."""
        if not self.switch:
            return
        os.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(f"{folder}/{name}", self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, path: Path) -> bool:
        """Whether this account may go into the folder, and into every folder on the way."""
        if not self.switch:
            return os.access(path, os.R_OK | os.X_OK)
        return all(self._may_pass(folder) for folder in (path, *path.parents))

    def _may_pass(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def server_account(names: Iterable[str] = PREFERRED) -> Account:
    """Oneself, or for root the first account of ``names`` that exists (initdb needs its passwd entry)."""
    uid = os.geteuid()
    if uid != 0:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError as error:
            raise EstateError(
                f"the lab was not opened: user id {uid} has no passwd entry, and PostgreSQL's initdb needs one; "
                "run as an account that exists"
            ) from error
        return Account(name, uid, os.getegid(), switch=False)
    tried = tuple(names)
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in tried:
        if name in known:
            return Account(name, known[name].pw_uid, known[name].pw_gid, switch=True)
    raise EstateError(
        "the lab was not opened: PostgreSQL refuses to run as root, and none of the accounts "
        f"{', '.join(tried)} exists to run it; add one (for example: useradd --system postgres), or run as an ordinary user"
    )
