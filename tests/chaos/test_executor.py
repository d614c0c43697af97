"""The executor refuses before anything is done, each time with its own exit status and one sentence."""

import os
import subprocess
import sys
from pathlib import Path

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "aurora-global-region-loss.yaml"


def _run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "DRDRILL_SESSION"}
    words = [sys.executable, "-m", "drdrill.chaos.executor", str(EXPERIMENT), str(tmp_path / "journal.json")]
    return subprocess.run(words, capture_output=True, text=True, env=clean | environment, check=False)


def test_without_an_open_drill_nothing_is_done(tmp_path: Path) -> None:
    """Exit 3, one sentence, no journal."""
    done = _run(tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("not injecting: no drill is open")
    assert not (tmp_path / "journal.json").exists()


def test_with_a_session_that_is_gone_nothing_is_done(tmp_path: Path) -> None:
    """The drill was closed meanwhile."""
    done = _run(tmp_path, DRDRILL_SESSION=str(tmp_path / "session.json"))
    assert done.returncode == 3
    assert "the drill is closed" in done.stderr
