"""Draw random functions, to test whether a reader of `git ls-files` can name their folders.

    python scripts/quiz.py --seed 7 --count 30                 the functions, without their paths
    python scripts/quiz.py --seed 7 --count 30 --answers       the paths
    python scripts/quiz.py --seed 7 --count 30 --score FILE    how many lines `N folder` of FILE are right

The same seed draws the same functions, as long as the code is the same.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sources import source_files

ROOT = Path(__file__).parents[1]
LINES = range(6, 61)
"""Smallest and largest length of a drawn function, in lines."""

FUNCTION = re.compile(r"(export )?(default )?(async )?function\b")
CLASS = re.compile(r"(export )?(default )?(abstract )?class\b")
METHOD = re.compile(
    r"  (?:(?:public|private|protected|static|override|async|get|set|\*) ?)*#?\w+(?:<.+>)?\("
)


@dataclass(frozen=True, order=True)
class Snippet:
    """A function or method, and the file that it is in."""

    path: str
    code: str

    @property
    def folder(self) -> str:
        """The folder of its file, relative to the root of the repository."""
        return self.path.rpartition("/")[0]


def snippets(root: Path) -> Iterator[Snippet]:
    """All functions and methods that may be drawn."""
    for path in source_files(root):
        text = (root / path).read_text(encoding="utf-8")
        for code in python_functions(text) if path.endswith(".py") else typescript_functions(text):
            if code.count("\n") + 1 in LINES:
                yield Snippet(path, code)


def python_functions(text: str) -> Iterator[str]:
    """The functions of a module and the methods of its classes, with their decorators."""
    lines = text.splitlines()
    module = ast.parse(text)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    for node in [*module.body, *(method for one in classes for method in one.body)]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield textwrap.dedent("\n".join(lines[first - 1 : node.end_lineno]))


def typescript_functions(text: str) -> Iterator[str]:
    """The functions at the margin and the methods of classes there, each with the comment above it.

    The code is as Biome formats it: what begins at an indent ends with the next brace at this indent.
    """
    lines = text.splitlines()
    in_class, start = False, 0
    while start < len(lines):
        line = lines[start]
        if in_class and line == "}":
            in_class = False
        elif CLASS.match(line):
            in_class = not line.endswith("}")
        elif FUNCTION.match(line) or (in_class and METHOD.match(line)):
            end = closing_line(lines, start)
            if end is not None:
                first = comment_line(lines, start)
                indent = "  " * in_class
                yield "\n".join(one.removeprefix(indent) for one in lines[first : end + 1])
                start = end
        start += 1


def closing_line(lines: Sequence[str], start: int) -> int | None:
    """The line whose brace closes the function at `start`; None if the function has no body."""
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    in_template = False  # where shaders have braces at the margin
    for index, line in enumerate(lines[start:], start):
        if not in_template and line == f"{indent}}}":
            return index
        if not in_template and re.match(rf"{indent}\S.*(;|{{}})$", line):
            return None
        in_template ^= bool(line.replace("\\`", "").count("`") % 2)
    return None


def comment_line(lines: Sequence[str], start: int) -> int:
    """The first line of the `/** ... */` directly above `start`, or `start` where there is none."""
    if start == 0 or not lines[start - 1].endswith("*/"):
        return start
    first = start - 1
    while first > 0 and not lines[first].lstrip().startswith("/*"):
        first -= 1
    return first


def draw(root: Path, seed: int, count: int) -> list[Snippet]:
    """The functions that a seed draws; exits with a sentence if there are fewer."""
    found = sorted(snippets(root))
    if not 0 < count <= len(found):
        raise SystemExit(f"There are {len(found)} functions to draw: --count {count} is not among them.")
    return random.Random(seed).sample(found, count)


def read_answers(text: str) -> dict[int, str]:
    """The answered folder for each number, from lines `N folder`."""
    said: dict[int, str] = {}
    for line in filter(str.strip, text.splitlines()):
        number, _, folder = line.strip().partition(" ")
        if not number.rstrip(".:").isdecimal():
            raise SystemExit(f"{line!r} is not a number and a folder, such as `3 src/limner/training`.")
        said[int(number.rstrip(".:"))] = folder.strip().strip("`").removeprefix("./").rstrip("/")
    return said


def score(drawn: Sequence[Snippet], said: dict[int, str]) -> Iterator[str]:
    """The number of right answers, and a line for each wrong one."""
    missed = [n for n, snippet in enumerate(drawn, 1) if said.get(n) != snippet.folder]
    yield f"{len(drawn) - len(missed)} of {len(drawn)} are right."
    for n in missed:
        yield f"{n}: {drawn[n - 1].path}, not {said.get(n) or 'answered'}"


def main() -> None:
    """Print the functions, the answers or the score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=30)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--answers", action="store_true")
    asked.add_argument("--score", type=Path, metavar="FILE")
    options = parser.parse_args()
    drawn = draw(ROOT, options.seed, options.count)
    if options.score:
        print("\n".join(score(drawn, read_answers(options.score.read_text(encoding="utf-8")))))
    elif options.answers:
        print("\n".join(f"{n} {snippet.path}" for n, snippet in enumerate(drawn, 1)))
    else:
        print("\n\n".join(f"{f' {n} ':-^72}\n\n{snippet.code}" for n, snippet in enumerate(drawn, 1)))


if __name__ == "__main__":
    main()
