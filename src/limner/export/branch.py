"""A look with one branch more: what of its network learns, and the file.

```python
base = open_base(look)
plan = plan_branch(base, recipe)
branch = make_branch(plan)  # and train it
report = write_branch(base, branch, plan, Path("faces.onnx"), label="men", facts={"pairs": 5})
```
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto

from limner.branch_recipe import BranchRecipe
from limner.display import printable
from limner.errors import LimnerError
from limner.export.parity import MAX_DIFFERENCE, make_probes
from limner.export.torch_graph import GraphNetwork
from limner.files import atomic_write
from limner.look.branch_graph import measure_branches, with_branches
from limner.look.branches import (
    MAX_BRANCHES,
    PREFIX,
    Branch,
    ConvLayer,
    LayerChange,
    StoredKernel,
    branch_input,
    find_layers,
    read_branches,
    without_branches,
)
from limner.look.look import Look, read_look
from limner.look.metadata import Metadata, is_limner_model, write_metadata
from limner.look.quantization import dequantize_weights
from limner.look.session import make_session
from limner.look.transposed import with_transposed_convs
from limner.networks.multibranch import FactorChange, NetworkBranch, WholeChange

MAX_BYTES = 50_000
"""Most bytes that a branch may add to a file."""

Batch = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class BranchBase:
    """A look that gets a branch."""

    look: Look
    model: ModelProto
    """Its model without branches."""
    network: GraphNetwork
    """The same in torch."""
    branches: tuple[Branch, ...]
    """Those that it has."""

    def without(self, name: str) -> BranchBase:
        """The same without the branch of that name for people, if it has one."""
        kept = tuple(branch for branch in self.branches if branch.input != branch_input(name))
        return dataclasses.replace(self, branches=kept)


@dataclass(frozen=True)
class LayerPlan:
    """What a branch learns of one layer."""

    layer: ConvLayer
    rank: int
    """Of its factors; 0 for gain and shift alone."""
    is_whole: bool
    """Whether it has a whole kernel instead."""

    def make(self) -> FactorChange | WholeChange:
        """The change before training: none."""
        is_transposed = self.layer.axis == 1
        if self.is_whole:
            return WholeChange(self.layer.shape, is_transposed=is_transposed)
        return FactorChange(self.layer.shape, self.rank, is_transposed=is_transposed)


@dataclass(frozen=True)
class BranchReport:
    """The written file."""

    path: Path
    bytes: int
    """Size of the file."""
    branch_bytes: int
    """What the branch takes of it."""
    input: str
    """The branch's live input."""
    branches: tuple[str, ...]
    """The names of all branches of the look."""
    difference: float
    """The largest difference between ONNX Runtime and torch, of values in 0..1, at full weight."""


def open_base(look: Look) -> BranchBase:
    """A look as the base of a branch.

    Raises LimnerError for a network that limner did not make, for one with memory, and where torch paints
    something else than ONNX Runtime.
    """
    if not is_limner_model(look.model) or look.state:
        kind = "has memory" if look.state else "is another program's network"
        raise LimnerError(
            f"{printable(look.path)} {kind}: a branch needs a look that limner made from pictures."
        )
    try:
        branches = read_branches(look.model, look.live)
        model = without_branches(look.model)
        if any(name.startswith(PREFIX) for node in model.graph.node for name in node.output):
            raise LimnerError("has a damaged branch: make it again from its base")
        network = GraphNetwork(model)
    except LimnerError as error:
        raise LimnerError(f"{printable(look.path)} {error}.") from error
    probes = make_probes((), look.pixels)
    _compare(_run(model, probes, {}), _paint(network, probes, None), "The network in torch")
    return BranchBase(look, model, network, branches)


def plan_branch(base: BranchBase, recipe: BranchRecipe) -> tuple[LayerPlan, ...]:
    """What a branch learns, with the largest rank up to the recipe's that fits into `MAX_BYTES`.

    Raises LimnerError where not even gains and shifts, or the first and the last layer, do.
    """
    layers = find_layers(base.model)
    plans = (
        [_plan_factors(layers, rank) for rank in range(recipe.rank, -1, -1)]
        if recipe.branching == "factors"
        else [_plan_blocks(layers, count) for count in range(len(layers), 0, -1)]
    )
    for plan in plans:
        blank = to_file_branch(make_branch(plan), plan, INPUT_OF_BLANK, "")
        if plan and _bytes_of(base, blank) <= MAX_BYTES:
            return plan
    raise LimnerError(
        f"{printable(base.look.path)} is so wide that a branch would exceed {MAX_BYTES / 1000:,.0f} kB: "
        "choose a smaller look as the base, such as `--size lean`."
    )


INPUT_OF_BLANK = branch_input("measured")
"""The live input of branches that are made to be measured."""


def _plan_factors(layers: Sequence[ConvLayer], rank: int) -> tuple[LayerPlan, ...]:
    """Every layer; the first has no factors, since engines compute it together with the guide."""
    return tuple(
        LayerPlan(layer, 0 if layer.is_first or layer.is_grouped else min(rank, *layer.channels), False)
        for layer in layers
    )


def _plan_blocks(layers: Sequence[ConvLayer], count: int) -> tuple[LayerPlan, ...]:
    """`count` layers at the ends: the first ones, and the last ones, which there are more of."""
    first = sum(layer.is_first for layer in layers)
    chosen = {*range(first), *range(max(len(layers) - count, 0), len(layers))}
    return tuple(LayerPlan(layers[place], 0, True) for place in sorted(chosen))


def make_branch(plan: Sequence[LayerPlan]) -> NetworkBranch:
    """The branch of a plan before training; torch's global generator draws its first weights."""
    return NetworkBranch({part.layer.name: part.make() for part in plan})


def to_file_branch(branch: NetworkBranch, plan: Sequence[LayerPlan], name: str, label: str) -> Branch:
    """A branch as it is stored, in 8 bits, behind the live input `name`.

    Raises LimnerError where a number is NaN or infinite.
    """
    layers = branch.layers()
    return Branch(
        name,
        label,
        {part.layer.name: _to_file_change(layers[part.layer.name], part.layer) for part in plan},
    )


def _to_file_change(change: FactorChange | WholeChange, layer: ConvLayer) -> LayerChange:
    shift = _array(change.shift)
    if isinstance(change, WholeChange):
        return LayerChange(shift, kernel=StoredKernel.of(_array(change.kernel), layer.axis))
    gain = _array(change.gain)
    if change.down is None or change.up is None:
        return LayerChange(shift, gain)
    down = StoredKernel.of(_array(change.down)[:, :, None, None], 0)
    return LayerChange(shift, gain, down, StoredKernel.of(_array(change.up), layer.axis))


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = values.detach().cpu().numpy().astype(np.float32)
    return found


def _as_stored(branch: NetworkBranch, stored: Branch) -> NetworkBranch:
    """A copy of the branch with the numbers that its file has."""
    rounded = copy.deepcopy(branch)
    for name, change in rounded.layers().items():
        kernels = {
            part: torch.from_numpy(kernel.values())
            for part in ("down", "up", "kernel")
            if (kernel := getattr(stored.layers[name], part)) is not None
        }
        if "down" in kernels:
            kernels["down"] = kernels["down"][:, :, 0, 0]
        change.load_state_dict(change.state_dict() | kernels)
    return rounded


def write_branch(
    base: BranchBase,
    branch: NetworkBranch,
    plan: Sequence[LayerPlan],
    out: Path,
    *,
    label: str,
    facts: Mapping[str, Any],
    shown: Sequence[Picture] = (),
) -> BranchReport:
    """Write the look with one branch more, atomically, and return its figures.

    `facts` go into the look's figures. `shown` are pictures (H, W, 3) on which, besides noise and flat
    ones, the file is compared: with all branches off it must paint what the base paints, to the bit, and
    at full weight what torch paints. Raises LimnerError where it does not; nothing is written then.
    """
    stored = to_file_branch(branch, plan, _free_input(base, label), label)
    branches = (*base.branches, stored)
    model = with_branches(base.model, branches)
    probes = make_probes(shown, base.look.pixels)
    off = {each.input: 0.0 for each in branches}
    _check_unchanged(_run(base.model, probes, {}), _run(model, probes, off))
    difference = _compare(
        _run(model, probes, off | {stored.input: 1.0}),
        _paint(base.network, probes, _as_stored(branch, stored)),
        "The branch in torch",
    )
    sizes = measure_branches(model, branches)
    content = _finished(base.look, model, branches, sizes, {stored.input: dict(facts)})
    read_look(content, out)
    atomic_write(out, content)
    return BranchReport(
        path=out,
        bytes=len(content),
        branch_bytes=sizes[stored.input],
        input=stored.input,
        branches=tuple(each.label for each in branches),
        difference=difference,
    )


def _free_input(base: BranchBase, label: str) -> str:
    """The live input for a name. Raises LimnerError where it is taken or there are too many branches."""
    name = branch_input(label)
    taken = {value.name for value in base.model.graph.input} | {each.input for each in base.branches}
    if name in taken:
        raise LimnerError(
            f"{printable(base.look.path)} has a branch or another live input {name} already: choose "
            "another --name, or add --force to learn the branch anew."
        )
    if len(base.branches) >= MAX_BRANCHES:
        raise LimnerError(
            f"{printable(base.look.path)} has {len(base.branches)} branches; a look has at most "
            f"{MAX_BRANCHES}: make another file from the base."
        )
    return name


def check_branch_name(base: BranchBase, label: str) -> None:
    """Raise LimnerError, before any training, where the look cannot have a branch of that name."""
    if not label.strip():
        raise LimnerError("The branch has no name: give it one, such as `--name men`.")
    _free_input(base, label)


def _bytes_of(base: BranchBase, branch: Branch) -> int:
    others = base.branches
    model = with_branches(base.model, (*others, branch))
    return measure_branches(model, (*others, branch))[branch.input]


def _finished(
    look: Look,
    model: ModelProto,
    branches: Sequence[Branch],
    sizes: Mapping[str, int],
    facts: Mapping[str, Mapping[str, Any]],
) -> bytes:
    """The file's bytes. Its metadata hold its own size, so it is serialised until that is stable."""
    names = {each.name for each in dataclasses.fields(Metadata)}
    metadata = Metadata(**{name: getattr(look, name) for name in names})
    removed = {name for name in look.live if name not in {value.name for value in model.graph.input}}
    live = {name: entry for name, entry in look.live.items() if name not in removed}
    live |= {each.input: each.live for each in branches}
    earlier = metadata.figures.get("branches")
    known: Mapping[str, Any] = earlier if isinstance(earlier, dict) else {}
    told = {
        each.input: {
            **(known.get(each.input) or {}),
            **facts.get(each.input, {}),
            "bytes": sizes[each.input],
        }
        for each in branches
    }
    size = 0
    while True:
        figures = {**metadata.figures, "bytes": size, "branches": told}
        write_metadata(model, dataclasses.replace(metadata, live=live, figures=figures))
        content: bytes = model.SerializeToString(deterministic=True)
        if len(content) == size:
            return content
        size = len(content)


def _run(model: ModelProto, probes: Sequence[Batch], live: Mapping[str, float]) -> list[Batch]:
    """Paintings of ONNX Runtime, in the form in which `Look.session` gives it a look."""
    plain = with_transposed_convs(dequantize_weights(model))
    session = make_session(plain.SerializeToString(), Path("The look"))
    feed = {name: np.array(value, np.float32) for name, value in live.items()}
    return [session.run(["painting"], {"image": picture, **feed})[0] for picture in probes]


@torch.no_grad()
def _paint(network: GraphNetwork, probes: Sequence[Batch], branch: NetworkBranch | None) -> list[Batch]:
    return [network(torch.from_numpy(picture), branch=branch).numpy() for picture in probes]


def _check_unchanged(before: Sequence[Batch], after: Sequence[Batch]) -> None:
    if all(np.array_equal(old, new) for old, new in zip(before, after, strict=True)):
        return
    raise LimnerError(
        "With the branch off, the look would not paint as its base does, to the bit. It was not written: "
        "this version of ONNX Runtime computes the base differently beside a branch."
    )


def _compare(found: Sequence[Batch], expected: Sequence[Batch], what: str) -> float:
    worst = float(np.max([np.abs(a - b).max() for a, b in zip(found, expected, strict=True)]))
    if not worst <= MAX_DIFFERENCE:  # also true for NaN
        raise LimnerError(
            f"{what} paints differently from the file, by {worst:.2g}; at most {MAX_DIFFERENCE:g} is "
            "allowed. Nothing was written."
        )
    return worst
