"""When only a part of the requests failed: how many must be good before it is sure that the failing has ended.

After the last failure that was seen the fault may still be in force, and have spared what came next. With a share e of
failures, k good operations in a row come about by such luck with probability (1 - e)^k. The share is not known, it was
seen: b failures and g good operations from the first failure to the last. Gaps between failures are geometric; with the prior that
adds nothing (Haldane's, Beta(0, 0)) the share has the posterior Beta(b - 1, g) after b - 1 gaps, and k more good ones have the
predictive probability prod_{i < k} (g + i) / (b - 1 + g + i) (the beta-geometric distribution). Where every operation
failed, g is 0 and one good operation is enough.
"""

from __future__ import annotations

DOUBT = 0.001
"""The probability with which an interval may end before its outage did."""


def operations_to_be_sure(bad: int, good: int, at_most: int | None = None) -> int:
    """How many operations in a row must be good before the outage is over with probability 1 - ``DOUBT``.

    ``bad`` and ``good`` are the operations from the first to the last failure, both included; ``at_most`` is what a
    window of the service level holds: a whole good window is what the plan calls served, however rare the failures were.
    """
    gaps = bad - 1
    if gaps <= 0:
        return at_most or 1
    by_luck, needed = 1.0, 0
    while by_luck > DOUBT and (at_most is None or needed < at_most):
        by_luck *= (good + needed) / (gaps + good + needed)
        needed += 1
    return max(needed, 1)
