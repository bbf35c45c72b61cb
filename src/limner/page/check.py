"""Which looks a page will paint, and how, before anything is published.

The page's own engine reads the look: in Node, else in a browser. Where neither is at hand, a table of the
engine's operators and limits finds some of what it refuses, and the rest is not checked. What the engine
refuses the page paints with ONNX Runtime (WASM); ONNX Runtime for Python judges that.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from limner.display import printable
from limner.errors import LimnerError
from limner.look.look import Look
from limner.look.trial import Trial, try_look
from limner.page.chromium import ASSETS, BrowserUnavailable, evaluate, tools_file

MAX_SECONDS = 30
"""The engine reads a look or refuses it within a second; Node on a busy machine takes longer to start."""

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

IN_BROWSER = f"""([tools]) => ({READ})([tools, async () => (await fetch('/look.onnx')).arrayBuffer()])"""


@dataclass(frozen=True)
class LookCheck:
    """How a page paints a look."""

    trial: Trial
    painter: Literal["gpu", "wasm", "unchecked"]
    reason: str = ""
    """Why not on the GPU, or why it was not checked; a sentence without its full stop."""

    @property
    def look(self) -> Look:
        return self.trial.look

    @property
    def is_fine(self) -> bool:
        return self.painter == "gpu" and self.trial.range_warning() is None

    def sentences(self) -> Iterator[str]:
        name = printable(self.look.path)
        match self.painter:
            case "gpu":
                yield f"{name} paints on the visitor's GPU."
            case "wasm":
                yield f"{name} paints by ONNX Runtime (WASM) only, which is slower: {self.reason}."
            case "unchecked":
                yield f"{name}: how the page paints it was not checked. {self.reason}."
        if warning := self.trial.range_warning():
            yield warning


@dataclass(frozen=True)
class Refusals:
    """What the page's engine refuses, each as a sentence without its full stop; None if nothing."""

    graph: str | None
    """The engine does not run the graph, but ONNX Runtime may."""
    kind: str | None
    """The inputs and outputs are not those of a look, or the file is damaged: nothing here paints it."""


class EngineUnavailable(Exception):
    """The engine could not be asked; the message is a sentence without its full stop."""


def check_look(look: Look) -> LookCheck:
    """Find out how a page paints `look`. Raises LimnerError if a page cannot paint it."""
    trial = try_look(look)
    trial.check_size()
    try:
        refusals = _ask_engine(look.content)
    except EngineUnavailable as error:
        refusals = read_table(look.model)
        if refusals.graph is None and refusals.kind is None:
            return LookCheck(trial, "unchecked", str(error))
    if refusals.kind is not None:
        raise LimnerError(f"{look.path} cannot be painted with on a page: {refusals.kind}.")
    if refusals.graph is not None:
        return LookCheck(trial, "wasm", refusals.graph)
    return LookCheck(trial, "gpu")


def _ask_engine(look: bytes) -> Refusals:
    """Ask the engine in Node, else in a browser. Raises EngineUnavailable if both fail."""
    try:
        return read_in_node(look)
    except EngineUnavailable as error:
        without_node = error
    try:
        return read_in_browser(look)
    except EngineUnavailable as error:
        raise EngineUnavailable(f"{without_node}, and {error}") from error


def read_in_node(look: bytes) -> Refusals:
    """What the engine refuses, asked in Node. Raises EngineUnavailable if Node is missing or fails."""
    node = shutil.which("node")
    if node is None:
        raise EngineUnavailable("There is no Node")
    tools = tools_file()
    if tools is None:
        raise EngineUnavailable("The page is not built")
    with tempfile.TemporaryDirectory(prefix="limner-") as name:
        folder = Path(name)
        # Older versions of Node take a .js file for an ES module only beside such a package.json.
        (folder / "package.json").write_text('{"type": "module"}')
        for path in ASSETS.glob("*.js"):
            shutil.copyfile(path, folder / path.name)
        command = [node, "--input-type=module", "--eval", IN_NODE, (folder / tools.name).as_uri()]
        try:
            ended = subprocess.run(
                command, input=look, capture_output=True, timeout=MAX_SECONDS, check=True
            )
            return _parse_answer(json.loads(ended.stdout))
        except subprocess.TimeoutExpired as error:
            raise EngineUnavailable(f"Node took longer than {MAX_SECONDS} s") from error
        except (OSError, subprocess.CalledProcessError, ValueError, KeyError, TypeError) as error:
            raise EngineUnavailable("Node failed (it must be version 20 or newer)") from error


def read_in_browser(look: bytes) -> Refusals:
    """What the engine refuses, asked in Chromium. Raises EngineUnavailable if it is missing or fails."""
    try:
        return _parse_answer(evaluate(IN_BROWSER, look))
    except BrowserUnavailable as error:
        raise EngineUnavailable(str(error)) from error


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
        return Refusals(None, f"it is of opset {opset}; convert it to opset {table['minOpset']} or later")
    if len(model.graph.node) > table["maxNodes"]:
        return Refusals(None, f"it has more than {table['maxNodes']:,} nodes")
    for node in model.graph.node:
        if node.domain not in {"", "ai.onnx"} or node.op_type not in table["operators"]:
            return Refusals(f"the engine has no operator {printable(node.op_type)}", None)
    return Refusals(None, None)
