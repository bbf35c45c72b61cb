"""Groups of pictures, such as men and children: a look for the largest, and branches for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.branch_recipe import BranchRecipe
from limner.display import printable
from limner.errors import LimnerError
from limner.slug import slugify
from limner.system_files import is_system_name

BRANCH_MINUTES = 1.0
"""How long each branch learns."""

MIN_PICTURES = 3
"""Fewest pictures of a group, as `limner.data.few_pairs.MIN_PAIRS`."""


@dataclass(frozen=True)
class Group:
    """A folder of pictures that belong together."""

    name: str
    folder: Path
    inputs: Path | None
    """The folder of the inputs of its pairs."""
    pictures: int


def find_groups(folder: Path, inputs: Path | None) -> tuple[Group, tuple[Group, ...]]:
    """The base's group, which has the most pictures, and the others in order of name.

    Each is a folder in `folder`; `inputs`, if given, has folders of the same names. Raises LimnerError
    where there are fewer than two, one has too few pictures, or two would have one slider.
    """
    from limner.data.sources import scan

    if not folder.is_dir():
        raise LimnerError(f"There is no folder of groups {printable(folder)}.")
    groups = []
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or is_system_name(path.name) or path == inputs:
            continue
        own_inputs = None if inputs is None else inputs / path.name
        if own_inputs is not None and not own_inputs.is_dir():
            raise LimnerError(
                f"There is no folder of inputs {printable(own_inputs)} for {printable(path)}."
            )
        pictures = sum(source.kind == "image" for source in scan(path).sources)
        groups.append(Group(path.name, path, own_inputs, pictures))
    if len(groups) < 2:
        raise LimnerError(
            f"{printable(folder)} has {len(groups)} folders of pictures, and groups need at least 2: one "
            "for the look, and one for each branch."
        )
    for group in groups:
        if group.pictures < MIN_PICTURES:
            raise LimnerError(
                f"{printable(group.folder)} has {group.pictures} pictures; a branch needs at least "
                f"{MIN_PICTURES}."
            )
    slugs = [slugify(group.name) for group in groups]
    if len(set(slugs)) < len(slugs):
        raise LimnerError(f"Two groups in {printable(folder)} would have one slider: rename one of them.")
    base = max(groups, key=lambda group: group.pictures)
    return base, tuple(group for group in groups if group is not base)


def check_groups(groups: Sequence[Group], pixels: int) -> None:
    """Raise now the errors of a branch's pictures that would otherwise come after the base has learned."""
    from limner.data.few_pairs import read_few_pairs

    for group in groups:
        scale = BranchRecipe().scale
        read_few_pairs(group.folder, group.inputs, pixels=pixels, scale=scale, is_spread=True)


def add_groups(look: Path, groups: Sequence[Group], seed: int) -> None:
    """Learn a branch of the look for each group, into its file. Ctrl-C ends the branch that learns."""
    from limner.cli.branch import add_branch
    from limner.training.branch import BranchBudget

    for group in groups:
        print(f"The branch {printable(group.name)}:", flush=True)
        add_branch(
            look,
            group.folder,
            look,
            BranchRecipe(seed=seed),
            BranchBudget(BRANCH_MINUTES, None),
            name=group.name,
            inputs=group.inputs,
            force=True,
            is_spread=True,
        )
