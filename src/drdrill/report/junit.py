"""Findings as JUnit XML, so that any CI server can show a drill among its tests."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from drdrill.model.judgement import Finding, Judgement, Verdict
from drdrill.report.verdicts import gravest, headline_word, stopped_early
from drdrill.report.wording import clean

_ELEMENTS = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error", Verdict.NOT_ASSESSED: "skipped"}


def junit_xml(judgement: Judgement) -> str:
    """One test case for each finding: fail is a failure, unknown an error, not assessed skipped.

    A verdict that no finding carries (nothing was checked, the drill was aborted) is a case of its own, because a
    suite without a red case would read as a pass.
    """
    suite = Element("testsuite", name="drdrill")
    properties = SubElement(suite, "properties")
    for name, value in (("drill_id", judgement.drill_id), ("verdict", headline_word(judgement))):
        SubElement(properties, "property", name=name, value=clean(value))
    for finding in judgement.findings:
        _add_case(suite, judgement, finding)
    if stopped_early(judgement) or gravest(judgement) not in {Verdict.PASS, *(f.verdict for f in judgement.findings)}:
        _add_case(suite, judgement, _the_verdict_itself(judgement))
    for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{element}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _the_verdict_itself(judgement: Judgement) -> Finding:
    verdict = gravest(judgement)
    word = headline_word(judgement)
    return Finding(
        id="verdict",
        title="the drill as a whole",
        objective="pass",
        observed=word,
        interval=None,
        unit="",
        verdict=Verdict.FAIL if verdict is Verdict.FAIL else Verdict.UNKNOWN,
        reason=f"the drill as a whole is {word}, beside what its findings say",
    )


def _add_case(suite: Element, judgement: Judgement, finding: Finding) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=clean(f"drdrill.{judgement.drill_id}"),
        name=clean(f"{finding.id}: {finding.title}"),
    )
    element = _ELEMENTS.get(finding.verdict)
    if element is not None:
        told = SubElement(case, element, message=clean(finding.reason))
        if element != "skipped":
            told.set("type", finding.verdict.value)
        told.text = clean(f"objective {finding.objective or 'none'}; observed {finding.observed}")
