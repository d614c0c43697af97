"""What a fault can lay hands on: the levers of the lab, the AWS API, and the book of marks."""

from __future__ import annotations

from dataclasses import dataclass

from drdrill.aws.clients import AwsClients
from drdrill.aws.guard import refuse_unless_lab
from drdrill.errors import NotInjecting
from drdrill.lab.control import LabControl
from drdrill.model.estate import Estate
from drdrill.record.marks import MarkBook


@dataclass(frozen=True)
class Reach:
    """The estate as a fault reaches it. ``aws`` has short time-outs: a fault asks mostly who does *not* answer."""

    estate: Estate
    lab: LabControl
    aws: AwsClients
    marks: MarkBook

    @classmethod
    def to(cls, estate: Estate, marks: MarkBook) -> Reach:
        """Reach into an opened estate. Raises ``NotInjecting`` for anything but a lab, before anything is touched."""
        refuse_unless_lab(estate.target)
        if estate.lab_dir is None:
            raise NotInjecting(
                f"not injecting: target {estate.target.name!r} is a lab, but its estate names no lab directory; "
                "open the lab through drdrill"
            )
        aws = AwsClients(estate, connect_s=0.5, read_s=2.0, attempts=1)
        return cls(estate=estate, lab=LabControl.from_dir(estate.lab_dir), aws=aws, marks=marks)
