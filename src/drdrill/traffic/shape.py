"""The shape of the arrivals as one word and its numbers: ``steady``, ``spike peak=400,after=30,lasts=20``, as Locust's options have it."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from drdrill.errors import BadInput
from drdrill.model.shape import BankingDay, Replay, Shape, Spike

STEADY = "steady"

_KINDS: dict[str, tuple[type[Spike | BankingDay | Replay], dict[str, str]]] = {
    "spike": (Spike, {"peak": "peak_per_s", "after": "after_s", "climb": "climb_s", "lasts": "lasts_s"}),
    "banking-day": (BankingDay, {"day": "day_s", "begins": "begins_h"}),
    "replay": (Replay, {"file": "file", "speed": "speed", "sha256": "sha256"}),
}
_EXAMPLES = (
    "steady, spike peak=400,after=30,climb=2,lasts=20, banking-day day=600,begins=8, replay file=arrivals.csv,speed=2"
)


def shape_text(shape: Shape | None) -> str:
    """The shape of a plan as one option; ``shape_of`` reads it back."""
    for word, (kind, names) in _KINDS.items():
        if isinstance(shape, kind):
            return f"{word} " + ",".join(f"{name}={getattr(shape, field)}" for name, field in names.items())
    return STEADY


def shape_of(text: str) -> Shape | None:
    """The shape that an option asks for; seconds, hours and operations a second. Raises ``BadInput`` with every problem."""
    word, _, rest = text.strip().partition(" ")
    if word == STEADY and not rest:
        return None
    if word not in _KINDS:
        raise BadInput("nothing is sent", [f"the shape {text!r} is none of these: {_EXAMPLES}"])
    kind, names = _KINDS[word]
    told = dict(part.partition("=")[::2] for part in rest.split(",") if part)
    unknown = [name for name in told if name not in names]
    if unknown:
        raise BadInput("nothing is sent", [f"a {word} has no {', '.join(unknown)}; it has {', '.join(names)}"])
    try:
        return _validated(kind, {names[name]: value for name, value in told.items()})
    except ValidationError as error:
        called = {field: name for name, field in names.items()}
        raise BadInput(
            "nothing is sent", [f"{word}: {called[str(p['loc'][0])]}: {p['msg']}" for p in error.errors()]
        ) from None


def _validated[Kind: BaseModel](kind: type[Kind], fields: dict[str, str]) -> Kind:
    return kind.model_validate(fields)
