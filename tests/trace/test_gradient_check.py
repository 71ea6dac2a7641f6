"""The answer of a gradient check is plain data that shows itself."""

import pickle

import fallline as fl


def test_it_can_be_kept_and_shown():
    """It survives pickling and prints itself; ok is whether nothing was found."""
    right = fl.check_gradient(lambda t: t**2, lambda t: 2 * t, 3.0)
    wrong = fl.check_gradient(lambda t: t**2, lambda t: t, 3.0)
    assert (right.ok, wrong.ok) == (True, False)
    assert pickle.loads(pickle.dumps(wrong)).findings == wrong.findings
    assert str(right) == repr(right) != str(wrong)
