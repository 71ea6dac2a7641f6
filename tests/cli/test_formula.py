"""Formulas are arithmetic, and nothing else."""

import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.cli.formula import CONSTANTS, FUNCTIONS, Formula, parse
from fallline.errors import InputError

HOSTILE = [
    "__import__('os').system('touch owned')",
    "open('owned','w')",
    "eval('1')*x",
    "x.__class__.__mro__[1].__subclasses__()",
    "(lambda: 1)()",
    "[x for x in (1,2)]",
    "{x: 1}",
    "sum(i for i in (1,2))",
    "x if x > 0 else -x; import os",
    "x := 3",
    "f'{x}'",
    "np.save('owned', x)",
    "x[0]",
    "x**2\nimport os",
    "x**2 # + y",
    "x\x00",
    "x\\",
    "x // 2",
    "x == 2",
    "~x",
    "x @ x",
    "2j*x",
    "x!",
]

BROKEN = {
    "": "its end at character 1",
    "x +": "its end at character 4.*missing",
    "(x": "bracket at character 1 is never closed",
    "sin(x": "bracket at character 1 is never closed",
    "x)": "No bracket is open",
    "2x": "'x' at character 2.*Write 2",
    "x y": "operator is missing",
    "x * * y": r"'\*' at character 5",
    "()": "missing before it",
    "x, y": "between the arguments of a function",
    "sine(x)": "Did you mean 'sin'",
    "sin": "It is a function",
    "sin(x, y)": "one argument, not 2",
    "arctan2(x)": "two arguments, not 1",
    "hypot(x, (y, x))": "between the arguments",
    "pi + 1": "must hold a variable",
    "x + 9**9**9": "That number is inf",
    "1/0 + x": "'/' at character 2",
    "log(-1)*x": "'log' at character 1.*nan",
    "x + " + "9" * 400: "must be finite",
    "__ｉmport__(x)": "only look plain",
    "x²": "only look plain",
    "x" + "+x" * 20_000: "at most 10,000 characters",
    "x" + "+x" * 4_000: "at most 500 operations",
    "-" * 9_000 + "x": "at most 500 operations",
    "(" * 9_000 + "x": "never closed",
    "x" + "**x" * 3_000: "at most 500 operations",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_code_is_refused(text):
    """Anything in a formula but arithmetic is refused, with the place where it stands."""
    with pytest.raises(InputError, match=r"FORMULA must be arithmetic; got .* at character \d+"):
        parse(text)


@pytest.mark.parametrize(("text", "told"), BROKEN.items(), ids=[text[:12] for text in BROKEN])
def test_what_is_wrong_is_told(text, told):
    """A formula that cannot be read is answered in one short sentence that points at the place."""
    with pytest.raises(InputError, match=told) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-x^2", -9.0),
        ("x^2^3", 3.0**8),
        ("2^-x", 0.125),
        ("2**-x**2", 2.0**-9),
        ("x - 1 - 2", 0.0),
        ("12/x/2", 2.0),
        ("2*x % 4", 2.0),
        ("7 - -x", 10.0),
        ("+x * -(x + 1)", -12.0),
        ("((x))", 3.0),
        ("1.5e1*x + .5 + 2.", 47.5),
        ("sin(pi*x/6) + log(e)", 2.0),
        ("maximum(x, 5) + hypot(x, 4)", 10.0),
        ("abs(-x) + square(x)", 12.0),
        (" 2 * x ", 6.0),
        ("lambda * 2", 6.0),
        ("θ + 1", 4.0),
        ("exp (x) / exp(x)", 1.0),
    ],
)
def test_operators_bind_as_usual(text, value):
    """Powers bind before signs and from the right, products before sums, as on paper."""
    assert parse(text)(3.0) == pytest.approx(value, rel=1e-15)


def test_several_variables_in_order_of_appearance():
    """A formula takes a vector in the order of its names, or values by name."""
    formula = parse("b*2 + a*b - c")
    assert formula.names == ("b", "a", "c")
    assert formula([1.0, 2.0, 3.0]) == formula({"a": 2.0, "b": 1.0, "c": 3.0}) == 1.0
    columns = np.array([[1.0, 1.0], [2.0, 0.0], [3.0, 0.0]])
    np.testing.assert_array_equal(formula(columns), [1.0, 2.0])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_numpys(name):
    """Every function in formulas is the one of that name in NumPy."""
    ufunc = FUNCTIONS[name]
    x = 1.5 if name == "arccosh" else 0.5
    arguments = "(x)" if ufunc.nin == 1 else "(x, x)"
    assert parse(name + arguments)(x) == getattr(np, name)(*[x] * ufunc.nin)


def test_constants_are_worked_out_beforehand():
    """Parts without a variable cost nothing when the formula is evaluated."""
    assert [step.value for step in parse("x + 2^10/4").steps if step.kind == "number"] == [256]
    assert {"pi", "e"} == set(CONSTANTS)


def test_float32_stays_float32():
    """Numbers in a formula do not change the precision of its variables."""
    assert parse("2.5*x^2 + pi")(np.float32(1.5)).dtype == np.float32


def test_a_formula_is_named_and_kept():
    """A formula shows its text, carries its variable's name, and survives pickling."""
    formula = parse("theta^2")
    assert repr(formula) == "theta^2"
    assert list(inspect.signature(formula).parameters) == ["theta"]
    assert pickle.loads(pickle.dumps(formula))(3.0) == 9.0


def read(text: str) -> Formula | InputError:
    """Return the formula, or the refusal; any other error is the test's failure."""
    try:
        return parse(text)
    except InputError as error:
        return error


@given(st.text(alphabet="x1.+-*/%^(),e# _[]'\"=sin\\\n\tθ２²:", max_size=40))
def test_any_text_is_read_or_refused(text):
    """Whatever is typed is a formula or an input error, never anything else."""
    assert isinstance(read(text), Formula | InputError)


NUMBERS = st.integers(1, 9).map(str)
TERMS = st.recursive(
    st.one_of(NUMBERS, st.just("x")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", "*", "/", " % "]), inner).map("".join),
        st.tuples(inner, st.sampled_from(["2", "3", "-1"])).map(lambda pair: f"{pair[0]}**{pair[1]}"),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=8,
)


@given(TERMS)
def test_formulas_mean_what_they_mean_in_python(text):
    """A formula has the value that Python gives to the same text."""
    formula = read(f"({text}) + 0*x")
    if isinstance(formula, InputError):
        assert "must be finite" in str(formula)  # such as 1/(2 - 2)
        return
    with np.errstate(all="ignore"):
        value = formula(1.7)
        expected = eval(text.replace("x", "X"), {"X": np.float64(1.7)}, {})
    np.testing.assert_allclose(value, expected, rtol=1e-9)
