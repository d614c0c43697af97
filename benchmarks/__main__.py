"""Every benchmark, one after the other: ``python -m benchmarks [--full]``, or ``make bench``.

They measure, so nothing else should run beside them. ``--full`` judges 100 million operations as well (10 GB of disk, in the folder for
temporary files), and judges by SQL.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

ALL = {
    "recording one operation": ["benchmarks.recording"],
    "judging": ["benchmarks.judge"],
    "reading the survivors": ["benchmarks.survivors"],
    "sending requests": ["benchmarks.load_generator"],
    "a stall, as a closed loop sees it": ["benchmarks.closed_loop"],
    "clocks that are wrong": ["benchmarks.false_clocks"],
}
FULL = {"judging": ["--millions", "1", "10", "100", "--sql"]}


def main() -> int:
    """Run them all; the number of those that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="judge 100 million operations too, and by SQL")
    options = parser.parse_args()
    failed = 0
    for title, words in ALL.items():
        print(f"\n## {title}\n", flush=True)
        more = FULL.get(title, []) if options.full else []
        failed += subprocess.run([sys.executable, "-m", *words, *more], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
