"""The training step of a network as one ONNX file of standard operators, which any runtime trains with.

The page's engine makes it: its autodiff pass, its losses and its optimizers, in Node or else in a headless
browser. So the file computes what training in the page computes.

```python
step = write_training_step(Path("clouds.onnx"), Path("step.onnx"), loss="l1", optimizer="adam", batch=4)
print(step.program())
```
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from limner.display import printable
from limner.errors import LimnerError
from limner.export.step_options import LOSSES, RATES, SCALARS, Loss, OptimizerName
from limner.files import atomic_write
from limner.look.look import MAX_FILE_BYTES, read_look_file
from limner.look.validation import check_tensors, parse_model, value_shape
from limner.page.chromium import BrowserUnavailable, evaluate
from limner.page.node import MIN_NODE, EngineFailed, EngineUnavailable, node_failure, run_in_node
from limner.reading import parse_json, read_regular
from limner.replacing import check_no_source, check_replaceable

MAX_BATCH = 4096

MAX_SECONDS = 120
"""Most networks take a second. The largest look has 218 MB, which a browser gets as text."""

BUNDLE = Path(__file__).parents[1] / "page" / "train-step.mjs"
"""The engine's part that makes a step: in the wheel; in a checkout, `make web` builds it."""

MAKE = """async ([module, options, fetchModel]) => {
  const { trainStep, EngineError } = await import(module);
  try {
    return await trainStep(new Uint8Array(await fetchModel()), options);
  } catch (error) {
    if (error instanceof EngineError) return { refused: error.message };
    throw error;
  }
}"""
"""The step's file, or why there is none."""

IN_NODE = f"""import {{ readFileSync, writeSync }} from 'node:fs';
const [, module, options] = process.argv;
const made = await ({MAKE})([module, JSON.parse(options), () => readFileSync(0)]);
const bytes = made.refused ? Buffer.from(JSON.stringify(made)) : made;
for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);"""

IN_BROWSER = f"""([module, options, patience]) => {{
  const make = async () => {{
    const made = await ({MAKE})([module, options, async () => (await fetch('/look.onnx')).arrayBuffer()]);
    if (made.refused) return made;
    const url = await new Promise(done => {{
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.readAsDataURL(new Blob([made]));
    }});
    return {{ text: url.slice(url.indexOf(',') + 1) }};
  }};
  return Promise.race([make(), new Promise(done => setTimeout(done, patience, null))]);
}}"""
"""The same, as base64; null if it takes longer than `patience`, in milliseconds."""


@dataclass(frozen=True)
class TrainingStep:
    """A written training step."""

    path: Path
    bytes: int
    optimizer: OptimizerName
    loss: str
    """The name of the first output."""
    parameters: tuple[str, ...]
    """Inputs that are the learned weights."""
    inputs: dict[str, list[int]]
    """Shapes of what each step is given: the network's own inputs, the target, noise for dropout."""
    target: str
    noise: tuple[str, ...]

    def program(self) -> str:
        """A short program that trains with ONNX Runtime, given `batches`, and saves the state."""
        own = [name for name in self.inputs if name != self.target and name not in self.noise]
        variables = ["x"] if len(own) == 1 else [f"x{index}" for index in range(len(own))]
        given = [*zip(own, variables, strict=True), (self.target, "target")]
        fed = ", ".join(f"{name!r}: {variable}" for name, variable in given)
        shapes = ", ".join(
            str(tuple(shape)) for name, shape in self.inputs.items() if name not in self.noise
        )
        noise = "".join(
            f"    feeds[{name!r}] = np.random.rand(*{self.inputs[name]}).astype(np.float32)\n"
            for name in self.noise
        )
        return f"""import json
import numpy as np
import onnxruntime
from safetensors.numpy import save_file

onnxruntime.set_default_logger_severity(3)  # it warns of each input that has a default
session = onnxruntime.InferenceSession({str(self.path)!r})
state = json.loads(session.get_modelmeta().custom_metadata_map["limner.state"])
rate, feeds = {RATES[self.optimizer]}, {{}}
for t, ({", ".join(variables)}, target) in enumerate(batches, 1):  # float32 of {shapes}
    feeds |= {{{fed}}}
    feeds["scalars"] = np.array([{SCALARS[self.optimizer]}], np.float32)
{noise}    loss, *new = session.run([{self.loss!r}, *state.values()], feeds)
    feeds |= dict(zip(state, new))
    print(t, loss)
save_file({{name: feeds[name] for name in state}}, {str(self.path.with_suffix(".safetensors"))!r})
"""


def write_training_step(
    source: Path,
    out: Path,
    *,
    loss: Loss,
    optimizer: OptimizerName,
    batch: int,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    force: bool = False,
) -> TrainingStep:
    """Write the training step of the network in `source`, a look or any ONNX file, to `out`.

    Raises LimnerError for a batch or clipping out of range, a file that is no network or that the engine
    does not train, an `out` that must not be replaced, and where there is neither Node nor a browser.
    """
    limits = {"norm": clip_norm, "value": clip_value}
    clip = {name: limit for name, limit in limits.items() if limit is not None}
    for name, value in clip.items():
        if not 0 < value < math.inf:  # also refuses NaN
            raise LimnerError(f"clip-{name} is {value:g}; choose a number above 0.")
    if not 1 <= batch <= MAX_BATCH:
        raise LimnerError(f"batch is {batch}; choose 1 to {MAX_BATCH:,}.")
    if out.suffix.lower() != ".onnx":
        raise LimnerError(
            f"A training step is an .onnx file, but {printable(out.name)} has another suffix."
        )
    content = read_look_file(source)
    try:
        model = parse_model(content)
        check_tensors(model.graph)
    except LimnerError as error:
        raise LimnerError(f"{source} {error}.") from error
    if is_training_step_model(model):
        raise LimnerError(f"{source} is a training step already: give the network that it trains.")
    check_no_source([out], [source])
    check_replaceable(out, is_training_step, force=force, foreign="is no training step of limner's")
    options = {"loss": LOSSES[loss], "optimizer": optimizer, "batch": batch, "clip": clip}
    made = make_step(content, options, source)
    step = describe_step(made, out, optimizer)
    atomic_write(out, made)
    return step


def make_step(content: bytes, options: dict[str, Any], source: Path) -> bytes:
    """The file that the engine makes of a network's. Raises LimnerError with its reason if it refuses."""
    try:
        made = _make_anywhere(content, options)
    except EngineFailed as error:
        raise LimnerError(f"{source}: there is no training step. {error}.") from error
    except EngineUnavailable as error:
        raise LimnerError(
            f"{error}: the page's own engine makes the training step, in Node or in a browser. Install "
            f"Node {MIN_NODE} or newer (nodejs.org), or Chromium with `pip install playwright`."
        ) from error
    if isinstance(made, str):
        raise LimnerError(f"{source} cannot be trained. (The engine says: {printable(made).rstrip('.')}.)")
    return made


def _make_anywhere(content: bytes, options: dict[str, Any]) -> bytes | str:
    """The step's file, or why the engine makes none. Raises EngineUnavailable where nothing runs it."""
    if not BUNDLE.exists():
        raise EngineUnavailable("The page is not built")
    try:
        return _make_in_node(content, options)
    except EngineFailed:
        raise
    except EngineUnavailable as error:
        without_node = error
    try:
        answer = evaluate(IN_BROWSER, content, options, MAX_SECONDS * 1000, module=BUNDLE)
    except BrowserUnavailable as error:
        raise EngineUnavailable(f"{without_node}, and {error}") from error
    if answer is None:
        raise EngineUnavailable(f"{without_node}, and the browser took longer than {MAX_SECONDS} s")
    return str(answer["refused"]) if "refused" in answer else base64.b64decode(answer["text"])


def _make_in_node(content: bytes, options: dict[str, Any]) -> bytes | str:
    written = run_in_node(IN_NODE, BUNDLE.as_uri(), json.dumps(options), data=content, seconds=MAX_SECONDS)
    if written.startswith(b"{"):  # no model begins so
        return str(json.loads(written)["refused"])
    if not written:
        raise node_failure("it writes nothing")
    return written


def describe_step(content: bytes, path: Path, optimizer: OptimizerName) -> TrainingStep:
    """What a step's file says of itself, after ONNX's own checker has accepted it."""
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    about = _read_description(model)
    noise = tuple(about["noise"])
    shapes = {value.name: value_shape(value) for value in model.graph.input}
    return TrainingStep(
        path=path,
        bytes=len(content),
        optimizer=optimizer,
        loss=model.graph.output[0].name,
        parameters=tuple(about["parameters"]),
        inputs={name: shapes[name] for name in (*about["inputs"], about["target"], *noise)},
        target=about["target"],
        noise=noise,
    )


def _read_description(model: Any) -> dict[str, Any]:
    text = next(entry.value for entry in model.metadata_props if entry.key == "limner.training")
    description: dict[str, Any] = parse_json(text)
    return description


def is_training_step_model(model: Any) -> bool:
    """Whether limner wrote this ModelProto as a training step."""
    return any(entry.key == "limner.training" for entry in model.metadata_props)


def is_training_step(path: Path) -> bool:
    """Whether `path` is a training step that limner wrote."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return False
        return is_training_step_model(parse_model(read_regular(path)))
    except (OSError, LimnerError):
        return False
