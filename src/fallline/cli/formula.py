"""Formulas typed by a user: arithmetic read through a whitelist, never run as code."""

from __future__ import annotations

import inspect
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from fallline.errors import InputError, nearest, shown

__all__ = ["CONSTANTS", "FUNCTIONS", "Formula", "parse"]

LONGEST = 10_000
"""Characters that a formula may have."""

MOST = 500
"""Operations that a formula may have: compiling many more takes minutes."""

EXACT = 2**53
"""Whole numbers below this are exact in float64."""

FUNCTIONS: Mapping[str, np.ufunc] = {
    name: getattr(np, name)
    for name in (
        "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh arctan2 hypot "
        "exp exp2 expm1 log log2 log10 log1p logaddexp sqrt cbrt square power absolute sign floor ceil minimum maximum"
    ).split()
} | {"abs": np.absolute}
"""What a formula may call: NumPy's elementary functions, by their names there."""

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}

TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<call>[^\W\d]\w*)[ \t]*\("
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|[-+*/%^(),])"
    r"|(?P<other>[^ \t])"
)


class Token(NamedTuple):
    """One word of a formula (of a call, its name) and the character at which it stands, from 0."""

    kind: Literal["number", "call", "name", "sign"]
    text: str
    place: int


class Operator(NamedTuple):
    """What a sign does, and how strongly it binds."""

    ufunc: np.ufunc
    binding: int
    from_right: bool = False


BINARY = {
    "+": Operator(np.add, 1),
    "-": Operator(np.subtract, 1),
    "*": Operator(np.multiply, 2),
    "/": Operator(np.divide, 2),
    "%": Operator(np.remainder, 2),
    "^": Operator(np.power, 4, from_right=True),
    "**": Operator(np.power, 4, from_right=True),
}
UNARY = {"+": Operator(np.positive, 3), "-": Operator(np.negative, 3)}


@dataclass(frozen=True)
class Step:
    """One instruction of a formula, as a stack machine runs it.

    `number` pushes `value`; `variable` pushes the variable of index `value`; `call` replaces the topmost
    ``value.nin`` entries by what the ufunc `value` makes of them.
    """

    kind: Literal["number", "variable", "call"]
    value: Any


class Formula:
    """A function of one or several variables, made by `parse`.

    Called with a number or array (one variable), with a vector in the order of `names`, or with a mapping by name.
    It evaluates by NumPy's ufuncs in a loop, so that no nesting is too deep and whatever lifts them lifts it.

    Attributes
    ----------
    text : str
        As the user typed it.
    names : tuple of str
        The variables in order of appearance.

    Examples
    --------
    >>> bowl = parse("(a - 1)^2 + 10*(b + 2)^2")
    >>> bowl.names
    ('a', 'b')
    >>> float(bowl([1.0, -1.0]))
    10.0
    """

    def __init__(self, text: str, names: tuple[str, ...], steps: tuple[Step, ...]) -> None:
        self.text = text
        self.names = names
        self.steps = steps
        # The one variable's name stands where that of a plain function's argument would.
        label = names[0] if len(names) == 1 else "x"
        self.__signature__ = inspect.Signature([inspect.Parameter(label, inspect.Parameter.POSITIONAL_ONLY)])

    def __call__(self, x: Any) -> Any:
        if isinstance(x, Mapping):
            variables = [x[name] for name in self.names]
        else:
            variables = [x] if len(self.names) == 1 else [x[place] for place in range(len(self.names))]
        stack: list[Any] = []
        for step in self.steps:
            if step.kind == "number":
                stack.append(step.value)
            elif step.kind == "variable":
                stack.append(variables[step.value])
            else:
                arguments = stack[-step.value.nin :]
                stack[-step.value.nin :] = [step.value(*arguments)]
        return stack.pop()

    def __repr__(self) -> str:
        return self.text


def parse(text: str) -> Formula:
    """Read a formula: names are variables, ``^`` and ``**`` are power and bind as in Python.

    Numbers, ``+ - * / %``, brackets, NumPy's elementary functions (`FUNCTIONS`) and the constants ``pi`` and ``e``
    are all there is. Parts without a variable are worked out at once.

    Raises
    ------
    InputError
        Where the text holds anything else, is incomplete, holds no variable, has more than 10,000 characters or 500
        operations, or a part that is not a finite number, such as ``1/0`` or ``9^9^9``.

    Examples
    --------
    >>> float(parse("-x^2")(3.0))
    -9.0
    >>> parse("(x - 1]^2")
    Traceback (most recent call last):
    ...
    fallline.errors.InputError: FORMULA must be arithmetic; got ']' at character 7. This sign is no part of a formula.
    """
    if len(text) > LONGEST:
        raise _too_long(LONGEST, "characters", len(text))
    reader = _Reader(text)
    for token in _tokens(text):
        reader.read(token)
    return reader.finish()


def _tokens(text: str) -> Iterator[Token]:
    for found in TOKEN.finditer(text):
        kind = cast(Literal["number", "call", "name", "sign", "other"], found.lastgroup)
        token = Token("sign" if kind == "other" else kind, found[kind], found.start())
        if kind == "other":
            remedy = "Write sin(x) for np.sin(x)." if token.text == "." else ""
            raise _refusal(token, "This sign is no part of a formula.", remedy)
        if kind in ("name", "call") and not _is_plain(token.text):
            raise _refusal(token, "Some of its letters only look plain.", "Write plain ones, and x^2 for x².")
        yield token


def _is_plain(name: str) -> bool:
    """Tell whether no letter stands for another, as those of double width do, which Python takes for plain ones."""
    return name.isidentifier() and unicodedata.normalize("NFKC", name) == name


@dataclass
class _Pending:
    """An operator that waits for its right side, or an open bracket that has held so many `arguments`."""

    token: Token
    operator: Operator | None = None
    function: np.ufunc | None = None
    arguments: int = 1


class _Reader:
    """Turns words into steps by the precedence of operators (Dijkstra's shunting yard), without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: dict[str, int] = {}
        self.steps: list[Step] = []
        self.pending: list[_Pending] = []
        self.after_operand = False

    def read(self, token: Token) -> None:
        if self.after_operand:
            self._continue(token)
        else:
            self._begin(token)

    def finish(self) -> Formula:
        """Return the formula, once all words are read."""
        end = Token("sign", "", len(self.text))
        if not self.after_operand:
            raise _refusal(end, "A number, a name or a bracket is missing there.")
        self._settle(0)
        if self.pending:
            raise _refusal(end, f"The bracket at character {self.pending[-1].token.place + 1} is never closed.")
        if not self.names:
            raise InputError(
                f"FORMULA must hold a variable; got {shown(self.text)}. There is nothing to change. "
                f"Use any name but {' and '.join(CONSTANTS)}, which are constants."
            )
        operations = sum(step.kind == "call" for step in self.steps)
        if operations > MOST:
            raise _too_long(MOST, "operations", operations)
        return Formula(self.text, tuple(self.names), tuple(self.steps))

    def _begin(self, token: Token) -> None:
        """Read a word where an operand must begin."""
        if token.kind == "number":
            self._operand(Step("number", _number(float(token.text), token)))
        elif token.kind == "name":
            self._operand(self._named(token))
        elif token.kind == "call":
            if token.text not in FUNCTIONS:
                raise _refusal(token, "There is no such function in formulas.", nearest(token.text, FUNCTIONS))
            self.pending.append(_Pending(token, function=FUNCTIONS[token.text]))
        elif token.text == "(":
            self.pending.append(_Pending(token))
        elif token.text in UNARY:
            self.pending.append(_Pending(token, UNARY[token.text]))
        else:
            raise _refusal(token, "A number, a name or a bracket is missing before it.")

    def _continue(self, token: Token) -> None:
        """Read a word where an operand has ended."""
        if token.kind == "sign" and token.text in BINARY:
            operator = BINARY[token.text]
            self._settle(operator.binding + operator.from_right)
            self.pending.append(_Pending(token, operator))
            self.after_operand = False
        elif token.kind == "sign" and token.text == ",":
            self._settle(0)
            if not self.pending or self.pending[-1].function is None:
                raise _refusal(token, "A comma only stands between the arguments of a function.")
            self.pending[-1].arguments += 1
            self.after_operand = False
        elif token.kind == "sign" and token.text == ")":
            self._close(token)
        else:
            raise _refusal(token, "An operator is missing before it.", "Write 2*x for 2x.")

    def _close(self, token: Token) -> None:
        self._settle(0)
        if not self.pending:
            raise _refusal(token, "No bracket is open there.")
        bracket = self.pending.pop()
        if bracket.function is not None:
            if bracket.arguments != bracket.function.nin:
                wanted = "one argument" if bracket.function.nin == 1 else "two arguments"
                raise _refusal(bracket.token, f"It takes {wanted}, not {bracket.arguments}.")
            self._apply(bracket.function, bracket.token)

    def _operand(self, step: Step) -> None:
        self.steps.append(step)
        self.after_operand = True

    def _named(self, token: Token) -> Step:
        if token.text in CONSTANTS:
            return Step("number", CONSTANTS[token.text])
        if token.text in FUNCTIONS:
            raise _refusal(token, f"It is a function: write {token.text}(…).")
        return Step("variable", self.names.setdefault(token.text, len(self.names)))

    def _settle(self, binding: int) -> None:
        """Apply the waiting operators that bind at least as strongly, back to the last open bracket."""
        while self.pending and (top := self.pending[-1]).operator is not None and top.operator.binding >= binding:
            self.pending.pop()
            self._apply(top.operator.ufunc, top.token)

    def _apply(self, ufunc: np.ufunc, token: Token) -> None:
        """Add the call of `ufunc`, or its value where all it is applied to are numbers."""
        arguments = self.steps[-ufunc.nin :]
        if any(step.kind != "number" for step in arguments):
            self.steps.append(Step("call", ufunc))
            return
        with np.errstate(all="ignore"):
            value = float(ufunc(*(np.float64(step.value) for step in arguments)))
        self.steps[-ufunc.nin :] = [Step("number", _number(value, token))]


def _number(value: float, token: Token) -> int | float:
    """Return a whole number as an int, so that a power knows it for one."""
    if not math.isfinite(value):
        raise _refusal(token, f"That number is {value}.", "Every number must be finite.")
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def _too_long(most: int, unit: str, got: int) -> InputError:
    return InputError(
        f"FORMULA must have at most {most:,} {unit}; got {got:,}. Compiling more takes too long. "
        "Write it as a Python function with arrays, and name that by --function."
    )


def _refusal(token: Token, why: str, remedy: str = "") -> InputError:
    got = shown(token.text, 40) if token.text else "its end"
    return InputError(f"FORMULA must be arithmetic; got {got} at character {token.place + 1}. {why} {remedy}".rstrip())
