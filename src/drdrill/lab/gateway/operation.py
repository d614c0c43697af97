"""What an operation of the lab's own is: a function from a call to the answer's members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drdrill.lab.gateway.call import Call

Operation = Callable[[Call], Mapping[str, Any]]
"""Raises ``AwsFault`` to say no. Must be thread-safe."""
