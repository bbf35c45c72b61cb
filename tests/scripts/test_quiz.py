"""The quiz: the same functions for a seed, no paths in the questions, and a score that counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from quiz import LINES, draw, python_functions, read_answers, score, snippets, typescript_functions

ROOT = Path(__file__).parents[2]

PYTHON = '''
import os


@decorated
def first(a: int) -> int:
    """A function."""

    def inside() -> int:
        return a

    return inside()


class Thing:
    name = "thing"

    def second(self) -> str:
        return self.name
'''
TYPESCRIPT = """import { a } from './a.ts';

/** A function. */
export async function first(
  a: number,
): Promise<string> {
  const code = `
fn main() {
}
`;
  return code + (() => {
    return a;
  })();
}

export function declared(a: number): number;

export class Thing {
  #name = () => {
    return 'thing';
  };

  constructor(readonly a: number) {}

  /** A method. */
  get #second(): string {
    if (this.a) {
      return 'x';
    }
    return this.#name();
  }
}

const third = (a: number) => {
  return a;
};
"""


def quiz(*arguments: str) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "quiz.py"), "--seed", "7", "--count", "8", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_functions_and_methods_of_python() -> None:
    first, second = python_functions(PYTHON)
    assert first.startswith("@decorated\ndef first") and first.endswith("    return inside()")
    assert second == "def second(self) -> str:\n    return self.name"


def test_functions_and_methods_of_typescript() -> None:
    first, second = typescript_functions(TYPESCRIPT)
    assert first.startswith("/** A function. */\nexport async function first(\n") and first.endswith(
        "})();\n}"
    )
    assert second.startswith("/** A method. */\nget #second()") and second.endswith(
        "  return this.#name();\n}"
    )


def test_a_seed_draws_the_same_functions() -> None:
    assert draw(ROOT, 7, 30) == draw(ROOT, 7, 30) != draw(ROOT, 8, 30)
    assert quiz() == quiz()


def test_functions_of_both_languages_are_drawn_whole() -> None:
    found = list(snippets(ROOT))
    assert all(len(one.code.splitlines()) in LINES for one in found)
    assert all(one.code.endswith("}") for one in found if one.path.endswith(".ts"))
    assert {one.path.split("/")[1] for one in found} >= {"limner", "engine", "player", "bench"}
    assert not any("tests" in one.path.split("/") for one in found)


def test_the_questions_show_no_path() -> None:
    shown, answers = quiz(), quiz("--answers").splitlines()
    assert [line.split()[0] for line in answers] == [str(number) for number in range(1, 9)]
    assert not any(line.split()[1] in shown for line in answers)
    assert all(f" {number} -" in shown for number in range(1, 9))


def test_the_score_counts(tmp_path: Path) -> None:
    folders = [line.rpartition("/")[0] for line in quiz("--answers").splitlines()]
    said = tmp_path / "said.txt"
    said.write_text("\n".join([*(f"{folder}/" for folder in folders[:6]), "7 src/limner", ""]))
    printed = quiz("--score", str(said)).splitlines()
    assert printed[0] == "6 of 8 are right."
    assert printed[1].endswith(", not src/limner") and printed[2].endswith(", not answered")


def test_a_line_that_is_no_answer_is_refused() -> None:
    assert read_answers("1 web/shared\n\n2: ./web/engine/\n") == {1: "web/shared", 2: "web/engine"}
    with pytest.raises(SystemExit, match="not a number and a folder"):
        read_answers("web/shared")


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(SystemExit, match="functions to draw"):
        draw(ROOT, 7, 10**6)
    assert next(score(draw(ROOT, 7, 2), {})) == "0 of 2 are right."
