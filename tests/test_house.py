"""The conventions that hold the house together, wherever a machine can check them."""

import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import fallline

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "fallline"
PROGRAMS = sorted(
    path for folder in ("src", "tests", "examples", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
TEXTS = {".py", ".md", ".rst", ".toml", ".txt", ".in", ".yaml", ".yml", ".html", ".css", ".js", ".json", ""}
HEAVY = (
    "click",
    "dask",
    "jax",
    "matplotlib",
    "narwhals",
    "numba",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "safetensors",
)
HEAVY += ("scipy", "sklearn", "tensorflow", "torch")
PUBLIC_ROOMS = ("fallline", "fallline.methods", "fallline.problems", "fallline.schedules", "fallline.steps")
PUBLIC_ROOMS += ("fallline.stopping",)
FOR_NUMPY = {"counterparts.py", "lifting.py", "operations.py", "stand_ins.py"}
"""Files that stand in for NumPy's own functions, and so take whatever those take."""

CHECKS = re.compile(r"(assert|check|raises|warns|refuse|expect)")
MODULES = sorted(
    found.name for found in pkgutil.walk_packages([str(SOURCE)], "fallline.") if "__main__" not in found.name
)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function, its docstring not counted."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def written() -> list[Path]:
    """List the text files of the project, without what is made from them."""
    made = {".venv", ".git", "out", "_build", "generated", "build", "dist", "__pycache__", ".hypothesis"}
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in made and not name.endswith("_cache")]
        found += [Path(folder, name) for name in files if Path(name).suffix in TEXTS]
    return found


def public(module: ModuleType) -> list[tuple[str, object]]:
    return [(name, getattr(module, name)) for name in getattr(module, "__all__", [])]


def test_files_are_short():
    """No file is too long to be read at a sitting."""
    assert [str(path) for path in PROGRAMS if len(path.read_text(encoding="utf-8").splitlines()) >= 400] == []


def test_functions_are_short():
    """No function is too long to be held in mind."""
    assert [place(path, node) for path in PROGRAMS for node in functions(path) if length(node) >= 60] == []


def test_importing_fallline_loads_nothing_heavy():
    """The import is quick because frameworks are loaded only where a call needs them."""
    program = "import sys, fallline; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "fallline" in loaded
    assert sorted(set(loaded) & set(HEAVY)) == []


def test_no_text_names_a_registry_or_a_machine():
    """The project installs and runs wherever its user's own tools are pointed."""
    registries = ["py" + "pi.org", "python" + "hosted", "npm" + "js", "deb." + "debian", "index" + "-url"]
    machine = r"(?<![\w.])/(?:wo" + "rk|ro" + "ot|far" + r"m|home)/"
    pattern = re.compile("|".join([*map(re.escape, registries), machine]))
    assert [str(path) for path in written() if pattern.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_is_left_for_later():
    """What stands in the source is finished."""
    marks = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImpl" + "ementedError"]) + r")\b")
    assert [str(path) for path in PROGRAMS if marks.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_is_found_out_by_probing():
    """What a part needs is declared, not asked for with hasattr or passed through in keywords."""
    calls = [
        place(path, node)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"hasattr", "eval", "exec"}
    ]
    passed = [
        place(path, node)
        for path in SOURCE.rglob("*.py")
        if "models" not in path.parts and path.name not in FOR_NUMPY
        for node in functions(path)
        if node.args.kwarg is not None and not node.name.startswith("_")
    ]
    assert (calls, passed) == ([], [])


@pytest.mark.parametrize("name", MODULES)
def test_public_names_exist_and_say_what_they_are(name: str):
    """Every name in `__all__` exists, and every class and function among them has a docstring of its own."""
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    silent = [
        item
        for item, value in public(module)
        if (inspect.isclass(value) or inspect.isfunction(value))
        and (not value.__doc__ or value.__doc__.startswith(f"{item}("))  # a dataclass without words says its signature
    ]
    assert silent == []


@pytest.mark.parametrize("name", PUBLIC_ROOMS)
def test_public_docstrings_have_an_example(name: str):
    """Whatever a user calls shows an example, which the doctests run."""
    module = importlib.import_module(name)
    silent = [
        item
        for item, value in public(module)
        if inspect.isfunction(value)
        or (
            inspect.isclass(value) and not issubclass(value, Exception | Enum | tuple) and not inspect.isabstract(value)
        )
        if ">>>" not in (inspect.getdoc(value) or "") and not getattr(value, "_is_protocol", False)
    ]
    assert silent == []


@pytest.mark.parametrize("name", PUBLIC_ROOMS)
def test_public_names_are_in_the_reference(name: str):
    """Whatever a user calls has its page in the manual."""
    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").split()
    room = name.removeprefix("fallline").lstrip(".")
    names = [item for item, value in public(importlib.import_module(name)) if not inspect.ismodule(value)]
    assert [item for item in names if f"{room}.{item}".lstrip(".") not in reference] == []


@pytest.mark.parametrize(
    "path", [path for path in PROGRAMS if path.name.startswith("test_")], ids=lambda path: path.name
)
def test_tests_mirror_the_tree_and_say_what_they_check(path: Path):
    """A test stands where its subject stands, says in a sentence what a user gets, and asserts it."""
    room = path.parent.relative_to(ROOT / "tests")
    subject = path.stem.removeprefix("test_")
    whole_room = subject in ("contract", room.name)
    assert room == Path() or whole_room or (SOURCE / room / f"{subject}.py").is_file(), f"{path} has no subject"
    for test in functions(path):
        if not test.name.startswith("test_"):
            continue
        assert ast.get_docstring(test), f"{place(path, test)} has no docstring"
        named = [
            getattr(node.func, "attr", getattr(node.func, "id", ""))
            for node in ast.walk(test)
            if isinstance(node, ast.Call)
        ]
        asserts = any(isinstance(node, ast.Assert) for node in ast.walk(test)) or any(map(CHECKS.match, named))
        assert asserts, f"{place(path, test)} asserts nothing"


def test_requirements_are_pinned():
    """Two installations a year apart are the same."""
    lines = [
        line
        for path in (ROOT / "requirements").glob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#") and line != "-r run.txt"
    ]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_the_version_is_told_the_same_everywhere():
    """The package, its metadata and the changelog agree on the version."""
    assert version("fallline") == fallline.__version__
    assert f"## [{fallline.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
