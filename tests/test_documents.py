"""README and the manual: every block of code in them runs, and prints what the page says it prints."""

import re
import runpy
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fallline.cli.main import run

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```([^`\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = re.compile(r"[\d.]+(e-?\d+)? s\b")
NUMBER = re.compile(r"[-+]?(?<![\w.])\d[\d,]*\.?\d*(?:e[-+]?\d+)?")


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
    for (language, code, line), (below, printed, _) in zip(found, [*found[1:], ("", "", 0)], strict=False):
        if language in ("python", "console"):
            yield Block(language, code, printed if below == "text" else None, line)


def parts(printed: str, got: str) -> list[tuple[str, str]]:
    """Pair what a page shows with what was printed; a line of "…" on the page stands for lines left out."""
    above, gap, below = printed.rstrip("\n").partition("\n…\n")
    if not gap:
        return [(printed, got)]
    lines = got.rstrip("\n").splitlines()
    first, last = above.count("\n") + 1, below.count("\n") + 1
    return [(above, "\n".join(lines[:first])), (below, "\n".join(lines[-last:]))]


def words(printed: str) -> list[str]:
    """Split what is printed into words, with a mark for each number; no two machines take the same time."""
    return NUMBER.sub("#", SECONDS.sub("# s", printed)).split()


def numbers(printed: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(SECONDS.sub("", printed))]


def console(code: str) -> None:
    """Run the page's `$ fallline …` lines as its reader would; others, such as `$ make run`, are not for a test."""
    for line in code.replace("\\\n", " ").splitlines():
        program, *rest = shlex.split(line.removeprefix("$ "), comments=True) or [""]
        if program == "fallline":
            run(rest)


PAGES = [page for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")) if any(blocks(page))]


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: page.name)
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
            for shown, true in parts(block.printed, got):
                assert words(true) == words(shown), f"{page.name}:{block.line}\n{got}"
                assert numbers(true) == pytest.approx(numbers(shown), rel=0.01, abs=1e-6), f"{page.name}:{block.line}"
