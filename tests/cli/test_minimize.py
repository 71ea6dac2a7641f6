"""fallline minimize."""

import json

import numpy as np
import pytest

import fallline as fl
from fallline.cli.main import run

FIRST = ["minimize", "theta**2", "--start", "3", "--learning-rate", "0.3", "--tolerance", "1e-5"]
FIRST += ["--max-iterations", "20"]


def test_the_help_has_examples(capsys):
    """--help shows every option and examples that can be copied, each on a line of its own."""
    assert run(["minimize", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert '    fallline minimize "theta^2" --start 3 --learning-rate 0.3 --steps' in lines
    assert any(line.startswith("  --max-iterations COUNT") for line in lines)


@pytest.fixture
def report(capsys):
    """Return what --json prints, having checked the exit code."""

    def call(*words, code=0):
        assert run(["minimize", *words, "--json"]) == code
        return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)

    return call


def test_the_command_line_is_the_library(report):
    """The command line gives the library's digits, under the library's names."""
    found = report(*FIRST[1:])
    here = fl.minimize(lambda theta: theta**2, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20)
    assert (found["x"], found["fun"], found["nit"], found["reason"]) == (here.x, here.fun, here.nit, here.reason.value)
    assert {"jac", "nfev", "njev", "success", "status", "message", "diagnosis", "certificate", "method"} <= set(found)
    assert "trace" not in found


def test_every_step_is_printed(capsys):
    """--steps prints the table of steps, then the result; nothing is written to stderr."""
    assert run([*FIRST, "--steps"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split()[1] for line in lines[1:4]] == ["3", "1.2", "0.48"]
    assert lines[18].startswith("Converged after 15 iterations")
    assert err == ""


def test_the_steps_are_in_the_json(report):
    """--steps --json has the trace in columns, nan as null."""
    trace = report(*FIRST[1:], "--steps")["trace"]
    np.testing.assert_allclose(trace["x"], [3 * 0.4**k for k in range(16)], rtol=1e-12)
    assert trace["learning_rate"][:2] == [None, 0.3]


def test_variables_have_their_names(report):
    """Several variables start by name in any order, and the answer is by name."""
    found = report("(1-x)^2 + 100*(y-x^2)^2", "--start", "y=1", "--start", "x=-1.2")
    assert found["success"] is True
    assert list(found["x"]) == ["x", "y"]
    np.testing.assert_allclose([*found["x"].values()], [1, 1], atol=1e-4)


def test_variables_in_order_of_appearance(report):
    """Without names the numbers are taken in the order in which the variables appear."""
    found = report("b^2 + 2*a^2", "--start", "3", "--start=-4", "--max-iterations", "0", code=1)
    assert found["x"] == {"b": 3.0, "a": -4.0}


def test_a_formula_may_begin_with_a_minus(report):
    """A formula that begins with a sign is not taken for an option."""
    assert report("-cos(x)", "--start", "-1")["x"] == pytest.approx(0, abs=1e-6)


def test_divergence_is_told(report):
    """A rate above the limit is exit code 1 with the finding and the limit."""
    found = report("theta**2", "--start", "3", "--learning-rate", "1.5", "--max-iterations", "200", code=1)
    (finding,) = [one for one in found["diagnosis"] if one["code"] == "learning-rate-too-high"]
    assert finding["values"]["limit"] == pytest.approx(1.0, rel=0.01)


def test_a_python_function(report, tmp_path):
    """--function takes a function from a file, with an array where several numbers are given."""
    (tmp_path / "bowl.py").write_text("import numpy as np\ndef cost(x):\n    return np.sum((x - 4.0) ** 2)\n")
    place = f"{tmp_path}/bowl.py:cost"
    np.testing.assert_allclose(report("--function", place, "--start", "1", "--start", "2")["x"], [4, 4], atol=1e-6)
    assert report("--function", place, "--start", "1")["x"] == pytest.approx(4)


def test_a_function_that_fails_is_named(tmp_path, capsys):
    """An error in the user's own function is bad input, with its line."""
    (tmp_path / "bowl.py").write_text("def cost(x):\n    return 1 / 0\n")
    assert run(["minimize", "--function", f"{tmp_path}/bowl.py:cost", "--start", "1"]) == 2
    assert "ZeroDivisionError at line 2 of bowl.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("formula", "starts", "name"),
    [("theta^2", ["3"], "one.png"), ("a^2 + b^2", ["a=1", "b=2"], "two.svg"), ("a^2 + b^2 + c^2", ["1"] * 3, "n.pdf")],
)
def test_a_picture_is_written(formula, starts, name, tmp_path, capsys):
    """--plot writes the picture that fits the number of variables, and says so on stderr unless quiet."""
    words = ["minimize", formula, *[f"--start={start}" for start in starts], "--plot", str(tmp_path / name)]
    assert run(words) == 0
    assert f"Wrote {tmp_path / name}." in capsys.readouterr().err
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[(tmp_path / name).suffix]
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert run([*words, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "FORMULA must be given once"),
        (["x", "y", "--start", "1"], "in quotes"),
        (["x^2"], "--start must be given for every variable, all by name or none; got none. Write --start x=1."),
        (["x^2", "--start", "nan"], "--start must be a finite number; got 'nan'"),
        (["x^2", "--start", "x="], "--start must be a finite number; got ''"),
        (["x^2", "--start", "z=1"], "--start must name a variable of the formula; got 'z'"),
        (["x^2", "--start", "x=1", "--start", "x=2"], "got x twice"),
        (["x^2 + y^2", "--start", "1"], "(x, y); got 1 for 2. Write --start x=1 --start y=1."),
        (["x^2 + y^2", "--start", "1", "--start", "y=1"], "all by name or none"),
        (["x^2", "--start", "1", "--method", "adamm"], "--method must be the name of a method; got 'adamm'. Did you"),
        (["x^2", "--start", "1", "--learning-rate", "-1"], "--learning-rate must be a positive"),
        (["x^2", "--start", "1", "--tolerance", "0"], "--tolerance must be a positive"),
        (["x^2", "--start", "1", "--max-iterations", "1.5"], "--max-iterations must be a whole number"),
        (["x^2", "--start", "1", "--plot", "no/such/out.png"], "There is no folder"),
        (["x^2", "--start", "1", "--plot", "out.txt"], "--plot must be a file whose name ends in png"),
        (["x^2", "--start", "1", "--function", "a.py:f"], "must not be given both"),
        (["x^2", "--start", "1", "--lerning-rate", "1"], "Did you mean '--learning-rate'?"),
    ],
)
def test_bad_input_is_one_line(words, told, tmp_path, monkeypatch, capsys):
    """What cannot be used is exit code 2 and one line that names the option and the remedy."""
    monkeypatch.chdir(tmp_path)
    assert run(["minimize", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert told in err
    assert list(tmp_path.iterdir()) == []
