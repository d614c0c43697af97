"""Where records change hands: a folder that both sides can reach, or an S3 bucket."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from drdrill.errors import BadInput

PlaceError = (OSError, BotoCoreError, ClientError, S3UploadFailedError)
"""All that a place raises when it cannot be reached, or refuses."""


class Place(Protocol):
    """Files of one drill by name. Every call may raise ``PlaceError``."""

    def put(self, source: Path, name: str) -> None:
        """Store a file; nobody sees half of it."""

    def names(self) -> frozenset[str]:
        """What is there."""

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to ``target``, on the disk when this returns. Raises ``FileNotFoundError`` when it is not there."""

    def remove(self, name: str) -> None:
        """Take a file away."""


def place_of(url: str, drill_id: str) -> Place:
    """The place of one drill under ``s3://bucket/prefix`` or a path. Raises ``BadInput`` for anything else."""
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        return Bucket(parts.netloc, str(PurePosixPath(parts.path.strip("/")) / drill_id))
    if parts.scheme not in ("", "file") or not parts.path:
        raise BadInput(
            "nothing can be handed over", [f"{url!r} is neither a folder nor of the form s3://bucket/prefix"]
        )
    return Folder(Path(parts.path) / drill_id)


class Folder:
    """A folder, on a file system that every machine mounts."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, source: Path, name: str) -> None:
        """Copy under another name, sync, rename."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._root / f".{name}.partial"
        _copy(source, partial)
        partial.replace(self._root / name)

    def names(self) -> frozenset[str]:
        """Files that are there in full."""
        try:
            return frozenset(path.name for path in self._root.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return frozenset()

    def fetch(self, name: str, target: Path) -> None:
        """Copy it."""
        _copy(self._root / name, target)

    def remove(self, name: str) -> None:
        """Unlink it."""
        (self._root / name).unlink()


class Bucket:
    """Objects under a prefix. Credentials, region and endpoint come as boto3 finds them (``AWS_ENDPOINT_URL_S3``, roles, …)."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        config = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 3, "mode": "standard"})
        self._s3: Any = boto3.Session().client("s3", config=config)

    def put(self, source: Path, name: str) -> None:
        """Upload it; an object appears in full or not at all, and S3 checks its SHA-256."""
        self._s3.upload_file(str(source), self._bucket, self._key(name), ExtraArgs={"ChecksumAlgorithm": "SHA256"})

    def names(self) -> frozenset[str]:
        """Objects directly under the prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._key(""))
        return frozenset(
            found["Key"].removeprefix(self._key("")) for page in pages for found in page.get("Contents", ())
        )

    def fetch(self, name: str, target: Path) -> None:
        """Download it."""
        try:
            self._s3.download_file(self._bucket, self._key(name), str(target))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                raise FileNotFoundError(2, "no such object", name) from error
            raise
        _sync(target)

    def remove(self, name: str) -> None:
        """Delete it."""
        self._s3.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"


def _copy(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with source.open("rb") as original, os.fdopen(descriptor, "wb") as copy:
        shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
