"""Results and traces in a terminal."""

import re

import numpy as np

from fallline.trace import Finding
from fallline.views.text import result_text, trace_text
from tests.views.runs import TOO_HIGH, bowl, rosenbrock, square


def test_a_result_is_a_few_narrow_lines():
    """A printed result fits on a screen however much there is to say."""
    many = tuple(Finding(f"code-{k}", "warning", "word " * 60, "do this " * 20) for k in range(30))
    for run in (square(), bowl(1000, steps=2), square(findings=many)):
        lines = result_text(run).splitlines()
        assert len(lines) <= 40
        assert max(map(len, lines)) <= 100
    assert "more findings in .diagnosis" in result_text(square(findings=many))


def test_a_finding_is_cause_and_remedy():
    """A finding is printed with its code, what was measured and what to change."""
    text = " ".join(result_text(square(1.2, 5, findings=(TOO_HIGH,))).split())
    assert "error learning-rate-too-high: The learning rate 1.2 is above" in text
    assert "Use a learning rate below 1" in text


def test_every_step_is_a_line_of_the_table():
    """print(trace) shows iteration, parameter and cost of each step."""
    run = square(steps=15)
    head, *lines = trace_text(run.trace).splitlines()
    assert head.split()[:3] == ["iteration", "theta", "fun"]
    shown = np.array([[float(word) for word in line.split()[:3]] for line in lines])
    np.testing.assert_array_equal(shown[:, 0], np.arange(16))
    np.testing.assert_allclose(shown[:, 1], run.trace.x, rtol=1e-5)
    np.testing.assert_allclose(shown[:, 2], run.trace.fun, rtol=1e-5)


def test_no_rate_led_to_the_start():
    """The start's line has a dash for rate and step, and nan only where something is not a number."""
    start, first = trace_text(square(steps=1).trace).splitlines()[1:]
    assert start.split()[-2:] == ["-", "-"]
    assert first.split()[-2:] == ["0.3", "1.8"]


def test_a_long_trace_says_what_it_leaves_out():
    """Of very many steps the first and last are printed, with the number of those between."""
    lines = trace_text(rosenbrock(steps=3000).trace).splitlines()
    assert len(lines) == 1002
    assert "2,001 steps left out" in lines[501]
    assert lines[-1].split()[0] == "3000"


def test_many_parameters_are_cut():
    """Of many parameters six are printed, and the table says so."""
    text = trace_text(bowl(30, steps=2).trace)
    assert "x[5]" in text
    assert "x[6]" not in text
    assert re.search("first 6 of 30 parameters", text)
