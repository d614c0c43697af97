"""A drill as a pytest test: the fixture ``drill`` performs an experiment, and fails with the finding's own sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drdrill.model.estate import Estate
from drdrill.model.judgement import Finding, Judgement, Verdict
from drdrill.model.operation import Kind, Outcome
from drdrill.record.operations import read_operations


@dataclass(frozen=True)
class Rehearsed:
    """What a scenario may ask about a drill that was performed."""

    judgement: Judgement
    folder: Path
    exit_status: int

    def finding(self, finding_id: str) -> Finding:
        """The finding with this id; fails the test, naming those there are, when there is none."""
        for finding in self.judgement.findings:
            if finding.id == finding_id:
                return finding
        known = ", ".join(finding.id for finding in self.judgement.findings)
        pytest.fail(f"no finding is called {finding_id!r}; there are {known}", pytrace=False)

    def must_pass(self) -> None:
        """Fail the test with the sentence of every finding that did not pass."""
        grave = [f for f in self.judgement.findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
        if self.judgement.verdict is not Verdict.PASS:
            sentences = "\n".join(f"{f.verdict.upper()} {f.id}: {f.reason}" for f in grave)
            pytest.fail(
                f"the drill's verdict is {self.judgement.verdict}\n{sentences}\nreport: {self.report}", pytrace=False
            )

    def acked_in(self, recorder: str) -> dict[int, int]:
        """Operation id to amount in paise of every acknowledged write of one recorder, straight from its file."""
        operations, *_ = read_operations(self.folder / "operations" / f"{recorder}.ops")
        acked = operations[(operations["outcome"] == Outcome.ACKED) & (operations["kind"] == Kind.WRITE)]
        return dict(zip(acked["op_id"].tolist(), acked["amount_paise"].tolist(), strict=True))

    @property
    def report(self) -> Path:
        """The report for people."""
        return self.folder / "report.html"


_ATTACHED = {"report.html": "HTML", "findings.json": "JSON", "marks.jsonl": "TEXT"}

Rehearse = Callable[..., Rehearsed]


@pytest.fixture
def drill(request: pytest.FixtureRequest, tmp_path: Path) -> Rehearse:
    """Perform ``drill("experiments/x.yaml", defect="none")`` on the lab, and attach report and findings to Allure.

    ``inspect`` is called with the open estate after the survivors were read, ``inspect_reconciled`` after they were read once
    more behind a reconciliation; other key words choose the lab's settings.
    """
    # Imported here: a plug-in is loaded into every pytest run, and most of them perform no drill.
    import allure

    from drdrill.lab.settings import LabSettings
    from drdrill.perform import Stage, rehearse
    from drdrill.plan import read_plan

    root = request.config.rootpath

    def perform(
        experiment: str | Path,
        *,
        target: str = "targets/lab.toml",
        inspect: Callable[[Estate], None] | None = None,
        inspect_reconciled: Callable[[Estate], None] | None = None,
        time_scale: float | None = None,
        **settings: Any,
    ) -> Rehearsed:
        path = root / experiment
        with allure.step(f"read the plan {experiment}"):
            plan = read_plan(path, root / target, time_scale=time_scale)
        said: list[str] = []
        with allure.step(f"perform: {plan.title}"):
            stage = Stage(
                experiment=path,
                reports=tmp_path / "evidence",
                settings=LabSettings(**settings),
                inspect=inspect,
                inspect_reconciled=inspect_reconciled,
            )
            rehearsal = rehearse(plan, stage, said.append)
            allure.attach("\n".join(said), "what was said while it ran", allure.attachment_type.TEXT)
        folder = rehearsal.folder.root
        with allure.step(f"judged: {rehearsal.judgement.verdict}"):
            for finding in rehearsal.judgement.findings:
                with allure.step(f"{finding.verdict}: {finding.title}: {finding.reason}"):
                    pass
            for name, kind in _ATTACHED.items():
                allure.attach.file(str(folder / name), name, getattr(allure.attachment_type, kind))  # type: ignore[no-untyped-call]
        return Rehearsed(judgement=rehearsal.judgement, folder=folder, exit_status=rehearsal.exit_status)

    return perform
