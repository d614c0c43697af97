from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from drdrill.measure.judging import judge
from drdrill.measure.story import story
from drdrill.model.judgement import Judgement, MarkAt, Verdict
from drdrill.report import ReportContext, render_html

from . import sample
from .test_presence import CLASSES, FLAGS

DRILL = sample.drill()
HOSTILE = (
    "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7 * 7 }} $\\frac{1}{2 & \x1b[2J\ud800 भुगतान"
)
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements, the text outside of styles, and whatever is not closed as it was opened."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += " " + data

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


@pytest.fixture(scope="module", params=list(sample.SAMPLES))
def rendered(request: pytest.FixtureRequest) -> tuple[Judgement, str]:
    judgement = sample.SAMPLES[request.param]()
    return judgement, render_html(DRILL, judgement, context=sample.CONTEXT)


def render(judgement: Judgement, context: ReportContext = sample.CONTEXT, **changes: object) -> str:
    return render_html(DRILL.model_copy(update=changes), judgement, context=context)


def test_every_element_is_closed_in_order(rendered: tuple[Judgement, str]) -> None:
    page = Page(rendered[1])
    assert page.open == []
    assert page.crossed == []


def test_nothing_is_fetched_and_nothing_runs(rendered: tuple[Judgement, str]) -> None:
    source, page = rendered[1], Page(rendered[1])
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image"} & set(page.tags)
    assert "http://" not in source and "https://" not in source and "@import" not in source
    assert all(value.startswith("#") for _, name, value in page.attributes if name in ("href", "xlink:href", "src"))
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", source))
    assert "default-src 'none'" in next(value for _, name, value in page.attributes if name == "content")


def test_ids_are_unique_and_every_reference_has_its_target(rendered: tuple[Judgement, str]) -> None:
    page = Page(rendered[1])
    ids = Counter(value for _, name, value in page.attributes if name == "id")
    assert [identity for identity, number in ids.items() if number > 1] == []
    links = {value[1:] for _, name, value in page.attributes if name in ("href", "xlink:href")}
    links |= set(re.findall(r"url\(#([^)]*)\)", rendered[1]))
    links |= {word for _, name, value in page.attributes if name == "aria-labelledby" for word in value.split()}
    assert links <= set(ids)


def test_pictures_can_be_heard_and_tables_reached_by_keyboard(rendered: tuple[Judgement, str]) -> None:
    page = Page(rendered[1])
    pictures = [value for tag, name, value in page.attributes if tag == "svg" and name == "role"]
    assert pictures == ["img"] * page.tags["svg"]
    scrolled = [value for _, name, value in page.attributes if name == "class" and value == "wide"]
    assert len(scrolled) == sum(1 for _, name, value in page.attributes if name == "tabindex" and value == "0")


def test_every_finding_stands_there_with_its_sentence(rendered: tuple[Judgement, str]) -> None:
    text = Page(rendered[1]).text
    for finding in rendered[0].findings:
        assert finding.reason in text
        assert finding.observed in text
        assert finding.title in text


def test_every_class_and_flag_is_explained(rendered: tuple[Judgement, str]) -> None:
    rows = re.findall(r'<th scope="row">([^<]*)</th>', rendered[1])
    assert set(CLASSES) | set(FLAGS) <= set(rows)


def test_a_page_is_small(rendered: tuple[Judgement, str]) -> None:
    assert len(rendered[1].encode()) < 2_000_000


def test_the_same_judgement_gives_the_same_bytes(rendered: tuple[Judgement, str]) -> None:
    assert render_html(DRILL, rendered[0], context=sample.CONTEXT) == rendered[1]


@pytest.mark.parametrize("name", ["unknown", "aborted"])
def test_what_is_unknown_never_looks_like_a_pass(name: str) -> None:
    source = render(sample.SAMPLES[name]())
    assert 'class="verdict unknown"' in source
    assert 'class="verdict pass"' not in source
    assert "✓ PASS" not in Page(source).text
    assert "no payment that had been acknowledged was lost" not in source
    assert "Loss is unknown." in source


def test_unknown_loss_shows_neither_zero_nor_rupees() -> None:
    text = Page(render(sample.unknown())).text
    assert "Lost payments unknown" in text
    assert "Worth unknown" in text
    assert "not counted" in text


def test_a_pass_says_so_in_a_word() -> None:
    source = render(sample.passed())
    assert 'class="verdict pass"' in source
    assert "<title>PASS: Mumbai is lost; payments continue from Hyderabad</title>" in source


def hostile_judgement() -> Judgement:
    failed = sample.failed()
    assert failed.timeline is not None
    odd = failed.findings[2].model_copy(update={"title": HOSTILE, "reason": HOSTILE, "observed": HOSTILE})
    one, *others = failed.timeline.journeys
    timeline = failed.timeline.model_copy(update={"journeys": (one.model_copy(update={"journey": HOSTILE}), *others)})
    first, *rest = failed.recoveries
    mark = MarkAt(name=HOSTILE, at_s=1.0, source=HOSTILE, detail={HOSTILE: HOSTILE})
    return failed.model_copy(
        update={
            "findings": (odd, *failed.findings),
            "timeline": timeline,
            "recoveries": (first.model_copy(update={"journey": HOSTILE}), *rest),
            "marks": (*failed.marks, mark),
            "drill_id": HOSTILE,
        }
    )


def test_hostile_titles_and_server_texts_are_only_text() -> None:
    context = ReportContext(
        evidence_folder=HOSTILE, history_digest=HOSTILE, not_shown=(HOSTILE,), notes=(HOSTILE,), calibration=HOSTILE
    )
    source = render(hostile_judgement(), context, title=HOSTILE, disaster=HOSTILE, experiment=HOSTILE)
    page = Page(source)
    assert page.tags["script"] == 0 and page.tags["img"] == 0
    assert page.open == [] and page.crossed == []
    assert "{{ 7 * 7 }}" in page.text
    assert "\x1b" not in source
    assert source.encode("utf-8")


def test_the_two_words_auditors_look_for_are_printed() -> None:
    text = Page(render(sample.failed())).text
    assert "observed RTO" in text and "observed RPO" in text
    assert "12.41 to 12.47 s" in text
    assert "₹1,46,829.19" in text


def test_the_lab_is_named_beside_the_floor_of_aws() -> None:
    text = Page(render(sample.passed())).text
    assert "proof of runbook and instrument, never of AWS timing" in text
    assert "1 s x 3 + 1 s = 4 s" in text
    assert "10 s x 3 + 60 s = 90 s" in text


def test_the_frame_of_the_report_is_printed() -> None:
    text = Page(render(sample.passed())).text
    assert "drdrill judge reports/evidence/20261123-201500-a1b2c3" in text
    assert sample.CONTEXT.history_digest is not None and sample.CONTEXT.history_digest in text
    assert sample.CONTEXT.not_shown[0] in text and sample.CONTEXT.notes[0] in text
    bare = Page(render(sample.passed(), ReportContext(evidence_folder="there"))).text
    assert "no calibration is recorded" in bare
    assert "there is no digest" in bare


def test_a_scaled_drill_prints_scale_scaled_and_full_objective_together() -> None:
    text = Page(render(sample.passed(), time_scale=60.0)).text
    assert "RTO 30 s scaled, 1800 s at full scale" in text


def test_all_listed_lost_payments_are_in_the_table() -> None:
    text = Page(render(sample.failed())).text
    for payment in sample.failed().loss.lost:
        assert str(payment.op_id) in text


def test_a_long_drill_with_many_losses_still_fits() -> None:
    failed = sample.failed()
    assert failed.timeline is not None
    longer = failed.timeline.model_copy(
        update={
            "journeys": tuple(
                one.model_copy(update={name: getattr(one, name) * 20 for name in one.model_fields_set - {"journey"}})
                for one in failed.timeline.journeys
            )
        }
    )
    many = sample.loss(1000, 40).model_copy(update={"lost_not_listed": 4000})
    source = render(failed.model_copy(update={"timeline": longer, "loss": many}))
    assert len(source.encode()) < 2_000_000
    assert "4,000 more not listed" in source


def test_an_empty_judgement_is_a_page_that_knows_nothing() -> None:
    empty = sample.aborted().model_copy(update={"timeline": None, "marks": (), "verdict": Verdict.UNKNOWN})
    text = Page(render(empty)).text
    assert "There is no timeline" in text
    assert "Nothing was checked, so nothing is known." in text


def test_a_real_judgement_is_rendered() -> None:
    history = story(
        "transfer every 0.1: 80..100+ 100..112? 112..150+ | detected 103 | writable 110 | routed 111 | healed 150 | "
        "objective rto=30 rpo=1 loss=0 | lag 0.4@99 | survivors all but @99..100"
    )
    judgement = judge(history)
    text = Page(render_html(history.drill, judgement, context=sample.CONTEXT)).text
    assert all(finding.reason in text for finding in judgement.findings)
    assert "decide and promote" in text
