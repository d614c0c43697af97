"""The one base of every document: immutable, and an unknown field is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable document that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
