"""PostgreSQL is found, or it is said what is missing, what for, where it was looked for and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from drdrill.errors import EstateError
from drdrill.lab.postgres.account import Account, server_account
from drdrill.lab.postgres.binaries import find_binaries, usable_by
from drdrill.lab.settings import LabSettings


def test_the_bundle_is_found_and_says_its_version() -> None:
    binaries = find_binaries(None)
    assert binaries.version.startswith("16.")
    assert Path(binaries["initdb"]).is_file()


def test_missing_programs_are_named_with_the_place_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(EstateError) as told:
        find_binaries(tmp_path)
    said = str(told.value)
    assert said.startswith("the lab was not opened: PostgreSQL's initdb, postgres, pg_basebackup")
    for part in (str(tmp_path), "DRDRILL_POSTGRES_BIN", "make setup"):
        assert part in said


def fake_postgres(folder: Path, version: str) -> Path:
    for name in ("initdb", "postgres", "pg_basebackup", "pg_rewind", "pg_controldata"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_postgresql_that_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EstateError, match=r"the lab was not opened: PostgreSQL 14\.9 in .* is too old"):
        find_binaries(fake_postgres(tmp_path, "14.9"))


def test_a_postgresql_that_does_not_run_is_told(tmp_path: Path) -> None:
    (fake_postgres(tmp_path, "16.1") / "postgres").chmod(0o644)
    with pytest.raises(EstateError, match=r"postgres does not run"):
        find_binaries(tmp_path)


def test_the_environment_names_the_folder_unless_the_settings_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRDRILL_POSTGRES_BIN", str(tmp_path))
    assert LabSettings().postgres_bin == tmp_path
    assert LabSettings(postgres_bin=tmp_path / "other").postgres_bin == tmp_path / "other"


def test_programs_that_the_account_cannot_reach_are_copied_to_where_it_can(tmp_path: Path) -> None:
    binaries = find_binaries(None)
    outsider = Account("outsider", 54321, 54321, switch=True)
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    hidden = closed / "bin"
    hidden.symlink_to(binaries.folder)
    assert not outsider.can_enter(hidden)

    class Shut(Account):
        def can_enter(self, path: Path) -> bool:
            return False

    spare = tmp_path / "spare"
    spare.mkdir()
    copied = usable_by(binaries, Shut("outsider", 54321, 54321, switch=True), spare)
    assert find_binaries(copied.folder).version == binaries.version


def test_root_without_any_account_to_switch_to_is_told_what_to_do() -> None:
    if server_account().switch:
        with pytest.raises(EstateError, match="PostgreSQL refuses to run as root, and none of the accounts nosuch"):
            server_account(["nosuch"])
    else:
        assert server_account(["nosuch"]).switch is False
