"""What one region's bank is told when it is started."""

from __future__ import annotations

from pydantic import Field, field_validator

from drdrill.errors import BadInput
from drdrill.lab.bank.defect import parse_defects
from drdrill.model.frozen import Frozen


class BankConfig(Frozen):
    """One region's bank: one worker for each address in ``listen``.

    ``dsn`` must not name a host by a name that has to be resolved. ``deadline_s`` is the longest that a request may wait for the
    database, all together; then its connection is shut down, and the answer makes no promise. ``defect`` plants bugs
    (``drdrill.lab.bank.defect``). ``log`` is where whoever starts the bank sends its standard error.
    """

    region: str
    release: str
    listen: tuple[str, ...] = Field(min_length=1)
    dsn: str
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
