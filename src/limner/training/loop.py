"""Training: the loop of pix2pix on prepared pictures, in plain torch.

    limner pictures photos --out store                           # decode once
    limner train store --out run                                 # one process; Ctrl-C, then again: goes on
    limner train store --out run --epochs 400                    # further
    torchrun --nproc-per-node 2 -m limner train store --out run  # two GPUs, or two processes on a CPU

A run that is cut off anywhere (Ctrl-C, a kill, a power cut) and begun again from its last checkpoint has,
on a CPU, the same weights to the bit as one that was never cut: every random number is a function of the
seed and the step, batches are a function of the place, and checkpoints hold the rest. The number of
threads is part of that promise, as sums of floats depend on it.

Several processes share each batch: each takes its part of the pictures that one process would take,
gradients are averaged, and the first process writes. See `processes.py` for batch norm.
"""

from __future__ import annotations

import hashlib
import math
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

from limner.data.augmentation import make_pair
from limner.data.loader import BatchLoader, Position
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.evaluation.samples import Samples
from limner.evaluation.sheets import draw_generator_sheet, write_film, write_image
from limner.guide import make_guide
from limner.recipe import Recipe
from limner.seeding import DROPOUT, derive_seed
from limner.training.batch_norm import BATCHES, settle
from limner.training.budget import Goal
from limner.training.checkpoint import all_finite, load_newest, save_checkpoint
from limner.training.distributed import Processes, processes
from limner.training.log import Entry, Journal
from limner.training.pix2pix import LOSSES, learn
from limner.training.reporter import Reporter, Silent, Status
from limner.training.run import Run, begin_run, open_run
from limner.training.signals import Interruption
from limner.training.state import State
from limner.training.timing import Pace

CHECKED = 20
"""Steps between looks at the losses on a GPU, which must be waited for; on a CPU it is every step."""


def train(
    pictures: ImageStore,
    recipe: Recipe,
    folder: Path,
    *,
    epochs: int | None = None,
    minutes: float | None = None,
    report: Reporter | None = None,
    device: str | None = None,
) -> Run:
    """Train a run in `folder`, or go on with the one that is there, until `epochs` or `minutes` are over.

    Both count what earlier sittings did; without either it is 200 epochs. Ctrl-C and SIGTERM end
    training after the step with a checkpoint, as if the goal were reached; after SIGTERM `Terminated` (a
    SystemExit) is raised. `device` is by default the CUDA GPU where there is one, else the CPU. torch's
    global random numbers are reseeded.

    Raises LimnerError where the pictures or the folder do not fit the recipe, the disk does not take what
    is written, or a loss is no number; the last checkpoint is then as it was.
    """
    goal = Goal.of(epochs, minutes)
    with processes(device) as group:
        heard = report if report is not None and group.first else Silent()
        with Interruption(heard.note) as interruption:
            _refuse(pictures, recipe, group)
            if group.first:
                begin_run(folder, recipe, pictures.folder)
            group.wait()
            run = open_run(folder)
            _Training(pictures, run, goal, group, report=heard, interruption=interruption).go()
    return run


class _Training:
    """One sitting of a run."""

    def __init__(
        self,
        pictures: ImageStore,
        run: Run,
        goal: Goal,
        group: Processes,
        *,
        report: Reporter,
        interruption: Interruption,
    ) -> None:
        self.run, self.goal, self.group, self.report = run, goal, group, report
        self.interruption = interruption
        self.recipe = run.recipe
        self.pictures = digest(pictures)
        self.state = State(self.recipe, group.device)
        self.guide = make_guide(self.recipe.guide, self.recipe.pixels).to(group.device)
        self.batches = BatchLoader(pictures, self.recipe, group.device, rank=group.rank, world=group.world)
        self.samples = Samples(pictures, self.recipe, group.device)
        self.journal = Journal(run.log)
        self.losses: dict[str, float] = {}
        self.settled_at = -1
        torch.backends.cudnn.benchmark = True

    def go(self) -> None:
        """Train until the goal is reached or somebody wishes to stop."""
        self.resume()
        state, group = self.state, self.group
        self.pace = pace = Pace(self.recipe.batch, state.seconds)
        stop = self.goal.epochs_done(state.place) or self.goal.time_over(state.seconds)
        if stop:
            self.report.note(f"This run has reached its goal already, at step {state.place.step:,}.")
        stream = self.batches.stream(state.place)
        while not stop:
            pace.begin()
            shown = make_pair(next(stream), self.guide, self.recipe.pixels)
            pace.prepared()
            torch.manual_seed(derive_seed(self.recipe.seed, DROPOUT, state.place.step, group.rank))
            state.sums += learn(state, self.recipe, shown, group)
            state.place = state.place.next(self.batches.steps_per_epoch)
            epoch_over = state.place.epoch_step == 0
            looked = self.must_look(epoch_over)
            if looked:
                self.look(epoch_over)
            pace.stepped()  # after the look, which waits for a GPU: steps are not launched only, but done
            save = False
            if looked:
                stop, save = self.agree(epoch_over)
            self.say()
            if epoch_over:
                self.close_epoch()
                stop = stop or self.goal.epochs_done(state.place)
            if stop or save:
                self.pause()
        self.finish(trained=self.losses != {})

    def agree(self, epoch_over: bool) -> tuple[bool, bool]:
        """Whether to stop, and whether to save: the same in all processes.

        The first one's clock decides, as the others do not know how long it pauses; a wish counts
        wherever it is heard.
        """
        first, pace = self.group.first, self.pace
        over = first and self.goal.time_over(pace.seconds)
        due = first and pace.pause_due(epoch_over)
        stop, save = self.group.any(self.interruption.wished or over, due)
        return stop, save

    def resume(self) -> None:
        """Go to the last good checkpoint, where there is one."""
        state, run = self.state, self.run
        if self.group.first:
            metadata = load_newest(run.checkpoints, state, self.recipe, self.report.note)
            self.tidy()
            if metadata is not None:
                self.report.note(f"Going on from step {state.place.step:,}.")
                if metadata["pictures"] != self.pictures:
                    self.report.note("The pictures have changed since; training goes on with these.")
        self.follow_first()

    def tidy(self) -> None:
        """Drop what an earlier sitting wrote after its last good checkpoint: it comes again."""
        self.journal.cut(self.state.place.step)
        for sheet in self.run.sheets():
            if int(sheet.stem.removeprefix("step-")) > self.state.place.step:
                sheet.unlink()
        for folder in (self.run.checkpoints, self.run.samples):
            for part in folder.glob(".*.part"):
                part.unlink()

    def follow_first(self) -> None:
        """All processes start with what the first one has; the others need not see its disk."""
        state = self.state
        place, scaler = state.place, state.scaler.state_dict()
        numbers = torch.tensor(
            [place.step, place.epoch, place.epoch_step, state.seconds, *scaler.values()],
            dtype=torch.float64,
        )
        self.group.follow_first([numbers, *state.tensors().values()])
        step, epoch, position, state.seconds, *scales = numbers.tolist()
        state.place = type(place)(int(step), int(epoch), int(position))
        pairs = zip(scaler.items(), scales, strict=True)
        state.scaler.load_state_dict({name: type(own)(value) for (name, own), value in pairs})

    def must_look(self, epoch_over: bool) -> bool:
        """Whether the losses are waited for after this step. All processes must agree on it."""
        alone_and_wished = self.group.world == 1 and self.interruption.wished
        every = CHECKED if self.group.device.type == "cuda" else 1
        return epoch_over or alone_and_wished or self.state.place.step % every == 0

    def look(self, epoch_over: bool) -> None:
        """Bring the losses from the device and refuse to go on where one is no number."""
        steps = self.batches.steps_per_epoch if epoch_over else self.state.place.epoch_step
        means = (self.state.sums / steps).tolist()
        self.losses = dict(zip(LOSSES, means, strict=True))
        for name, mean in self.losses.items():
            if not math.isfinite(mean):
                raise self.broken(f"the loss {name} is no number any more")

    def broken(self, what: str) -> LimnerError:
        """The sentence for a run that cannot go on."""
        last = max((path.stem for path in self.run.checkpoints.glob("step-*.safetensors")), default=None)
        kept = (
            f"The run is kept as it was at step {int(last.removeprefix('step-')):,}"
            if last
            else "Nothing was saved yet"
        )
        return LimnerError(
            f"Training broke down at step {self.state.place.step:,}: {what}. {kept}. Try a new run "
            "with a lower learning_rate, a larger batch, or precision float32."
        )

    def say(self) -> None:
        """Tell how it goes."""
        place, pace, steps = self.state.place, self.pace, self.batches.steps_per_epoch
        self.report.status(
            Status(
                step=place.step,
                epoch=place.epoch,
                position=place.epoch_step,
                steps_per_epoch=steps,
                epochs=self.goal.epochs,
                losses=self.losses,
                pictures_per_second=pace.pictures_per_second,
                seconds=pace.seconds,
                seconds_left=self.goal.seconds_left(place, pace.seconds, steps, pace.per_step),
                preparing=pace.preparing,
            )
        )

    def settle(self) -> None:
        """Count the generator's statistics anew, over the first batches of the first epoch.

        Once for each step: they follow from the weights alone.
        """
        if self.settled_at == self.state.place.step:
            return
        self.settled_at = self.state.place.step
        count = min(self.batches.steps_per_epoch, BATCHES)
        places = (Position(step, 0, step) for step in range(count))
        batches = (self.batches.at(place).to(self.group.device) for place in places)
        shown = (make_pair(batch, self.guide, self.recipe.pixels).input for batch in batches)
        settle(self.state.generator, shown)

    def close_epoch(self) -> None:
        """Log the epoch that ended and start the sums of the next.

        However few pictures there are, this costs a fraction of the epoch: no more batches are painted
        for the statistics than the epoch had, none of them learned from, and `LOGGED` held-out ones.
        """
        speed = self.pace.close_epoch()
        self.state.sums.zero_()
        if not self.group.first:
            return
        self.settle()
        entry = Entry(
            step=self.state.place.step,
            epoch=self.state.place.epoch,
            **self.losses,
            held_out_l1=self.samples.held_out_l1(self.state.generator),
            pictures_per_second=speed,
            seconds=self.pace.seconds,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.journal.append(entry)
        self.report.logged(entry)

    def pause(self) -> None:
        """Write a checkpoint and a sheet. Changes nothing that training depends on."""
        state, place, began = self.state, self.state.place, time.perf_counter()
        if self.group.first:
            self.settle()
            if not all_finite(state.tensors().values()):
                raise self.broken("a weight is no number any more")
            state.seconds = self.pace.seconds
            save_checkpoint(self.run.checkpoints, state, self.recipe, self.pictures)
            caption = f"epoch {place.epoch:,}, step {place.step:,}, {state.seconds / 60:,.1f} min"
            path = self.run.samples / f"step-{place.step:08}.jpg"
            write_image(path, draw_generator_sheet(self.samples, state.generator, caption))
            self.report.sampled(path)
        self.pace.paused(began)

    def finish(self, *, trained: bool) -> None:
        """Write the film; say what was reached, where it lies, and how to go on."""
        if not self.group.first:
            return
        write_film(self.run.film, self.run.sheets())
        place, minutes = self.state.place, self.state.seconds / 60
        if self.interruption.wished:
            self.report.note(f"Stopped at step {place.step:,}. The same command goes on from there.")
        if trained:
            self.report.note(
                f"Trained {place.epoch:,} whole epochs, {place.step:,} steps, in {minutes:,.1f} minutes. "
                f"The run is in {self.run.folder}."
            )


def digest(pictures: ImageStore) -> str:
    """A short name for which pictures are trained on: changes where one is added, or taken away."""
    named = "\n".join(f"{entry.name} {entry.split} {entry.held_out}" for entry in pictures.index.entries)
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _refuse(pictures: ImageStore, recipe: Recipe, group: Processes) -> None:
    if pictures.pixels != recipe.pixels:
        raise LimnerError(
            f"The pictures in {pictures.folder} were prepared for {pictures.pixels} pixels, and the "
            f"recipe says {recipe.pixels}: prepare them again or change pixels."
        )
    if not pictures.training:
        raise LimnerError(f"All pictures in {pictures.folder} are held out: add some to train on.")
    if recipe.batch % group.world or recipe.batch < 2 * group.world:
        raise LimnerError(
            f"A batch of {recipe.batch} cannot be shared by {group.world} processes: choose a multiple "
            f"of {group.world}, at least {2 * group.world}, as batch norm needs 2 pictures in each."
        )
