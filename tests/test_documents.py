"""README and the manual: every block of code in them runs, and prints what the page says it prints."""

import doctest
import re
import runpy
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fallline.cli.main import run

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """Code of a page, and the text below it that says what it prints."""

    language: str
    code: str
    printed: str | None
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    found = [(match[1], match[2], text.count("\n", 0, match.start()) + 1) for match in FENCE.finditer(text)]
    for (language, code, line), (below, printed, _) in zip(found, [*found[1:], ("", "", 0)], strict=True):
        if language in ("python", "console"):
            yield Block(language, code, printed if below == "text" else None, line)


def console(code: str) -> None:
    """Run the page's `$ fallline …` lines as its reader would; others, such as `$ make run`, are not for a test."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words[:1] == ["fallline"]:
            run(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_does_what_it_says(page, tmp_path, monkeypatch, capsys):
    """Copying the code of a page, block by block, gives what the page shows."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    names: dict[str, object] = {}
    for block in blocks(page):
        capsys.readouterr()
        if block.language == "python":
            program = tmp_path / f"{page.stem}_{block.line}.py"
            program.write_text("\n" * block.line + block.code, encoding="utf-8")
            names = runpy.run_path(str(program), init_globals=names)
        else:
            console(block.code)
        if block.printed is not None:
            got = capsys.readouterr().out
            assert doctest.OutputChecker().check_output(block.printed, got, LOOSE), f"{page.name}:{block.line}\n{got}"
