"""A machine with another clock: every Python that starts with this folder on its path reads a false monotonic clock.

It is put in before any other code runs, so nothing that is tested can see the true one. ``FALSE_CLOCK`` is
``offset_ns,parts_per_million,epoch_ns``; ``FALSE_CLOCK_JUMP`` names a file of 8 bytes, nanoseconds that are added as long as
they stand there: for all processes of the machine at once.
"""

import mmap
import os
import time
from pathlib import Path
from struct import Struct

_told = os.environ.get("FALSE_CLOCK")
if _told:
    _offset_ns, _ppm, _epoch_ns = (int(part) for part in _told.split(","))
    _true_ns = time.monotonic_ns
    _word = Struct("<q")
    _jump: "mmap.mmap | bytes" = bytes(8)
    if _path := os.environ.get("FALSE_CLOCK_JUMP"):
        with Path(_path).open("r+b") as _file:
            _jump = mmap.mmap(_file.fileno(), 8)

    def _false_ns() -> int:
        now_ns = _true_ns()
        jumped_ns: int = _word.unpack_from(_jump)[0]
        return now_ns + _offset_ns + (now_ns - _epoch_ns) * _ppm // 1_000_000 + jumped_ns

    time.monotonic_ns = _false_ns
