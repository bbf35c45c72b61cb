"""Ask judges who know nothing of the project: shuffled, unnamed paintings, and the score of the answers.

    python scripts/blind.py paint OUT --before A.onnx --after B.onnx --clips CLIP ... --still-life
    python scripts/blind.py paint OUT --single "sea.onnx=sea|ocean|waves" ... --clips CLIP ...
    python scripts/blind.py score OUT ANSWERS.json ...

OUT gets the pictures and questions.json, which are all that a judge may see. OUT-key.json, beside it, says
what is what. Both looks paint the same frames of the clips and of the page's still life. Each pair is shown
in both orders; a judge who prefers once the one and once the other has lost it for the second look. An
answer file is {"judge": "name", "answers": {"01": "left", ...}}, one for each judge, by the questions' ids.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from limner.data.arrays import center_crop, to_image
from limner.data.decode import read_clip
from limner.data.sources import find_source
from limner.files import atomic_folder, atomic_write
from limner.look.look import Look, open_look
from limner.mark import save_options
from limner.page.chromium import FLAGS, open_page
from limner.page.publish import WEB
from limner.page.server import make_app, serve_in_background

SIDE, GAP = 512, 24
FRAMES = 4
"""Frames of each clip and of the still life, evenly spread, by default."""

STILL_LIFE_STEPS = 18
"""Steps of the page's still life between two frames, a twelfth of a second each."""

WHICH = "Two paintings of the same thing. Which one would you rather hang on a wall?"
SUBJECT = "What does this painting show? Answer in one or two words."
FINISHED = "Would this pass as a finished painting by a person?"


@dataclass(frozen=True)
class Question:
    """One question about one picture, and the secret that is needed to count its answer."""

    picture: Image.Image
    kind: str
    """`pair`, `subject` or `finished`."""
    text: str
    secret: dict[str, Any]

    @property
    def answers(self) -> list[str] | None:
        """The allowed answers; None for any words."""
        return {"pair": ["left", "right"], "finished": ["yes", "no"]}.get(self.kind)


def clip_frames(clips: Iterable[Path], count: int = FRAMES) -> Iterator[tuple[str, Image.Image]]:
    """Frames of clips with their names."""
    for clip in clips:
        for number, frame in enumerate(read_clip(find_source(clip), count), start=1):
            yield f"{clip.stem} {number}", frame.image


def still_life_frames(count: int = FRAMES) -> Iterator[tuple[str, Image.Image]]:
    """Frames of the scene that the built page draws. Raises BrowserUnavailable without a Chromium."""
    with serve_in_background(make_app(WEB)) as address, open_page(FLAGS) as page:
        page.emulate_media(reduced_motion="reduce")  # the scene waits for its steps
        page.goto(address)
        page.wait_for_selector("#alert:not([hidden])")  # there are no looks: nothing else will come
        for number in range(1, count + 1):
            url = page.evaluate("document.querySelector('#source-view canvas').toDataURL()")
            with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
                yield f"still life {number}", picture.convert("RGB")
            for _ in range(STILL_LIFE_STEPS):
                page.evaluate("document.querySelector('#step-button').click()")


def pair_questions(
    before: Look, after: Look, frames: Iterable[tuple[str, Image.Image]]
) -> Iterator[Question]:
    """Each frame as both looks paint it, in both orders."""
    for name, frame in frames:
        paintings = {"before": paint(before, frame), "after": paint(after, frame)}
        for left, right in (("before", "after"), ("after", "before")):
            picture = side_by_side(paintings[left], paintings[right])
            yield Question(picture, "pair", WHICH, {"pair": name, "left": left, "right": right})


def single_questions(
    look: Look, words: Sequence[str], frames: Iterable[tuple[str, Image.Image]]
) -> Iterator[Question]:
    """Two questions about each painting of a look, whose subject any of `words` names."""
    for name, frame in frames:
        painting, label = paint(look, frame), f"{look.path.stem}: {name}"
        yield Question(painting, "subject", SUBJECT, {"painting": label, "words": list(words)})
        yield Question(painting, "finished", FINISHED, {"painting": label})


def paint(look: Look, frame: Image.Image) -> Image.Image:
    """The painting of a frame, enlarged to `SIDE`."""
    painting = to_image(look.paint(center_crop(frame, look.pixels)))
    return painting.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pictures with a gap between them."""
    sheet = Image.new("RGB", (2 * SIDE + GAP, SIDE), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (SIDE + GAP, 0))
    return sheet


def write_questions(out: Path, questions: list[Question], seed: int) -> None:
    """Write the shuffled pictures and questions into `out`, and the key beside it."""
    random.Random(seed).shuffle(questions)
    asked, key = [], {}
    with atomic_folder(out) as folder:
        for number, question in enumerate(questions, start=1):
            name = f"{number:02}"
            question.picture.save(folder / f"{name}.png", **save_options("PNG", "painting"))
            asked.append(
                {
                    "id": name,
                    "picture": f"{name}.png",
                    "question": question.text,
                    "answers": question.answers,
                }
            )
            key[name] = {"kind": question.kind} | question.secret
        (folder / "questions.json").write_text(json.dumps(asked, indent=1) + "\n")
        atomic_write(key_path(out), json.dumps(key, indent=1) + "\n")  # first: questions need their key


def key_path(out: Path) -> Path:
    """Where the key is: beside the folder, not in it."""
    return out.with_name(f"{out.name}-key.json")


def score(key: dict[str, Any], answers: Sequence[dict[str, str]]) -> Iterator[str]:
    """The result as sentences; `answers` has those of each judge, by the questions' ids."""
    for sheet in answers:
        if missing := sorted(key.keys() - sheet.keys()):
            raise SystemExit(f"A judge has not answered {', '.join(missing)}: each judge answers all.")
    yield from _score_pairs(key, answers)
    for kind, verb in (("subject", "The subject was named for"), ("finished", "A finished painting:")):
        votes: defaultdict[str, list[bool]] = defaultdict(list)
        for name, entry in key.items():
            if entry["kind"] == kind:
                votes[entry["painting"]] += [_is_yes(entry, sheet[name]) for sheet in answers]
        if votes:
            won = sum(_is_majority(each) for each in votes.values())
            said = sum(map(sum, votes.values()))
            total = sum(map(len, votes.values()))
            yield f"{verb} {won} of {len(votes)} paintings by most judges; {said} of {total} answers."
            yield from (f"  {name}: {sum(each)} of {len(each)}" for name, each in votes.items())


def _score_pairs(key: dict[str, Any], answers: Sequence[dict[str, str]]) -> Iterator[str]:
    """Who prefers the second look in both orders."""
    votes: defaultdict[str, list[bool]] = defaultdict(list)
    splits = 0
    for sheet in answers:
        preferred: defaultdict[str, list[str]] = defaultdict(list)
        for name, entry in key.items():
            if entry["kind"] == "pair":
                preferred[entry["pair"]].append(entry[_side(sheet[name])])
        for pair, looks in preferred.items():
            splits += len(set(looks)) > 1
            votes[pair].append(set(looks) == {"after"})
    if votes:
        won = sum(_is_majority(each) for each in votes.values())
        counted = Counter(vote for each in votes.values() for vote in each)
        yield (
            f"After is preferred in {won} of {len(votes)} pairs by most judges; in {counted[True]} of "
            f"{counted.total()} judgements, {splits} of which were splits."
        )
        yield from (f"  {pair}: {sum(each)} of {len(each)}" for pair, each in votes.items())


def _side(answer: str) -> str:
    side = answer.strip().lower()
    if side not in ("left", "right"):
        raise SystemExit(f"{answer!r} is neither left nor right.")
    return side


def _is_yes(entry: dict[str, Any], answer: str) -> bool:
    """Whether an answer names the subject, or says yes."""
    said = re.findall(r"\w+", answer.lower())
    if entry["kind"] == "finished":
        return said[:1] == ["yes"]
    text = f" {' '.join(said)} "
    return any(f" {word.lower()} " in text for word in entry["words"])


def _is_majority(votes: Sequence[bool]) -> bool:
    return 2 * sum(votes) > len(votes)


def parse_single(text: str) -> tuple[Path, list[str]]:
    """Read LOOK=WORD|WORD."""
    path, equals, words = text.rpartition("=")
    if not equals or not path or not words:
        raise SystemExit(f"{text} is no look with a subject: write LOOK=WORD|WORD.")
    return Path(path), words.split("|")


def main() -> None:
    """Paint the pictures, or print the score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    painting = commands.add_parser("paint")
    painting.add_argument("out", type=Path)
    painting.add_argument("--before", type=Path)
    painting.add_argument("--after", type=Path)
    painting.add_argument("--single", action="append", default=[], metavar="LOOK=WORD|WORD")
    painting.add_argument("--clips", type=Path, nargs="*", default=[])
    painting.add_argument("--still-life", action="store_true")
    painting.add_argument("--frames", type=int, default=FRAMES, help="of each clip and of the still life")
    painting.add_argument("--seed", type=int, default=0)
    scoring = commands.add_parser("score")
    scoring.add_argument("out", type=Path)
    scoring.add_argument("answers", type=Path, nargs="+")
    options = parser.parse_args()
    if options.command == "score":
        key = json.loads(key_path(options.out).read_text())
        sheets = [json.loads(path.read_text())["answers"] for path in options.answers]
        print("\n".join(score(key, sheets)))
        return
    if options.out.exists() or key_path(options.out).exists():
        raise SystemExit(f"{options.out} or its key exists already: choose another name.")
    stems = [
        path.stem for path in [*options.clips, *(path for path, _ in map(parse_single, options.single))]
    ]
    if len(set(stems)) < len(stems):
        raise SystemExit(f"Two clips or looks have one name ({', '.join(stems)}): rename a file.")
    still_life = still_life_frames(options.frames) if options.still_life else ()
    frames = [*clip_frames(options.clips, options.frames), *still_life]
    questions: list[Question] = []
    if options.before and options.after:
        questions += pair_questions(open_look(options.before), open_look(options.after), frames)
    for path, words in map(parse_single, options.single):
        questions += single_questions(open_look(path), words, frames)
    if not questions:
        raise SystemExit("There is nothing to ask: give --before and --after, or --single, and frames.")
    write_questions(options.out, questions, options.seed)
    print(f"{len(questions)} questions are in {options.out}; the key is {key_path(options.out)}.")


if __name__ == "__main__":
    main()
