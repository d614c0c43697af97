"""A calibration as one page for people, drawn from its result alone."""

from __future__ import annotations

from drdrill.model.calibration import Calibration
from drdrill.report.calibration import HEADS, rows
from drdrill.report.calibration_picture import calibration_inline
from drdrill.report.page import environment
from drdrill.report.palette import PALETTE


def render_calibration_html(calibration: Calibration) -> str:
    """The page; same calibration, same bytes."""
    held = sum(kind.contained for kind in calibration.kinds)
    trials = sum(len(kind.trials) for kind in calibration.kinds)
    page: str = (
        environment()
        .get_template("calibration.html.j2")
        .render(
            calibration=calibration,
            rows=rows(calibration),
            heads=HEADS,
            palette=PALETTE,
            picture=calibration_inline(calibration),
            told=f"{held} of {trials} repetitions hold the truth.",
        )
    )
    return page
