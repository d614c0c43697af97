"""Documents are kept true by tests: what they name exists, and what exists is named."""

import re
from pathlib import Path

import click
import pytest

from drdrill.cli import main
from drdrill.faults.catalogue import CATALOGUE
from drdrill.lab.bank.defect import NAMES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        assert "://" in link or (document.parent / link).exists(), f"{document.name} links to {link}"


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_readme_and_explains_itself(command: str) -> None:
    assert f"drdrill {command}" in README
    assert main.commands[command].get_short_help_str()


def test_every_command_the_readme_names_exists() -> None:
    named = set(re.findall(r"drdrill (run|judge|report|heal|open|[a-z]+) (?:reports|experiments)", README))
    assert named <= set(main.commands)


def test_every_make_target_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", README, flags=re.MULTILINE)) <= targets


@pytest.mark.parametrize("experiment", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_experiment_is_in_the_readme(experiment: Path) -> None:
    assert f"experiments/{experiment.name}" in README


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "src" / "drdrill").iterdir() if path.is_dir()))
def test_every_room_is_in_the_readme(room: str) -> None:
    assert room == "__pycache__" or f"`{room}`" in README


@pytest.mark.parametrize("fault", CATALOGUE)
def test_every_fault_has_a_row(fault: str) -> None:
    assert f"| `{fault}` |" in (ROOT / "docs" / "faults.md").read_text()


@pytest.mark.parametrize("defect", NAMES)
def test_every_planted_defect_is_explained(defect: str) -> None:
    assert f"`{defect}`" in (ROOT / "docs" / "lab.md").read_text()


def test_every_option_has_help() -> None:
    for name, command in main.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"drdrill {name} {parameter.opts[0]} has no help"


def test_nothing_names_the_host_of_a_package_index_or_a_path_of_one_machine() -> None:
    banned = re.compile("|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "/ro" + "ot/", "/wo" + "rk/"]))
    files = [*DOCUMENTS, ROOT / "requirements.lock", ROOT / "pyproject.toml", ROOT / "Makefile"]
    files += [
        path
        for folder in ("src", "tests", "tools", "scenarios")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".py", ".sh", ".txt", ".yaml")
    ]
    for path in files:
        assert not banned.search(path.read_text()), f"{path.relative_to(ROOT)} names a host or a machine's path"
