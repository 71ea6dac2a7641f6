"""Parameters are called what the user calls them."""

import functools

import pytest

from fallline.arrays.names import argument_name


def cost(weights, rows=()):
    return weights


class Cost:
    def __call__(self, shares, rows=()):
        return shares


class Anything:
    def __call__(self, *parts):
        return parts


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (cost, "weights"),
        (functools.partial(cost, rows=(1,)), "weights"),
        (lambda *parts: sum(parts), "x"),
        (lambda **parts: parts, "x"),
        (max, "x"),
        (Cost(), "shares"),
        (Anything(), "x"),
    ],
    ids=["function", "partial", "any number", "keywords", "built in", "object", "object of any number"],
)
def test_the_first_argument_names_the_parameters(function, name):
    """The function's own word is taken; where it has none, the parameters are called x."""
    assert argument_name(function) == name
