"""Which looks a page will paint, and how, before anything is published.

The page's own engine reads the look: in Node, else in a browser. Where neither is at hand, a table of the
engine's operators and limits finds some of what it refuses, and the rest is not checked. What the engine
refuses the page paints with ONNX Runtime (WASM); ONNX Runtime for Python judges that.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from limner.display import printable
from limner.errors import LimnerError, first_line
from limner.look.adaptation import Adapted, open_network
from limner.look.look import Look
from limner.look.picture_format import NOTHING_SAID, FormatOptions
from limner.look.trial import Trial, try_look
from limner.page.chromium import ASSETS, BrowserUnavailable, evaluate, tools_file
from limner.page.node import EngineFailed, EngineUnavailable, node_failure, run_in_node

MAX_SECONDS = 30
"""The engine reads a look or refuses it within a second; on a busy machine Node takes longer to start."""

TABLE = Path(__file__).with_name("engine.json")
"""The engine's operators and limits: part of the wheel; in a checkout, `make web` writes it."""

READ = """async ([tools, fetchLook]) => {
  const { readLook, readLookInfo, EngineError } = await import(tools);
  const bytes = new Uint8Array(await fetchLook());
  const refusalOf = reading => reading.then(() => null, error => {
    if (error instanceof EngineError) return error.message;
    throw error;
  });
  return { graph: await refusalOf(readLook(bytes)), kind: await refusalOf(readLookInfo(bytes)) };
}"""
"""Why the engine refuses a look's graph, and its inputs and outputs; null if it does not."""

IN_NODE = f"""import {{ readFileSync }} from 'node:fs';
const answer = await ({READ})([process.argv[1], () => readFileSync(0)]);
process.stdout.write(JSON.stringify(answer));"""

IN_BROWSER = f"""([tools, patience]) => Promise.race([
  ({READ})([tools, async () => (await fetch('/look.onnx')).arrayBuffer()]),
  new Promise(done => setTimeout(done, patience, null)),
])"""
"""The same answer; null if it takes longer than `patience`, in milliseconds."""


@dataclass(frozen=True)
class LookCheck:
    """How a page paints a look, or that it cannot."""

    path: Path
    painter: Literal["gpu", "wasm", "unchecked", "refused"]
    reason: str = ""
    """Why not on the GPU, or why not checked, without its full stop; of a refusal the whole sentence."""
    trial: Trial | None = None
    """None for a file that cannot be painted with at all."""
    adapted: Adapted | None = None
    """How the file was opened, where that is known."""

    @property
    def is_fine(self) -> bool:
        return self.painter == "gpu" and self._range_warning() is None

    def sentences(self) -> Iterator[str]:
        name = printable(self.path)
        match self.painter:
            case "gpu":
                yield f"{name} paints on the visitor's GPU."
            case "wasm":
                yield (
                    f"{name} paints by ONNX Runtime (WASM) only, which is slower: the page's own engine "
                    f"cannot run it. (The engine says: {self.reason}.)"
                )
            case "unchecked":
                yield f"{name}: how the page paints it was not checked. {self.reason}."
            case "refused":
                yield printable(self.reason)
        if self.painter == "refused":
            return
        if self.adapted:
            yield from self.adapted.sentences()
        if warning := self._range_warning():
            yield warning

    def _range_warning(self) -> str | None:
        return self.trial.range_warning() if self.trial else None


@dataclass(frozen=True)
class Refusals:
    """What the page's engine refuses, each as a sentence without its full stop; None if nothing."""

    graph: str | None
    """The engine does not run the graph, but ONNX Runtime may."""
    kind: str | None
    """The inputs and outputs are not those of a look, or the file is damaged: nothing here paints it."""


def check_file(path: Path, options: FormatOptions = NOTHING_SAID) -> LookCheck:
    """Find out how a page paints the network in a file, be it one or not, converted if need be."""
    try:
        adapted = open_network(path, options)
    except LimnerError as error:
        return LookCheck(path, "refused", str(error))
    return replace(check_look(adapted.look), adapted=adapted)


def check_look(look: Look) -> LookCheck:
    """Find out how a page paints `look`."""
    try:
        trial = try_look(look)
        trial.check_size()
    except LimnerError as error:
        return LookCheck(look.path, "refused", str(error))
    found = partial(LookCheck, look.path, trial=trial)
    try:
        refusals = _ask_engine(look.content)
    except EngineUnavailable as error:
        refusals = read_table(look.model)
        if refusals.graph is None and refusals.kind is None:
            return found("unchecked", str(error))
    if refusals.kind is not None:
        return found(
            "refused",
            f"{look.path} cannot be painted with on a page: the page does not read such files. (The engine "
            f"says: {refusals.kind}.)",
        )
    if refusals.graph is not None:
        return found("wasm", refusals.graph)
    return found("gpu")


def _ask_engine(look: bytes) -> Refusals:
    """Ask the engine in Node, else in a browser. Raises EngineUnavailable if both fail."""
    try:
        return read_in_node(look)
    except EngineFailed:
        raise
    except EngineUnavailable as error:
        without_node = error
    try:
        return read_in_browser(look)
    except EngineUnavailable as error:
        raise EngineUnavailable(f"{without_node}, and {error}") from error


def read_in_node(look: bytes) -> Refusals:
    """What the engine refuses, asked in Node. Raises EngineUnavailable if Node is missing or fails."""
    tools = tools_file()
    if tools is None:
        raise EngineUnavailable("The page is not built")
    with tempfile.TemporaryDirectory(prefix="limner-") as name:
        folder = Path(name)
        # Older versions of Node take a .js file for an ES module only beside such a package.json.
        (folder / "package.json").write_text('{"type": "module"}')
        for path in ASSETS.glob("*.js"):
            shutil.copyfile(path, folder / path.name)
        written = run_in_node(IN_NODE, (folder / tools.name).as_uri(), data=look, seconds=MAX_SECONDS)
    try:
        return _parse_answer(json.loads(written))
    except (ValueError, KeyError, TypeError) as error:
        raise node_failure(first_line(error)) from error


def read_in_browser(look: bytes) -> Refusals:
    """What the engine refuses, asked in Chromium. Raises EngineUnavailable if it is missing or fails."""
    try:
        answer = evaluate(IN_BROWSER, look, MAX_SECONDS * 1000)
    except BrowserUnavailable as error:
        raise EngineUnavailable(str(error)) from error
    if answer is None:
        raise EngineUnavailable(f"the browser took longer than {MAX_SECONDS} s")
    return _parse_answer(answer)


def _parse_answer(answer: Any) -> Refusals:
    def sentence(text: object) -> str | None:
        return None if text is None else printable(str(text)).rstrip(".")  # it quotes names of the file

    return Refusals(sentence(answer["graph"]), sentence(answer["kind"]))


def read_table(model: Any) -> Refusals:
    """What the engine certainly refuses of a ModelProto; it may refuse more."""
    try:
        table = json.loads(TABLE.read_text(encoding="utf-8"))
    except OSError:
        return Refusals(None, None)
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    opset = opsets.get("", opsets.get("ai.onnx", 1))
    if opset < table["minOpset"]:
        return Refusals(None, f"It is of opset {opset}; convert it to opset {table['minOpset']} or later")
    if len(model.graph.node) > table["maxNodes"]:
        return Refusals(None, f"It has more than {table['maxNodes']:,} nodes")
    for node in model.graph.node:
        if node.domain not in {"", "ai.onnx"} or node.op_type not in table["operators"]:
            return Refusals(f"The engine has no operator {printable(node.op_type)}", None)
    return Refusals(None, None)
