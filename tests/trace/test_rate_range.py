"""The answer of a search for learning rates is plain data that shows itself."""

import copy
import pickle

import numpy as np

import fallline as fl


def test_it_can_be_kept_and_shown():
    """It survives pickling and copying, prints itself, and draws itself."""
    found = fl.find_learning_rate(lambda t: t**2, 3.0)
    for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert (again.low, again.high, again.limit) == (found.low, found.high, found.limit)
        np.testing.assert_array_equal(again.costs, found.costs)
    assert str(found) == repr(found) and "stable limit" in str(found)
    assert found.plot().ax_.get_xlabel() == "learning rate"
