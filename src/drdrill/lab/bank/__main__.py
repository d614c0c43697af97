"""``python -m drdrill.lab.bank --config FILE``: the bank of one region; says ``ready`` when every worker listens."""

from __future__ import annotations

import sys

from drdrill.lab.bank.config import BankConfig
from drdrill.lab.bank.zygote import run
from drdrill.lab.serving import main

if __name__ == "__main__":
    sys.exit(main("the bank", BankConfig, run))
