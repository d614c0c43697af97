"""The ways in which the lab's AWS says no: each with the code that AWS has for it, and one that only the lab has."""

from __future__ import annotations

NOT_IN_LAB = "NotImplementedInLab"


class AwsFault(Exception):
    """An error that the client sees as ``ClientError`` with this code, message and HTTP status.

    ``status`` None takes the status that AWS's own model of the service has for the code.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


class NotInLab(AwsFault):
    """The lab does not have this. HTTP 501, which no retry mode of botocore repeats."""

    def __init__(self, what: str, because: str = "") -> None:
        reason = f" ({because})" if because else ""
        super().__init__(NOT_IN_LAB, f"nothing was done: the lab does not have {what}{reason}", 501)
