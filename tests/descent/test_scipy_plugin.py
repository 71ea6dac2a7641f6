"""Methods inside SciPy: its own minimize calls them, and gets what it expects."""

import pickle

import numpy as np
import pytest
from scipy import optimize
from scipy.optimize import Bounds, OptimizeResult, OptimizeWarning, rosen, rosen_der

import fallline as fl
from fallline.errors import InputError, InputTypeError
from fallline.methods import CLASSES

START = np.array([-1.2, 1.0])


def run(method=None, fun=rosen, x0=START, **more):
    return optimize.minimize(fun, x0, method=fl.methods.LBFGS() if method is None else method, **more)


@pytest.mark.parametrize("jac", [None, rosen_der], ids=["without", "with"])
@pytest.mark.parametrize(
    "method", [fl.methods.LBFGS(), fl.methods.BarzilaiBorwein(), fl.methods.Adam(learning_rate=0.1)]
)
def test_the_answer_is_scipys_and_is_right(jac, method):
    """With a gradient and without, the minimum is found, and all of SciPy's names are there."""
    answer = run(method, jac=jac)
    assert isinstance(answer, OptimizeResult) and answer.success and answer.status == 0
    np.testing.assert_allclose(answer.x, 1, atol=1e-5)
    assert answer.fun == pytest.approx(0, abs=1e-9) and answer.jac.shape == answer.x.shape == (2,)
    assert min(answer.nit, answer.nfev, answer.njev) > 0 and answer.message
    assert answer.fallline.gradient_source == ("compiled" if jac is None else "user")


def test_it_takes_the_steps_of_fallline():
    """The run is the one that fallline's own minimize makes, bit for bit."""
    method = fl.methods.Momentum(learning_rate=1e-3)
    inside = run(method, options={"maxiter": 50})
    np.testing.assert_array_equal(inside.x, fl.minimize(rosen, START, method=method, max_iterations=50).x)


def test_a_function_that_gives_both():
    """jac=True says that the function returns the pair, which SciPy remembers."""
    answer = run(fun=lambda x: (rosen(x), rosen_der(x)), jac=True)
    assert answer.success and answer.fallline.gradient_source == "user"


def test_a_wrong_gradient_is_no_success():
    """What is checked in fallline is checked in SciPy, and may be left out."""
    answer = run(jac=lambda x: 2 * rosen_der(x), options={"maxiter": 100})
    assert not answer.success and answer.fallline.diagnosis[0].code == "wrong-gradient-scale"
    assert answer.message.startswith("The gradient given is 2 times the slope of the function. Divide it by 2")
    trusted = run(jac=lambda x: 2 * rosen_der(x), options={"maxiter": 100, "check_gradient": False})
    assert "wrong-gradient-scale" not in [finding.code for finding in trusted.fallline.diagnosis]


def test_further_arguments():
    """args come after x, a lone one too; starts are made one axis of floats."""

    def cost(x, a, b):
        return np.sum((x - a) ** 2) + b

    answer = run(fun=cost, x0=[0, 0], args=(3.0, 1.0))
    np.testing.assert_allclose(answer.x, 3, atol=1e-6)
    assert answer.fun == pytest.approx(1)
    np.testing.assert_allclose(run(fun=lambda x, a: (x - a) ** 2, x0=0, args=2.0).x, [2.0], atol=1e-6)


def test_a_callback_of_one_point():
    """callback(xk) sees each iterate, a copy, in order."""
    seen = []

    def callback(xk):
        seen.append(xk.copy())
        xk[:] = np.nan

    answer = run(callback=callback)
    assert answer.success and len(seen) == answer.nit
    np.testing.assert_array_equal(seen, answer.fallline.trace.x[1:])


def test_a_callback_of_an_intermediate_result():
    """callback(intermediate_result) sees point and cost."""
    seen = []
    answer = run(callback=lambda intermediate_result: seen.append((intermediate_result.x, intermediate_result.fun)))
    np.testing.assert_array_equal([fun for _, fun in seen], answer.fallline.trace.fun[1:])
    assert isinstance(seen[0][0], np.ndarray)


def test_stop_iteration_stops():
    """StopIteration ends the run with SciPy's status and words; what is returned does not."""
    count = []

    def callback(xk):
        count.append(1)
        if len(count) == 5:
            raise StopIteration
        return True

    answer = run(callback=callback)
    assert (answer.nit, answer.status, answer.success) == (5, 99, False) and "StopIteration" in answer.message


@pytest.mark.parametrize(
    "bounds", [[(-2, 0.5), (None, 2)], Bounds([-2, -np.inf], [0.5, 2]), Bounds(-2, 0.5)], ids=["pairs", "two", "one"]
)
def test_bounds(bounds):
    """SciPy's bounds, old and new, hold; the answer is L-BFGS-B's."""
    answer = run(bounds=bounds)
    reference = optimize.minimize(rosen, START, jac=rosen_der, bounds=bounds, method="L-BFGS-B", tol=1e-12)
    np.testing.assert_allclose(answer.x, reference.x, atol=1e-4)
    assert answer.success and answer.x[0] <= 0.5


def test_a_start_outside_its_bounds_is_moved_to_them():
    """As SciPy's own L-BFGS-B does it."""
    answer = run(x0=[3.0, 3.0], bounds=[(-2, 0.5), (-2, 2)])
    assert answer.success and answer.fallline.trace.x[0].tolist() == [0.5, 2.0]


def test_too_few_bounds_are_refused():
    """There is a pair for each parameter."""
    with pytest.raises(InputError, match="one pair for each parameter"):
        run(bounds=[(0, 1)])


def test_constraints_are_refused():
    """What cannot be kept is not ignored."""
    with pytest.raises(InputError, match="constraints must be left out"):
        run(constraints={"type": "eq", "fun": lambda x: x[0]})
    with pytest.raises(InputError, match="SLSQP"):
        run(constraints=optimize.LinearConstraint([[1, 1]], 0, 1))


def test_tolerances():
    """tol and gtol end the run where the gradient is below them, the sooner the larger."""
    loose, tight = run(tol=1e-1), run(options={"gtol": 1e-10})
    assert loose.nit < tight.nit and tight.success
    assert np.linalg.norm(loose.jac) < 1e-1 and np.linalg.norm(tight.jac) < 1e-10
    beyond = run(tol=1e-300)
    assert beyond.success and beyond.nit < 200


def test_options_of_both():
    """maxiter, return_all and disp are SciPy's; learning_rate, stopping and tolerance are fallline's."""
    short = run(options={"maxiter": 5, "return_all": True})
    assert short.nit == 5 and short.status == 1 and not short.success and len(short.allvecs) == 6
    plain = run(fl.methods.GradientDescent(), options={"learning_rate": 1e-3, "max_iterations": 7})
    assert plain.nit == 7 and plain.fallline.trace.learning_rate[-1] == 1e-3
    assert run(options={"stopping": fl.stopping.CostBelow(1.0)}).fallline.reason == "target-reached"
    assert run(options={"tolerance": 1e-3}).fallline.reason == "small-steps"


def test_no_iterations_are_none():
    """maxiter=0 makes no step; None allows as many as usual."""
    none = run(options={"maxiter": 0})
    assert (none.nit, none.status, none.success) == (0, 1, False)
    np.testing.assert_array_equal(none.x, START)
    assert run(options={"maxiter": None}).success


@pytest.mark.parametrize("cls", [fl.methods.LBFGS, fl.methods.Adam], ids=lambda cls: cls.name)
def test_a_class_for_an_instance_is_refused(cls):
    """SciPy calls whatever it is given; the sentence says what to write."""
    with pytest.raises(InputTypeError, match=rf"instance; got the class {cls.__name__}\..*{cls.__name__}\(\)"):
        run(cls)
    with pytest.raises(InputTypeError, match=r"settings by name; got 0\.1"):
        cls(0.1)


def test_disp_prints_the_result(capsys):
    """disp shows what there is to see, and nothing else does."""
    run()
    assert capsys.readouterr().out == ""
    run(options={"disp": True})
    assert "Converged" in capsys.readouterr().out


def test_unknown_options_and_hessians_are_told(recwarn):
    """As in SciPy: an unknown option and what is not used are warnings, at the line of the call."""
    run(options={"ftol2": 1}, hess=lambda x: np.eye(2), hessp=lambda x, p: p)
    said = [(warning.category, str(warning.message)) for warning in recwarn]
    assert (OptimizeWarning, "Unknown solver options: ftol2") in said
    assert sum(category is RuntimeWarning for category, _ in said) == 2
    assert {warning.filename for warning in recwarn} == {__file__}


@pytest.mark.parametrize(
    ("fun", "x0", "status"),
    [(lambda x: x[0], [0.0], 3), (lambda x: np.log(x[0]), [-1.0], 3)],
    ids=["unbounded", "not finite"],
)
def test_failures_have_scipys_numbers(fun, x0, status):
    """A run that breaks down is no success, and says why."""
    answer = run(fun=fun, x0=x0)
    assert (answer.success, answer.status) == (False, status) and answer.message


def test_basinhopping():
    """Where many local runs are made, each by a method of fallline, the global minimum is found."""
    answer = optimize.basinhopping(
        lambda x: np.cos(14.5 * x[0] - 0.3) + (x[0] + 0.2) * x[0],
        [1.0],
        minimizer_kwargs={"method": fl.methods.LBFGS()},
        niter=30,
        rng=1,
    )
    assert answer.success and answer.x[0] == pytest.approx(-0.195, abs=1e-3)


def test_basinhopping_within_bounds():
    """Starts that hop out of the bounds do no harm."""
    answer = optimize.basinhopping(
        lambda x: np.sum(x**2 + np.sin(5 * x)),
        [1.0],
        minimizer_kwargs={"method": fl.methods.LBFGS(), "bounds": [(-0.5, 1.5)]},
        niter=15,
        rng=1,
    )
    np.testing.assert_allclose(answer.x, -0.29084, atol=1e-4)


def test_optax_and_torch_methods_once_found():
    """What `find` makes a method of is one inside SciPy too."""
    optax = pytest.importorskip("optax")
    answer = run(fl.methods.find(optax.adam(0.1)), fun=lambda x: np.sum((x - 1) ** 2), x0=[3.0, 4.0])
    np.testing.assert_allclose(answer.x, 1, atol=1e-3)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls.name != "muon"], ids=lambda cls: cls.name)
def test_every_method_can_be_called(cls):
    """Each lowers a bowl, and stays a plain value: equal, hashable, pickled whole."""
    method = cls()
    answer = run(method, fun=lambda x: np.sum((x - 1) ** 2), x0=[3.0, 4.0], options={"maxiter": 30})
    assert answer.fun < 13 and pickle.loads(pickle.dumps(method)) == method and hash(method) == hash(cls())


def test_a_method_is_no_learning_rate():
    """That methods can be called makes no schedules of them."""
    with pytest.raises(InputTypeError, match="That is a method"):
        fl.minimize(rosen, START, learning_rate=fl.methods.Adam())
