"""Results and traces in a notebook."""

from html.parser import HTMLParser

import numpy as np

from fallline.trace import Finding
from fallline.views.html import result_html, trace_html
from tests.views.runs import TOO_HIGH, bowl, descend, rosenbrock, square

HOSTILE = "<img src=x onerror=alert(1)>\"'&"


class Page(HTMLParser):
    """Collects the tags, checks that each is closed, and keeps the text."""

    def __init__(self, html: str):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        assert not [name for name, _ in attrs if name in ("src", "href") or name.startswith("on")]

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def hostile():
    """Return a run whose names and findings look like code."""
    finding = Finding("unused-parameter", "warning", HOSTILE, HOSTILE)
    return descend(lambda x: (x**2).sum(), lambda x: 2 * x, {HOSTILE: np.ones(2)}, 0.1, 3, findings=(finding,))


def test_a_result_is_a_closed_page_of_text():
    """A notebook shows the outcome, the answer, the findings and a picture of the cost."""
    page = Page(result_html(square(1.2, 20, findings=(TOO_HIGH,))))
    text = " ".join(page.words)
    assert "Not converged after 20 iterations" in text
    assert "Use a learning rate below 1" in text
    assert "polyline" in page.tags


def test_names_are_text():
    """Names and messages that look like code are shown as text."""
    for html in (result_html(hostile()), trace_html(hostile().trace)):
        page = Page(html)
        assert "img" not in page.tags
        assert "<img src=x" in " ".join(page.words)


def test_a_trace_is_a_table_of_bounded_length():
    """A long trace shows its first and last steps, and says how many are between."""
    page = Page(trace_html(rosenbrock(steps=500).trace))
    assert page.tags.count("tr") == 62
    assert "441 steps left out" in " ".join(page.words)
    assert "first 6 of 30" in " ".join(Page(trace_html(bowl(30, steps=2).trace)).words)


def test_costs_that_are_not_finite_are_left_out_of_the_picture():
    """A run that overflows has a picture of what came before."""
    html = result_html(square(1e30, 30))
    assert "polyline" in html
    assert "nan" not in html.partition("<svg")[2].partition("</svg>")[0]


def test_a_run_without_steps_has_no_picture():
    """Nothing is drawn where nothing changed."""
    assert "<svg" not in result_html(square(steps=0))
