from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest

from drdrill.model.judgement import Judgement, Verdict
from drdrill.report import junit_xml

from . import sample


def suite(judgement: Judgement) -> Element:
    found = fromstring(junit_xml(judgement).encode()).find("testsuite")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "failures", "errors", "skipped"),
    [("passed", 0, 0, 1), ("failed", 3, 0, 1), ("unknown", 0, 2, 0), ("never-restored", 1, 0, 0), ("aborted", 0, 1, 0)],
)
def test_each_verdict_has_its_element(name: str, failures: int, errors: int, skipped: int) -> None:
    found = suite(sample.SAMPLES[name]())
    assert [found.get(x) for x in ("failures", "errors", "skipped")] == [str(failures), str(errors), str(skipped)]
    assert [len(found.findall(f"testcase/{x}")) for x in ("failure", "error", "skipped")] == [failures, errors, skipped]
    assert found.get("tests") == str(len(found.findall("testcase")))


def test_the_sentence_of_the_finding_is_the_message() -> None:
    messages = {element.get("message") for element in suite(sample.failed()).iter("failure")}
    assert "32 acknowledged payments are not in the books that serve now" in messages


def test_no_suite_is_green_unless_the_drill_passed() -> None:
    nothing = sample.passed().model_copy(update={"findings": ()})
    graver = sample.passed().model_copy(update={"verdict": Verdict.FAIL})
    aborted = sample.passed().model_copy(update={"exit_status": 5})
    for judgement in (nothing, graver, aborted):
        found = suite(judgement)
        assert (found.get("failures"), found.get("errors")) != ("0", "0")


def test_hostile_text_is_still_xml() -> None:
    odd = sample.RTO_MET.model_copy(update={"reason": '</failure>"<x>\x00\x1b\ud800', "verdict": Verdict.FAIL})
    element = suite(sample.passed().model_copy(update={"findings": (odd,)})).find("testcase/failure")
    assert element is not None
    assert '</failure>"<x>' in str(element.get("message"))
