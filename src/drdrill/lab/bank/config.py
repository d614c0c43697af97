"""What one region's bank is told when it is started."""

from __future__ import annotations

from pydantic import Field, field_validator

from drdrill.errors import BadInput
from drdrill.lab.bank.defect import parse_defects
from drdrill.model.frozen import Frozen


class BankConfig(Frozen):
    """One region's bank: one worker for each address in ``listen``.

    ``dsn`` leads to the database that takes writes, ``reader`` to the one that balances and statements are read from
    (None: the same; and the same while the reader is gone). Both may list several hosts, which are tried in turn; names of hosts
    need ``dns``, the name server to ask; its answers are remembered for ``remember_s``, if that is longer than they say. ``deadline_s`` is the longest that a request may wait for the
    database, all together; then its connection is shut down, and the answer makes no promise. ``defect`` plants bugs
    (``drdrill.lab.bank.defect``). ``log`` is where whoever starts the bank sends its standard error.
    """

    region: str
    release: str
    listen: tuple[str, ...] = Field(min_length=1)
    dsn: str
    reader: str | None = None
    dns: str | None = None
    remember_s: float = Field(default=0.0, ge=0)
    defect: str = "none"
    sessions_per_worker: int = Field(default=3, ge=1)
    deadline_s: float = Field(default=1.2, gt=0)
    log: str | None = None

    @field_validator("defect")
    @classmethod
    def _known(cls, text: str) -> str:
        try:
            parse_defects(text)
        except BadInput as error:
            raise ValueError(str(error)) from error
        return text
