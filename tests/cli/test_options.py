"""Values of options."""

import click
import pytest

from fallline.cli.options import Number, Whole, refuse_unknown_options
from fallline.errors import InputError

RATE = click.Option(["--rate"])


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "fast", "", "0x1"])
def test_a_rate_must_be_positive_and_finite(text):
    """What is no positive number is refused with the option's name and a remedy."""
    with pytest.raises(InputError, match=r"--rate must be a positive, finite number; got .*\. Try 0\.1\."):
        Number("Try 0.1.").convert(text, RATE, None)


def test_numbers_are_read():
    """Numbers are read as Python reads them."""
    assert Number("").convert("1e-5", RATE, None) == 1e-5
    assert Number("", positive=False).convert("-2", RATE, None) == -2


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "1e3", "9" * 30, "²"])
def test_a_count_must_be_whole(text):
    """What is no whole number in reach is refused."""
    with pytest.raises(InputError, match=r"--rate must be a whole number of at least 1"):
        Whole(1, "").convert(text, RATE, None)
    assert Whole(1, "").convert("20", RATE, None) == 20


def test_misspelt_options_are_told_the_nearest():
    """An unknown option is answered with the one that was meant; a formula may begin with a minus."""
    command = click.Command("minimize", params=[click.Option(["--learning-rate"])])
    with pytest.raises(InputError, match=r"'--lerning-rate'. Did you mean '--learning-rate'"):
        refuse_unknown_options(("x^2", "--lerning-rate=1"), command)
    assert refuse_unknown_options(("-x", "--2"), command) is None
