"""A branch goes into a look's file: its rank by its bytes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.branches import LAYERS, tiny_look
from limner.branch_recipe import BranchRecipe
from limner.errors import LimnerError
from limner.export import branch as module
from limner.export.branch import (
    BranchBase,
    BranchReport,
    check_branch_name,
    make_branch,
    open_base,
    plan_branch,
    write_branch,
)
from limner.look.look import Look, open_look
from limner.look.packaged import FOLDER
from limner.networks.multibranch import NetworkBranch

RECIPE = BranchRecipe()


def learned(base: BranchBase, recipe: BranchRecipe = RECIPE, seed: int = 0) -> NetworkBranch:
    """A branch with numbers as after training."""
    torch.manual_seed(seed)
    branch = make_branch(plan_branch(base, recipe))
    for parameter in branch.parameters():
        torch.nn.init.normal_(parameter, 0, 0.15)
    branch.balance()
    return branch


def write(look: Look, out: Path, label: str, recipe: BranchRecipe = RECIPE, seed: int = 0) -> BranchReport:
    base = open_base(look)
    plan = plan_branch(base, recipe)
    return write_branch(
        base, learned(base, recipe, seed), plan, out, label=label, facts={"pairs": 5, "steps": 9}
    )


def test_a_look_gets_one_branch_after_the_other(tmp_path: Path) -> None:
    path = tiny_look(tmp_path)
    before = open_look(path)
    image = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    report = write(before, path, "men")
    assert report.bytes == path.stat().st_size
    # The rest are the metadata.
    assert 0 < report.bytes - len(before.content) - report.branch_bytes < 1500
    assert report.branches == ("men",)
    assert report.difference < 1e-4
    write(open_look(path), path, "women", BranchRecipe(branching="blocks"), seed=1)
    look = open_look(path)
    assert list(look.live) == ["branch_men", "branch_women"]
    assert [(live.label, live.minimum, live.maximum, live.default) for live in look.live.values()] == [
        ("men", 0, 1, 0),
        ("women", 0, 1, 0),
    ]
    assert look.figures["parameters"] == 3111
    assert look.figures["bytes"] == path.stat().st_size
    assert look.figures["branches"]["branch_men"]["pairs"] == 5
    np.testing.assert_array_equal(look.paint(image), before.paint(image))
    men, women = look.paint(image, branch_men=1), look.paint(image, branch_women=1)
    both = look.paint(image, branch_men=0.5, branch_women=0.5)
    for one, other in ((men, before.paint(image)), (women, men), (both, men)):
        assert np.abs(one - other).max() > 0.01


def test_its_base_is_the_file_as_it_was(tmp_path: Path) -> None:
    path = tiny_look(tmp_path)
    first = open_base(open_look(path))
    write(open_look(path), tmp_path / "out.onnx", "men")
    again = open_base(open_look(tmp_path / "out.onnx"))
    assert again.model.graph == first.model.graph
    assert [branch.label for branch in again.branches] == ["men"]
    assert again.without("men").branches == ()


def test_a_branch_takes_at_most_fifty_kilobytes_of_a_shipped_look(monkeypatch: pytest.MonkeyPatch) -> None:
    base = open_base(open_look(FOLDER / "sea.onnx"))
    plan = plan_branch(base, RECIPE)
    # The last one has three channels.
    assert [part.rank for part in plan] == [0, *[4] * (len(plan) - 2), 3]
    monkeypatch.setattr(module, "MAX_BYTES", 30_000)
    lower = plan_branch(base, RECIPE)
    assert 0 < max(part.rank for part in lower) < 4
    blocks = plan_branch(base, BranchRecipe(branching="blocks"))
    names = [part.layer.name for part in plan]
    kept = [part.layer.name for part in blocks]
    assert kept == [names[0], *names[len(names) - len(kept) + 1 :]]
    assert all(part.is_whole for part in blocks)
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with pytest.raises(LimnerError, match="so wide that a branch would exceed 1 kB"):
        plan_branch(base, RECIPE)


def test_blocks_are_the_first_layer_and_the_last_ones(tmp_path: Path) -> None:
    base = open_base(open_look(tiny_look(tmp_path)))
    plan = plan_branch(base, BranchRecipe(branching="blocks"))
    assert [part.layer.name for part in plan] == list(LAYERS)


def test_what_cannot_have_a_branch_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny_look(tmp_path)
    write(open_look(path), path, "men")
    base = open_base(open_look(path))
    for label, reason in (("Men", "has a branch or another live input branch_men"), (" ", "has no name")):
        with pytest.raises(LimnerError, match=reason):
            check_branch_name(base, label)
    check_branch_name(base.without("men"), "men")
    monkeypatch.setattr(module, "MAX_BRANCHES", 1)
    with pytest.raises(LimnerError, match="a look has at most 1"):
        check_branch_name(base, "women")
    foreign = open_look(path)
    foreign.model.producer_name = "pytorch"
    del foreign.model.metadata_props[:]
    with pytest.raises(LimnerError, match="is another program's network"):
        open_base(foreign)


def test_a_file_that_paints_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_look(tmp_path)
    content = path.read_bytes()
    base = open_base(open_look(path))
    plan, branch = plan_branch(base, RECIPE), learned(base)
    run = module._run
    with monkeypatch.context() as patch:
        # As if ONNX Runtime computed the base in another order beside a branch.
        patch.setattr(module, "_run", lambda *given: [p + (1e-7 if given[2] else 0) for p in run(*given)])
        with pytest.raises(LimnerError, match="would not paint as its base does"):
            write_branch(base, branch, plan, path, label="men", facts={})
    monkeypatch.setattr(module, "_as_stored", lambda *_: None)
    with pytest.raises(LimnerError, match="paints differently from the file"):
        write_branch(base, branch, plan, path, label="men", facts={})
    assert path.read_bytes() == content
