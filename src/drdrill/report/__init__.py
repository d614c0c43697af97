"""Floor 1: evidence in, pages out. Pure: no clock, no disk, no network; knows the model alone, never how it was measured."""

from drdrill.report.context import ReportContext
from drdrill.report.junit import junit_xml
from drdrill.report.page import render_html
from drdrill.report.rupees import rupees
from drdrill.report.terminal import render_terminal, summary_lines

__all__ = ["ReportContext", "junit_xml", "render_html", "render_terminal", "rupees", "summary_lines"]
