"""A gradient is checked without a descent: what is wrong is named, in the user's own structure."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError, InputTypeError

X = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 2.0], [3.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
Y = np.array([1.0, 2.0, 3.0, 4.0])
START = np.array([0.5, -0.3, 0.8])


def cost(t, X, y):
    return np.mean((X @ t - y) ** 2)


def slope(t, X, y):
    return 2 / len(y) * X.T @ (X @ t - y)


def test_a_right_gradient_is_right():
    """Nothing is found, and the errors are those of the measurement."""
    check = fl.check_gradient(cost, slope, START, args=(X, Y))
    assert check.ok and check.findings == [] and check.error < 1e-8
    assert "right" in str(check) and "3" in str(check)
    np.testing.assert_allclose(check.measured, slope(START, X, Y), rtol=1e-8)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda g: 2 * g, "wrong-gradient-scale"),
        (lambda g: -g, "gradient-sign-flipped"),
        (lambda g: g + np.array([0, 0, 1.0]), "wrong-gradient"),
    ],
)
def test_what_is_wrong_is_named(change, code):
    """A factor, a sign and a single component are told apart, and the text shows the components."""
    check = fl.check_gradient(cost, lambda t, X, y: change(slope(t, X, y)), START, args=(X, Y))
    assert not check.ok and check.findings[0].code == code
    assert "wrong" in str(check) and "t[2]" in str(check) and "given" in str(check)
    if code == "wrong-gradient":
        assert (check.worst, check.index) == ("t[2]", 2)


def test_a_pair_is_checked_by_true():
    """With True the function returns the cost and its gradient."""
    assert fl.check_gradient(lambda t: (t**2, 2 * t), True, 3.0).ok
    check = fl.check_gradient(lambda theta: (theta**2, 3 * theta), True, 3.0)
    assert check.findings[0].values["factor"] == pytest.approx(1.5) and check.worst == "theta"
    assert isinstance(check.given, float) and check.given == 9.0


def test_a_tree_is_answered_by_a_tree():
    """Errors come in the structure of the parameters, whose own names are used."""
    x = {"w": np.ones((2, 2)), "b": 1.0}
    check = fl.check_gradient(
        lambda p: np.sum(p["w"] ** 3) + p["b"] ** 2,
        lambda p: {"w": 3 * p["w"] ** 2 + np.array([[0, 0], [0.5, 0]]), "b": 2 * p["b"]},
        x,
    )
    assert check.worst == "w[1, 0]" and check.relative_errors["w"].shape == (2, 2)
    assert check.relative_errors["w"][1, 0] == pytest.approx(1 / 7) and check.relative_errors["b"] < 1e-9


def test_torch_tensors_are_checked_too():
    """A gradient in tensors is held against a function of tensors."""
    torch = pytest.importorskip("torch")
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert fl.check_gradient(lambda t: (t**3).sum(), lambda t: 3 * t**2, x).ok
    wrong = fl.check_gradient(lambda t: (t**3).sum(), lambda t: 6 * t**2, x)
    assert wrong.findings[0].values["factor"] == pytest.approx(2)


def test_of_many_components_all_are_answered_for():
    """Those that were not measured by themselves have no error of their own, and the text says so."""
    x = np.linspace(-1, 1, 1000)
    check = fl.check_gradient(lambda t: np.sum(np.cosh(t)), np.sinh, x)
    assert check.ok and np.isnan(check.relative_errors).sum() == 1000 - 64
    assert "64 of 1,000" in str(check)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((3.0, np.sin, 1.0), InputTypeError, "fun must be"),
        ((np.cos, "auto", 1.0), InputTypeError, "gradient must be"),
        ((np.cos, False, 1.0), InputTypeError, "gradient must be"),
        ((np.cos, np.sin, "here"), InputTypeError, "x must be"),
        ((np.log, lambda t: 1 / t, -1.0), InputError, "finite"),
        ((lambda t: 0.0 if t == 1 else np.nan, lambda t: t, 1.0), InputError, "domain"),
        ((lambda t: np.sum(t), lambda t: t[:1], [1.0, 2.0]), InputError, "one number for each"),
        ((lambda t: t, np.sin, [1.0, 2.0]), InputTypeError, "fun must return one number"),
    ],
    ids=["no function", "a word", "false", "no numbers", "no value", "alone", "too short", "no cost"],
)
def test_what_cannot_be_checked_is_refused(arguments, error, says):
    """Each mistake has its sentence."""
    with pytest.raises(error, match=says):
        fl.check_gradient(*arguments)


def test_arguments_are_a_tuple():
    """The usual slip of a lone argument is told how to mend."""
    with pytest.raises(InputTypeError, match=r"args=\(a,\)"):
        fl.check_gradient(lambda t, a: a * t, lambda t, a: a, 1.0, args=3.0)
