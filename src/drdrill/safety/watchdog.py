"""``python -m drdrill.safety.watchdog``: heals a drill whose performer has died, even by ``kill -9``, or has run too long.

It shares nothing with the performer but the session file and the undo book, and ignores the terminal's Ctrl-C: that is the
performer's to act on. It ends by itself once the performer is gone and nothing is open.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from pathlib import Path

from drdrill.errors import DrillError
from drdrill.model.estate import Session
from drdrill.model.mark import DRILL_ABORTED
from drdrill.record.folder import RecordFolder
from drdrill.record.marks import MarkBook
from drdrill.safety.heal import heal_open_faults, undo_book
from drdrill.safety.session import read_session
from drdrill.waiting import wait_until

GRACE_S = 30.0
"""How long a performer that was told to stop may take to heal by itself."""

HEAL_LIMIT_S = 120.0


def watch(session: Session, pid: int, max_duration_s: float) -> int:
    """Wait for the performer's end, or for the limit; then see to it that nothing stays open. Returns the exit status."""
    try:
        performer = os.pidfd_open(pid)
    except ProcessLookupError:
        return _heal_until_done(session)
    try:
        if not _ended_within(performer, max_duration_s):
            _stop(session, performer, max_duration_s)
    finally:
        os.close(performer)
    return _heal_until_done(session)


def _ended_within(pidfd: int, limit_s: float) -> bool:
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    return bool(poller.poll(int(limit_s * 1000)))


def _stop(session: Session, performer: int, max_duration_s: float) -> None:
    reason = f"the drill ran longer than its limit of {max_duration_s:g} s"
    MarkBook(RecordFolder(Path(session.evidence_dir)).marks).add(DRILL_ABORTED, "safety.watchdog", reason=reason)
    _say(f"aborting the drill: {reason}")
    try:
        signal.pidfd_send_signal(performer, signal.SIGTERM)
    except ProcessLookupError:
        return
    _ended_within(performer, GRACE_S)


def _heal_until_done(session: Session) -> int:
    """Heal, and try again while the estate is still falling: its end and ours may come at the same moment."""
    refused: list[str] = []

    def healed() -> bool:
        try:
            for sentence in heal_open_faults(session):
                _say(sentence)
        except DrillError as error:
            refused.append(str(error))
        return not undo_book(session).open_undos()

    try:
        wait_until("nothing is open", healed, limit_s=HEAL_LIMIT_S, every_s=1.0, seen=lambda: refused[-1:])
    except DrillError as error:
        _say(f"faults stay in force: {error}; run drdrill heal {session.evidence_dir}")
        return error.exit_status
    return 0


def _say(sentence: str) -> None:
    sys.stderr.write(f"watchdog: {sentence}\n")
    sys.stderr.flush()


def main() -> int:
    """Read the session once, at the start: it may be removed while we watch."""
    parser = argparse.ArgumentParser(prog="drdrill.safety.watchdog")
    parser.add_argument("--session", type=Path, required=True, help="path of the session file")
    parser.add_argument("--pid", type=int, required=True, help="process id of the performer")
    parser.add_argument("--max-duration-s", type=float, required=True, help="seconds that the drill may last")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    session = read_session(arguments.session)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return watch(session, arguments.pid, arguments.max_duration_s)


if __name__ == "__main__":
    sys.exit(main())
