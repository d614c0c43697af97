"""What several scenarios share."""

from pathlib import Path

import pytest
from scenarios.auditor import Auditor


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    """One who asks Hyderabad's books what they lack, after the drill that this test performs."""
    return Auditor(tmp_path / "evidence", "ap-south-2")
