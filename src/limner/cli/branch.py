"""A branch from the pictures to the look: what `limner branch` does, and what it prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from limner.branch_recipe import BranchRecipe
from limner.cli.options import changed_options
from limner.data.few_pairs import read_few_pairs
from limner.display import printable, quoted
from limner.errors import LimnerError
from limner.export.branch import (
    LayerPlan,
    check_branch_name,
    make_branch,
    open_base,
    plan_branch,
    write_branch,
)
from limner.export.onnx import check_output_path
from limner.look.look import open_look
from limner.progress import ProgressBar
from limner.replacing import check_no_source
from limner.training.branch import BranchBudget, BranchResult, describe_result, train_branch


def add_branch(
    path: Path,
    folder: Path,
    out: Path,
    recipe: BranchRecipe,
    budget: BranchBudget,
    *,
    name: str,
    inputs: Path | None,
    force: bool,
    is_spread: bool = False,
) -> None:
    """Learn a branch of the look at `path` and write the look with it to `out`, which may be `path`.

    All checks that can fail run before any training. Of more pictures than a branch learns from, with
    `is_spread` evenly spread ones are taken. Raises LimnerError.
    """
    if recipe.branching == "blocks" and changed_options(recipe, BranchRecipe(branching="blocks"), "rank"):
        raise LimnerError("--rank is for factors, and blocks have whole kernels: leave it out.")
    look = open_look(path)
    if not (out.exists() and out.samefile(path)):
        check_output_path(out, force=force)
    base = open_base(look)
    if force:
        base = base.without(name)
    check_branch_name(base, name)
    plan = plan_branch(base, recipe)
    found = read_few_pairs(folder, inputs, pixels=look.pixels, scale=recipe.scale, is_spread=is_spread)
    check_no_source([out], [folder / pair.name for pair in found.pairs if (folder / pair.name).exists()])
    for notice in found.notices:
        print(notice)
    print(describe_plan(plan, recipe, len(found.pairs)))

    def save(result: BranchResult) -> None:
        print(describe_result(result))
        report = write_branch(
            base,
            result.branch,
            plan,
            out,
            label=name,
            facts={
                "pairs": len(found.pairs),
                "steps": result.steps,
                "seconds": round(result.seconds, 1),
                "recipe": asdict(recipe),
            },
            shown=[pair.input for pair in found.pairs[:2]],
        )
        print(
            f"{printable(out)}: {report.bytes / 1e6:.2f} MB, of which the branch {printable(name)} has "
            f"{report.branch_bytes / 1e3:.0f} kB. With its slider at 0 the look paints as before. "
            f"`limner publish {quoted(out)} --out page` makes a page."
        )

    with ProgressBar() as progress:
        train_branch(
            base.network,
            lambda: make_branch(plan),
            found.pairs,
            recipe,
            pixels=look.pixels,
            budget=budget,
            save=save,
            progress=progress,
            message=lambda sentence: print(printable(sentence), flush=True),
        )


def describe_plan(plan: tuple[LayerPlan, ...], recipe: BranchRecipe, pairs: int) -> str:
    """What is learned, as a sentence."""
    if recipe.branching == "blocks":
        names = ", ".join(printable(part.layer.name) for part in plan)
        return f"Learning from {pairs} pairs: the layers {names}."
    rank = max(part.rank for part in plan)
    lower = f" (not {recipe.rank}: a branch is to take at most 50 kB)" if rank < recipe.rank else ""
    return f"Learning from {pairs} pairs: all {len(plan)} layers, rank {rank}{lower}."
