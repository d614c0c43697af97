"""Mumbai is lost while customers pay; the Aurora Global Database fails over to Hyderabad."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import allure
import psycopg
import pytest

from drdrill.model.estate import Estate
from drdrill.pytest_plugin import Rehearse

pytestmark = [
    pytest.mark.lab,
    allure.parent_suite("Aurora Global Database"),
    allure.label("strategy", "aurora-global"),
    allure.label("disaster", "region-loss"),
]


@allure.title("Mumbai is lost; payments continue from Hyderabad within the objectives")
def test_payments_continue_from_hyderabad_when_mumbai_is_lost(drill: Rehearse) -> None:
    """RTO one minute, RPO one second, no split brain, no relapse, books in order."""
    rehearsed = drill("experiments/aurora-global-region-loss.yaml")

    rehearsed.must_pass()
    assert rehearsed.exit_status == 0


@allure.title("The loss that is reported is the loss that an independent SQL query finds")
def test_the_reported_loss_is_what_an_independent_sql_query_finds(drill: Rehearse, tmp_path: Path) -> None:
    """Half a second of replication lag, so that there is something to lose; counted by the database itself."""
    found: dict[str, int] = {}

    def ask_the_bank(estate: Estate) -> None:
        acked = acked_transfers(tmp_path / "evidence")
        with psycopg.connect(estate.ledgers["ap-south-2"]) as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(paise), 0) FROM unnest(%s::bigint[], %s::bigint[]) AS acked(op, paise) "
                "WHERE NOT EXISTS (SELECT FROM transfers WHERE transfers.op_id = acked.op)",
                (list(acked), list(acked.values())),
            ).fetchone()
        assert row is not None
        found.update(operations=row[0], paise=int(row[1]))

    rehearsed = drill("scenarios/sabotaged/lag.yaml", inspect=ask_the_bank)

    lost = rehearsed.judgement.loss.classes["lost"]
    assert found["operations"] > 0, "nothing was lost, so nothing was compared"
    assert (lost.operations, lost.paise) == (found["operations"], found["paise"])
    assert rehearsed.finding("rpo").interval is not None
    assert rehearsed.judgement.loss.lag_metric_s is not None
    assert rehearsed.judgement.loss.lag_metric_s > 0.4


def acked_transfers(evidence: Path) -> dict[int, int]:
    """Id to paise of every acknowledged transfer, read from the raw 64-byte slots by their documented offsets alone."""
    acked: dict[int, int] = {}
    for path in evidence.glob("*/operations/*.ops"):
        content = path.read_bytes()[4096:]
        for at in range(0, len(content) - 63, 64):
            op_id, _journey, kind, state, outcome = struct.unpack_from("<qBBBB", content, at)
            if kind == 1 and state == 2 and outcome == 1:
                acked[op_id] = struct.unpack_from("<q", content, at + 16)[0]
    return acked


@allure.title("Chaos Toolkit's own runner performs the same file inside an open drill")
def test_chaos_run_performs_the_same_file_inside_an_open_drill(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """``drdrill open EXPERIMENT -- chaos run …``; its journal and our marks agree."""
    bin_folder = Path(sys.executable).parent
    chaos = [str(bin_folder / "chaos"), "--no-version-check", "run", "--journal-path", "{journal}", "{experiment}"]
    words = [str(bin_folder / "drdrill"), "open", "experiments/aurora-global-region-loss.yaml"]
    done = subprocess.run(
        [*words, "--reports", str(tmp_path), "--json", "--", *chaos],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    findings = {finding["id"]: finding for finding in json.loads(done.stdout.splitlines()[-1])["findings"]}
    assert findings["journal"]["verdict"] == "pass"
