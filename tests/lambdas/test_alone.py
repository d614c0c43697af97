"""The functions stand alone: what is put into a Lambda is this folder, boto3 and the standard library."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import drdrill.lambdas

FOLDER = Path(drdrill.lambdas.__file__).parent
ALLOWED = {"boto3", "botocore", *sys.stdlib_module_names}


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module))
    return {name.split(".")[0] for name in names}


def test_nothing_but_boto3_and_the_standard_library_is_imported() -> None:
    for path in FOLDER.glob("*.py"):
        assert _imported(path) <= ALLOWED, f"{path.name} imports {_imported(path) - ALLOWED}"


def test_a_copy_of_the_folder_under_another_name_is_a_deployment(tmp_path: Path) -> None:
    """As in a Lambda's zip file; nothing of drdrill is loaded."""
    shutil.copytree(FOLDER, tmp_path / "recovery", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from recovery.health_monitor import handler\n"
        "from recovery.snapshot_keeper import handler as keeper\n"
        "assert callable(handler) and callable(keeper)\n"
        "print(sorted(name for name in sys.modules if name.startswith('drdrill.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
