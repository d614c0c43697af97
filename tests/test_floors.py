"""The house has floors: imports point down, never up, never sideways between rooms of one floor."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "drdrill"

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "waiting", "model", "lambdas"}),
    frozenset({"measure", "native", "report"}),
    frozenset({"aws", "lab", "record", "machine", "queries"}),
    frozenset(
        {
            "faults",
            "runbooks",
            "traffic",
            "survivors",
            "safety",
            "plan",
            "interruption",
            "performer",
            "dossier",
            "doctor",
        }
    ),
    frozenset({"perform", "calibration"}),
    frozenset({"cli", "pytest_plugin", "chaos"}),
)
GROUND = 0
SIDEWAYS_ALLOWED = {
    ("waiting", "errors"),  # the ground floor is one room: a wait that gives up raises an error of the tree
    ("safety", "faults"),  # what is undone is a fault; safety is the landing of floor 3
}


def _rooms() -> list[str]:
    return sorted(
        {path.stem for path in SOURCE.iterdir() if path.name not in ("__init__.py", "py.typed", "__pycache__")}
    )


def _floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name.split(".")[1] for name in found if name.startswith("drdrill.")}


def test_every_room_has_a_floor() -> None:
    """A new file at the top of the package must be given its floor here."""
    assert set(_rooms()) == set().union(*FLOORS)


@pytest.mark.parametrize("room", _rooms())
def test_imports_point_down(room: str) -> None:
    """A room may import the floors below it, and itself."""
    home = SOURCE / room
    files = sorted(home.rglob("*.py")) if home.is_dir() else [home.with_suffix(".py")]
    assert files, f"{room} is empty"
    wrong = [
        f"{path.relative_to(SOURCE)} (floor {_floor_of(room)}) imports {used} (floor {_floor_of(used)})"
        for path in files
        for used in _imports(path)
        if used != room and (room, used) not in SIDEWAYS_ALLOWED and _floor_of(used) >= _floor_of(room)
    ]
    assert not wrong


def test_the_judge_knows_only_the_record() -> None:
    """Nothing under measure/ may reach a clock, a disk, a network or a process."""
    banned = {"time", "datetime", "os", "pathlib", "io", "socket", "subprocess", "random", "logging", "asyncio"}
    for path in (SOURCE / "measure").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert not banned.intersection(name.split(".")[0] for name in names), f"{path.name} imports {names}"
