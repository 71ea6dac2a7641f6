"""``fallline fit``: what it prints, what it refuses, what it tells the shell."""

import json

import numpy as np
import pytest

from fallline.cli.main import run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make a folder with a table of numbers, words, dates, truth values, blanks and a constant, to work in."""
    rng = np.random.default_rng(0)
    lines = ["age,kind,seen,member,site,price,grade,paid\n"]
    for k in range(300):
        age, kind, member = rng.integers(20, 60), "abc"[rng.integers(3)], rng.random() < 0.5
        price = 3.5 * age + {"a": 0, "b": 20, "c": -10}[kind] + 5 * member + 0.1 * rng.normal()
        blank = k % 50 == 7
        grade = "high" if price + 20 * rng.normal() > 140 else "low"
        cells = ["" if k % 40 == 3 else age, kind, f"2024-01-{k % 28 + 1:02d}", member, "main", "" if blank else price]
        lines.append(",".join(map(str, [*cells, grade, int(price > 140)])) + "\n")
    (tmp_path / "shop.csv").write_text("".join(lines))
    (tmp_path / "header.csv").write_text("a,price\n")
    (tmp_path / "one_class.csv").write_text("a,price\n" + "".join(f"{k},yes\n" for k in range(50)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(capsys, *words):
    code = run([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def as_json(capsys, *words):
    code, out, _ = outcome(capsys, "fit", "shop.csv", *words, "--json", "--quiet")
    return code, json.loads(out)


@pytest.mark.usefixtures("folder")
def test_a_table_is_fitted_and_everything_is_told(capsys):
    """One command fits, scores beside the mean, prints every coefficient by name, and says what it did to the table."""
    code, out, err = outcome(capsys, "fit", "shop.csv", "--target", "price", "--exclude", "grade", "--exclude", "paid")
    assert code == 0
    assert out.startswith("Converged after 1 iteration: linear regression of price on shop.csv.")
    for words in (
        "at most",
        "On the 59 rows held out",
        "the mean alone",
        "kind=b",
        "6 rows with a blank price were left out",
        "filled with the column's mean: age (",
        "days since 1970-01-01: seen",
        "True counts as 1, false as 0: member",
        "kind is text: each level is compared with",
        "site was left out: it is always 'main'",
    ):
        assert words in out
    assert err.splitlines() == ["Reading shop.csv …", "Fitting 294 rows …"]


@pytest.mark.usefixtures("folder")
def test_coefficients_are_in_the_datas_units(capsys):
    """The coefficients found are those that made the data, in its units."""
    code, found = as_json(capsys, "--target", "price", "--exclude", "grade", "--exclude", "paid", "--exclude", "age")
    assert code == 0
    assert found["success"]
    assert found["scored_on"] == "test"
    assert found["rows"]["blank_target"] == 6
    effects = dict(zip(found["features"], found["coefficients"], strict=True))
    a = next(level for level in "abc" if f"kind={level}" not in effects)
    differences = {"a": 0, "b": 20, "c": -10}
    for level in set("abc") - {a}:
        assert effects[f"kind={level}"] == pytest.approx(differences[level] - differences[a], abs=15)
    assert found["baseline"]["r2"] < 0.01 < found["scores"]["r2"]
    assert found["certificate"]["kind"] == "bound"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("target", "classes"), [("grade", ["high", "low"]), ("member", ["false", "true"]), ("paid", [0, 1])]
)
def test_the_model_follows_the_targets_type(capsys, target, classes):
    """Words, truth values, and numbers that are only 0 and 1, are classified, beside the most frequent class."""
    code, found = as_json(capsys, "--target", target, "--exclude", "price")
    assert code in (0, 1)
    assert found["model"] == "LogisticRegression"
    assert found["classes"] == classes
    assert 0 < found["baseline"]["accuracy"] < 1
    assert set(found["scores"]) == {"accuracy"}


@pytest.mark.usefixtures("folder")
def test_many_classes_have_a_column_each(capsys):
    """More than two classes are fitted by a softmax, with a column of coefficients for each."""
    code, out, _ = outcome(capsys, "fit", "shop.csv", "--target", "kind", "--quiet")
    heads = next(line for line in out.splitlines() if line.startswith("Coefficient"))
    assert code == 0
    assert heads.split() == ["Coefficient", *"kind = a kind = b kind = c".split()]


@pytest.mark.usefixtures("folder")
def test_a_rate_too_high_ends_with_code_one_and_the_reason(capsys):
    """A textbook descent that diverges is told why, with the limit, and the shell learns of it."""
    words = ["--target", "price", "--method", "gd", "--learning-rate", "0.1"]
    code, found = as_json(capsys, *words)
    assert code == 1
    assert not found["success"]
    assert "learning-rate-too-high" in [finding["code"] for finding in found["diagnosis"]]
    code, out, _ = outcome(capsys, "fit", "shop.csv", *words)
    assert code == 1
    assert out.startswith("Not converged")
    assert "error (learning-rate-too-high)" in out


@pytest.mark.usefixtures("folder")
def test_the_share_held_out_and_the_seed_can_be_set(capsys):
    """The rows held out follow the share and the seed; none held out is said."""
    found = [as_json(capsys, "--target", "price", "--test-fraction", "0.5", "--seed", seed)[1] for seed in (1, 1, 2)]
    assert found[0]["rows"] == {"train": 147, "test": 147, "blank_target": 6}
    assert found[0]["scores"] == found[1]["scores"] != found[2]["scores"]
    code, out, _ = outcome(capsys, "fit", "shop.csv", "--target", "price", "--test-fraction", "0")
    assert code == 0
    assert "On the 294 rows it was fitted to" in out


def test_a_picture_can_be_written(folder, capsys):
    """--plot writes the cost history as a picture, and says so."""
    code, _, err = outcome(capsys, "fit", "shop.csv", "--target", "price", "--plot", "cost.png")
    assert code == 0
    assert (folder / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert "Wrote cost.png." in err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["absent.csv", "--target", "price"], "absent.csv"),
        ([".", "--target", "price"], "folder"),
        (["header.csv", "--target", "price"], "header only"),
        (["one_class.csv", "--target", "price"], "two classes"),
        (["shop.csv", "--target", "prise"], "Did you mean 'price'"),
        (["shop.csv", "--target="], "Known names"),
        (["shop.csv"], "--target"),
        (["shop.csv", "--target", "price", "--exclude", "gread"], "grade"),
        (["shop.csv", "--target", "price", "--exclude", "price"], "exclude must not name the target"),
        (["shop.csv", "--target", "price", "--model", "logistics"], "Did you mean 'logistic'"),
        (["shop.csv", "--target", "grade", "--model", "linear"], "--model logistic"),
        (["shop.csv", "--target", "price", "--model", "logistic"], "at most 100 classes"),
        (["shop.csv", "--target", "price", "--method", "addam"], "Did you mean 'adam'"),
        (["shop.csv", "--target", "price", "--learning-rate", "-1"], "--learning-rate must"),
        (["shop.csv", "--target", "price", "--test-fraction", "1.5"], "--test-fraction must"),
        (["shop.csv", "--target", "price", "--max-iterations", "0"], "--max-iterations must"),
        (["shop.csv", "--target", "price", "--plot", "nowhere/cost.png"], "--plot must"),
        (["shop.csv", "--target", "price", "--plot", "cost.doc"], "--plot must"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_line(capsys, words, told):
    """Bad usage or input ends with code 2, one line on stderr and nothing on stdout."""
    code, out, err = outcome(capsys, "fit", *words, "--quiet")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert told in err


def test_a_stray_word_among_numbers_is_told(folder, capsys):
    """A column of numbers that one cell makes text is named with that cell and its row, as feature and as target."""
    lines = [f"{k},{'?' if k == 7 else k % 5},{2 * k + k % 3}" for k in range(30)]
    (folder / "stray.csv").write_text("\n".join(["a,b,c", *lines]))
    code, out, _ = outcome(capsys, "fit", "stray.csv", "--target", "c")
    assert code == 0
    assert "b was read as text" in out
    assert "'?' at row 7" in out
    _, found, _ = outcome(capsys, "fit", "stray.csv", "--target", "c", "--json")
    assert json.loads(found)["mixed"] == {"b": {"row": 7, "cell": "?"}}
    code, _, err = outcome(capsys, "fit", "stray.csv", "--target", "b", "--model", "linear", "--quiet")
    assert code == 2
    assert "'?' at row 7" in err
