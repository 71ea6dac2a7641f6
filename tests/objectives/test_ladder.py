"""The ladder of gradients: the first rung that holds is taken, and never a wrong one."""

import math

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.objectives.differences import DifferencedFunction, central_differences
from fallline.objectives.ladder import differentiate
from fallline.objectives.lifted import trace_program
from fallline.objectives.plain import PlainFunction

V = np.array([0.3, -0.2, 0.5])


def with_an_if(t):
    return np.sum(t**2) if t[0] > 0 else np.sum(np.abs(t))


def with_math(t):
    return math.exp(t[0]) + t[1] ** 2 + t[2] ** 2


SEEN = []


def remembers(t):
    SEEN.append(t)
    return np.sum(t**2)


CALLS = [0]


def draws(t):
    CALLS[0] += 1
    return np.sum(t**2) + 1e-12 * CALLS[0]


def writes_through_a_view(t):
    a = t * 1.0
    a[1:][:] = 0.0
    return np.sum(a**2)


def objective_of(f, x0=V, args=()):
    x, layout, _ = flatten(x0)
    return x, *differentiate(f, x, layout, args)


@pytest.mark.parametrize(
    ("f", "source", "why"),
    [
        (lambda t: np.sum(np.sin(t)), "compiled", ""),
        (with_an_if, "stepwise", "`if`"),
        (with_math, "finite-differences", "math module"),
        (writes_through_a_view, "compiled", ""),
        (remembers, "finite-differences", "keeps values"),
        (lambda t: float(t[0]) ** 2 + t[1], "finite-differences", "float()"),
    ],
)
def test_the_first_rung_that_holds(f, source, why):
    """Each function stands on its highest safe rung, with the true gradient, and the reason for a lower one is kept."""
    x, objective, reason = objective_of(f)
    assert objective.source == source and why in reason
    value, gradient = objective.value_and_gradient(x)
    assert value == pytest.approx(float(f(V.copy())), rel=1e-13)
    np.testing.assert_allclose(gradient, central_differences(f, V), rtol=1e-5, atol=1e-7)


def test_a_function_that_changes_from_call_to_call_is_told():
    """Two values at one point are noticed, and said."""
    _, objective, reason = objective_of(draws)
    assert objective.source == "finite-differences" and "different values" in reason


def test_rungs_agree_on_value_gradient_and_curvature():
    """The three rungs give one value, one gradient and one Hessian."""

    def f(t):
        return np.sum(np.exp(t) * t) + t[0] * t[1] ** 2

    def branching(t):
        return f(t) if t[0] > -9 else 0.0

    x, layout, _ = flatten(V)
    rungs = [objective_of(f)[1], objective_of(branching)[1], DifferencedFunction(f, layout, ())]
    assert [rung.source for rung in rungs] == ["compiled", "stepwise", "finite-differences"]
    hessians = [rung.hessian_products(x, np.eye(3)) for rung in rungs]
    np.testing.assert_allclose(hessians[1], hessians[0], rtol=1e-12)
    np.testing.assert_allclose(hessians[2], hessians[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(rungs[2].value_and_gradient(x)[1], rungs[0].value_and_gradient(x)[1], rtol=1e-8)


def test_a_changed_array_or_global_is_seen_by_the_next_run():
    """Nothing captured is frozen: the next call on the same function sees new data and new numbers."""
    data = np.array([1.0, 2.0, 3.0])
    box = {"scale": 1.0}

    def f(t):
        return box["scale"] * np.sum((t - data) ** 2) + 3 * np.sum(t)

    first = fl.minimize(f, np.zeros(3)).x
    data += 1
    np.testing.assert_allclose(fl.minimize(f, np.zeros(3)).x, first + 1, atol=1e-6)
    box["scale"] = 0.5
    np.testing.assert_allclose(fl.minimize(f, np.zeros(3)).x, data - 3, atol=1e-6)


def test_the_fingerprint_tells_programs_apart():
    """Programs with other operations, constants or shapes differ; the same code on other data does not."""

    def key(f, x0=V):
        _, layout, _ = flatten(x0)
        return trace_program(f, layout, ()).key

    a, b = np.arange(30.0), np.ones(30)
    assert key(lambda t: np.sum(a * t[0])) == key(lambda t: np.sum(b * t[0]))
    keys = [
        key(lambda t: 2.0 * t[0]),
        key(lambda t: 3.0 * t[0]),
        key(lambda t: 2.0 * t[1]),
        key(lambda t: t[0] + 2.0),
        key(lambda t: -0.0 * t[0]),
        key(lambda t: 0.0 * t[0]),
        key(lambda t: t[0] ** 2),
        key(lambda t: t[0] ** 3),
        key(lambda t: np.sum(a[:20] * t[0])),
        key(lambda t: 2.0 * t[0], np.zeros(2)),
        key(lambda t: np.sum(np.where(t > 0, t, 0))),
        key(lambda t: np.sum(np.where(t > 0, 0, t))),
    ]
    assert len(set(keys)) == len(keys)


def test_nothing_is_compiled_twice():
    """A second run of the same code, even with a new lambda and new data, finds what was compiled."""
    from fallline.descent.compiled import _programs
    from fallline.objectives.lifted import _compiled

    def run(data):
        return fl.minimize(lambda t: np.sum((t - data) ** 4 + t**2), np.zeros(20), learning_rate=0.01)

    run(np.arange(20.0) / 20)
    before = _programs.cache_info().misses, _compiled.cache_info().misses
    run(np.ones(20))
    assert (_programs.cache_info().misses, _compiled.cache_info().misses) == before


def test_the_users_objects_are_let_go():
    """What was compiled does not keep the user's arrays alive."""
    import gc
    import weakref

    class Data(np.ndarray):
        """An array that can be watched."""

    def run():
        data = np.arange(1000.0).view(Data)
        fl.minimize(lambda t: np.sum((t - np.asarray(data)[:2]) ** 2), np.zeros(2), learning_rate=0.1)
        return weakref.ref(data)

    watched = run()
    gc.collect()
    assert watched() is None


def test_arguments_are_passed_on():
    """args reach the plain function, the compiled one and the gradient alike."""
    a = np.array([1.0, -2.0])
    plain = fl.minimize(lambda t, a, b: np.sum((t - a) ** 2) + b, np.zeros(2), args=(a, 5.0))
    given = fl.minimize(
        lambda t, a, b: np.sum((t - a) ** 2) + b, np.zeros(2), args=(a, 5.0), gradient=lambda t, a, b: 2 * (t - a)
    )
    for result in (plain, given):
        assert result.success and result.fun == pytest.approx(5.0)
        np.testing.assert_allclose(result.x, a, atol=1e-6)


@pytest.mark.parametrize(
    "answer", [None, "3", {"cost": 1}, np.zeros(2), [1.0, 2.0], 1j, object()], ids=lambda a: type(a).__name__
)
def test_a_function_that_returns_no_number_is_refused(answer):
    """Anything but one number is refused before the first step, with what was returned."""
    with pytest.raises(TypeError, match="fun must return one"):
        fl.minimize(lambda t: answer, 1.0)


@pytest.mark.parametrize(
    "form", [float, np.float64, np.asarray, lambda v: np.array([v]), lambda v: np.array([[v]]), lambda v: v]
)
def test_any_form_of_one_number_is_taken(form):
    """A float, a NumPy scalar, and arrays of one element are all one number."""
    result = fl.minimize(lambda t: form((t[0] - 2) ** 2 + t[1] ** 2), np.zeros(2))
    np.testing.assert_allclose(result.x, [2, 0], atol=1e-5)


def test_errors_of_the_users_function_come_through():
    """An exception in the function is the user's to see."""

    def broken(t):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fl.minimize(broken, 1.0)


def test_a_closed_function_is_compared_once_at_a_start():
    """A function that cannot change is called again for the check at another start only; the answers are the same."""
    calls = []
    plain_call = PlainFunction.__call__

    def function(t):
        return np.sum(np.cosh(t) - t**4)

    def counted(self, x):
        calls.append(x)
        return plain_call(self, x)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainFunction, "__call__", counted)
        objectives = [objective_of(function)[1]]
        first = len(calls)
        objectives.append(objective_of(function)[1])
        again = len(calls) - first
        objective_of(function, 2 * V)
    assert first > 0 and again == 0 and len(calls) > first
    (cost, slope), (cost_again, slope_again) = (each.value_and_gradient(V) for each in objectives)
    assert cost == cost_again and objectives[1].is_checked and objectives[1].counts == objectives[0].counts
    np.testing.assert_array_equal(slope, slope_again)


def test_what_changes_is_compared_at_every_run():
    """A number that a function refers to is part of what it is: another one, and it is checked and traced anew."""
    power = 2.0

    def function(t):
        return np.sum(np.abs(t) ** power)

    _, before, _ = objective_of(function)
    power = 3.0
    _, after, _ = objective_of(function)
    assert before.value(V) == pytest.approx(V @ V) and after.value(V) == pytest.approx(np.sum(np.abs(V) ** 3))


def test_a_survey_is_what_is_asked_for_one_by_one():
    """Cost, gradient and Hessian measured at once are those measured apart."""
    x, together, _ = objective_of(lambda t: np.sum(np.sin(t) * t[0]) + np.prod(t))
    _, apart, _ = objective_of(lambda t: np.sum(np.sin(t) * t[0]) + np.prod(t))
    there = x + 0.1
    together.foresee(there)
    cost, slope = together.value_and_gradient(there)
    assert together.surveys and cost == pytest.approx(apart.value(there), rel=1e-14)
    np.testing.assert_allclose(slope, apart.value_and_gradient(there)[1], rtol=1e-13)
    np.testing.assert_allclose(
        together.hessian(there), apart.hessian_products(there, np.eye(3)), rtol=1e-12, atol=1e-15
    )
