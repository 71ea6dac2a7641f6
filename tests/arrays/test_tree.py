"""Trees of parameters keep their structure: ordered dicts, named tuples, and the nodes that only JAX knows."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.layout import Layout, flatten
from fallline.arrays.spread import spread
from fallline.errors import InputError, InputTypeError


class Line(NamedTuple):
    slope: Any
    intercept: Any


@partial(jax.tree_util.register_dataclass, data_fields=["weight", "bias"], meta_fields=["name"])
@dataclass
class Dense:
    weight: Any
    bias: Any
    name: str


def test_an_ordered_dict_stays_one():
    """The kind of a dict and the order of its keys are kept."""
    flat, layout, _ = flatten(OrderedDict(b=np.ones(2), a=0.0))
    back = layout.unflatten(flat)
    assert type(back) is OrderedDict and list(back) == ["b", "a"]


@pytest.mark.parametrize("x0", [Line(1.0, 2.0), Line(np.ones(2), 2.0)])
def test_a_named_tuple_stays_one(x0):
    """A named tuple is a tree, also of plain numbers, and its fields name the parameters."""
    flat, layout, _ = flatten(x0)
    back = layout.unflatten(flat)
    assert type(back) is Line and np.array_equal(back.slope, x0.slope) and back.intercept == 2
    assert layout.names()[-1] == "intercept"
    assert layout.parts(back)[-1] == 2


def test_a_node_that_jax_knows_stays_one():
    """A registered class comes back with what is no parameter of it; an empty place stays empty."""
    flat, layout, _ = flatten([Dense(jnp.ones((1, 2)), None, "first"), 3.0])
    assert layout.names() == ["x[0].weight[0, 0]", "x[0].weight[0, 1]", "x[1]"]
    back = layout.unflatten(2 * flat)
    assert type(back[0]) is Dense and back[0].name == "first" and back[0].bias is None
    assert back[0].weight.tolist() == [[2, 2]] and back[1] == 6
    assert [np.size(part) for part in layout.parts(back)] == [2, 1]


def test_a_file_holds_a_plain_tree():
    """What is read from a file has dicts in the places of the classes, and no empty places."""
    _, layout, _ = flatten({"line": Line(1.0, np.ones(2)), ("layer", 0): Dense(jnp.ones(1), None, "first")})
    again = Layout.from_json(layout.to_json())
    assert again.names() == layout.names()
    tree = again.unflatten(np.arange(4.0))
    assert (
        tree["line"]["slope"] == 0
        and tree["layer", 0]["weight"].tolist() == [3]
        and list(tree["layer", 0]) == ["weight"]
    )


def test_one_number_for_each_parameter_of_any_tree():
    """Rates and bounds come in the classes of the start too, or as dicts; what is held needs none."""
    x0 = {"line": Line(1.0, np.ones(2)), "layer": Dense(jnp.ones(2), None, "first")}
    _, layout, _ = flatten(x0)
    rates = {"line": Line(1, 2), "layer": Dense(3, None, "first")}
    assert spread(rates, layout, "rates", "rate").tolist() == [1, 2, 2, 3, 3]
    rates = {"line": {"slope": 1, "intercept": [2, 3]}, "layer": 4}
    assert spread(rates, layout, "rates", "rate").tolist() == [1, 2, 3, 4, 4]
    with pytest.raises(InputError, match=r"which has \['slope', 'intercept'\]; got \[0\]"):
        spread({"line": (1,), "layer": 4}, layout, "rates", "rate")


def test_what_is_no_number_in_a_node_is_refused_with_its_place():
    """The place in the tree is named."""
    with pytest.raises(InputTypeError, match=r"x0\.bias must be a number"):
        flatten(Dense(jnp.ones(1), "zero", "first"))
