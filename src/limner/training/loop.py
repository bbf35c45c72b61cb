"""The training loop of pix2pix on prepared pictures, in plain torch.

    limner pictures photos --out store                           # decode once
    limner train store --out run                                 # one process; the same command resumes it
    limner train store --out run --epochs 400                    # train it further
    torchrun --nproc-per-node 2 -m limner train store --out run  # two GPUs, or two processes on a CPU

Resuming is bit-exact on a CPU: a run that is interrupted anywhere (Ctrl-C, a kill, a power cut) and resumed
from its last checkpoint gets the same weights as one that was never interrupted. Every random number is a
function of the seed and the step, batches are a function of the position, and checkpoints hold the rest.
The number of threads has to stay the same, since sums of floats depend on it.

Several processes share each batch: each takes its part of the pictures that one process would take,
gradients are averaged, and the first process writes. See `distributed.py` for batch norm.
"""

from __future__ import annotations

import hashlib
import math
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import torch

from limner.data.loader import BatchLoader, Position
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.evaluation.samples import Samples
from limner.evaluation.sheets import draw_generator_sheet, write_film, write_image
from limner.guide import make_guide
from limner.lock import FolderLock, folder_lock
from limner.mark import Kind, is_replaceable
from limner.recipe import Recipe
from limner.seeding import DROPOUT, derive_seed
from limner.training.batch_norm import MAX_BATCHES, recalibrate_batch_norm
from limner.training.budget import Budget
from limner.training.checkpoint import is_all_finite, list_checkpoints, load_newest, save_checkpoint
from limner.training.distributed import ProcessGroup, process_group
from limner.training.inputs import make_inputs
from limner.training.log import EpochRecord, RunLog
from limner.training.pix2pix import train_step
from limner.training.reporter import NullReporter, Reporter, Status
from limner.training.run import Run, begin_run, check_run, open_run
from limner.training.signals import StopSignal
from limner.training.state import LOSSES, TrainState
from limner.training.timing import StepTimer

LOSS_CHECK_STEPS = 20
"""Steps between checks of the losses on a GPU, since a check waits for it; a CPU checks every step."""

ESTIMATE_STEPS = 20
"""Steps of a session after which the end of training is estimated: the first ones are slower."""


class TrainingDiverged(LimnerError):
    """A loss or a weight is NaN or infinite; the last checkpoint is unchanged."""


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
    """Train a run in `folder`, or resume the one in it, until `epochs` or `minutes` are reached.

    Both include earlier sessions. Without either, training ends after 200 epochs or three hours. Ctrl-C and
    SIGTERM end training after the current step with a checkpoint, as if the budget were reached; SIGTERM
    then raises `Terminated` (a SystemExit). `device` is by default the CUDA GPU where there is one, else
    the CPU. torch's global random number generator is reseeded.

    The first process holds the folder's lock. Raises LimnerError where another process trains the run, the
    pictures or the folder do not fit the recipe, the folder is moved, a file cannot be written, or a loss
    or weight is NaN or infinite; the last checkpoint is then unchanged.
    """
    budget = Budget.parse(epochs, minutes)
    with process_group(device) as group:
        reporter = report if report is not None and group.is_main else NullReporter()
        with StopSignal(reporter.message) as stop_signal:
            _check_recipe_fits(pictures, recipe, group)
            if group.is_main:
                check_run(folder, recipe)  # before the lock, which writes into the folder
            with folder_lock(folder, "trained") if group.is_main else nullcontext() as lock:
                if group.is_main:
                    begin_run(folder, recipe, pictures.folder)
                group.barrier()
                run = open_run(folder)
                trainer = Trainer(
                    pictures, run, budget, group, lock=lock, report=reporter, stop_signal=stop_signal
                )
                trainer.run_loop()
    return run


class Trainer:
    """One session of a run."""

    def __init__(
        self,
        pictures: ImageStore,
        run: Run,
        budget: Budget,
        group: ProcessGroup,
        *,
        lock: FolderLock | None,
        report: Reporter,
        stop_signal: StopSignal,
    ) -> None:
        self.run, self.budget, self.group, self.report = run, budget, group, report
        self.lock, self.stop_signal = lock, stop_signal
        self.recipe = run.recipe
        self.pictures_digest = digest_of_store(pictures)
        self.state = TrainState(self.recipe, group.device)
        self.guide = make_guide(self.recipe.guide, self.recipe.pixels, side=self.recipe.guide_side).to(
            group.device
        )
        self.loader = BatchLoader(pictures, self.recipe, group.device, rank=group.rank, world=group.world)
        self.samples = Samples(pictures, self.guide, self.recipe.pixels, group.device)
        self.log = RunLog(run.log)
        self.losses: dict[str, float] = {}
        self.recalibrated_at = -1
        torch.backends.cudnn.benchmark = True

    def run_loop(self) -> None:
        """Train until the budget is reached or a stop is requested."""
        self.resume()
        state, group = self.state, self.group
        self.timer = timer = StepTimer(self.recipe.batch, state.seconds)
        stop = self.budget.epochs_reached(state.position) or self.budget.time_reached(state.seconds)
        if stop:
            self.report.message(
                f"This run has already reached its budget, at step {state.position.step:,}: to train it "
                "further, give more epochs or minutes."
            )
        else:
            self.report.message(self.budget.describe())
        first_step = state.position.step
        stream = self.loader.stream(state.position)
        while not stop:
            timer.start_step()
            inputs = make_inputs(next(stream), self.guide, self.recipe, state.position.step, group.rank)
            timer.end_preparing()
            torch.manual_seed(derive_seed(self.recipe.seed, DROPOUT, state.position.step, group.rank))
            state.sums += train_step(state, self.recipe, inputs, group)
            state.position = state.position.next(self.loader.steps_per_epoch)
            epoch_over = state.position.epoch_step == 0
            are_losses_due = self.losses_due(epoch_over)
            if are_losses_due:
                self.check_losses(epoch_over)
            # After the check, which waits for the GPU: the steps are then finished, not only launched.
            timer.end_step()
            save = False
            if are_losses_due:
                stop, save = self.agree_on_stop(epoch_over)
            self.report_status()
            if state.position.step == first_step + ESTIMATE_STEPS:
                self.report_end()
            if epoch_over:
                self.close_epoch()
                stop = stop or self.budget.epochs_reached(state.position)
            if stop or save:
                self.checkpoint()
        self.finish(trained=self.losses != {})

    def agree_on_stop(self, epoch_over: bool) -> tuple[bool, bool]:
        """Whether to stop, and whether to save: the same in all processes.

        The first process's clock decides, since the others do not know how long it pauses to write. A stop
        request counts in whichever process receives it.
        """
        is_main, timer = self.group.is_main, self.timer
        is_time_up = is_main and self.budget.time_reached(timer.seconds)
        is_checkpoint_due = is_main and timer.checkpoint_due(epoch_over)
        stop, save = self.group.any(self.stop_signal.requested or is_time_up, is_checkpoint_due)
        return stop, save

    def resume(self) -> None:
        """Load the last intact checkpoint, where there is one."""
        state, run = self.state, self.run
        if self.group.is_main:
            metadata = load_newest(run.checkpoints, state, self.recipe, self.report.message)
            self.discard_newer_files()
            if metadata is not None:
                self.report.message(f"Resuming at step {state.position.step:,}.")
                self.check_pictures(metadata["pictures"])
        self.broadcast_state()

    def check_pictures(self, former: str) -> None:
        """Say that the pictures changed, or raise LimnerError where they gained or lost their strokes."""
        had, have = (digest.endswith(STROKES) for digest in (former, self.pictures_digest))
        if had != have:
            raise LimnerError(
                f"The run in {self.run.folder} learned from pictures {'with' if had else 'without'} brush "
                f"strokes, and these are {'with' if have else 'without'}: "
                f"{'give' if had else 'leave out'} --strokes, or begin another run."
            )
        if former != self.pictures_digest:
            self.report.message("The pictures have changed since; training uses the new ones.")

    def discard_newer_files(self) -> None:
        """Drop what an earlier session wrote after its last intact checkpoint; it will be written again."""
        self.log.truncate_after(self.state.position.step)
        for sheet in self.run.sheets():
            if int(sheet.stem.removeprefix("step-")) > self.state.position.step:
                sheet.unlink()
        for folder in (self.run.checkpoints, self.run.samples):
            for part in folder.glob(".*.part"):
                part.unlink()

    def broadcast_state(self) -> None:
        """Give the first process's state to all processes; the others need not see its disk."""
        state = self.state
        position, scaler = state.position, state.scaler.state_dict()
        numbers = torch.tensor(
            [position.step, position.epoch, position.epoch_step, state.seconds, *scaler.values()],
            dtype=torch.float64,
        )
        self.group.broadcast([numbers, *state.tensors().values()])
        step, epoch, epoch_step, state.seconds, *scales = numbers.tolist()
        state.position = Position(int(step), int(epoch), int(epoch_step))
        pairs = zip(scaler.items(), scales, strict=True)
        state.scaler.load_state_dict({name: type(current)(value) for (name, current), value in pairs})

    def losses_due(self, epoch_over: bool) -> bool:
        """Whether to check the losses after this step. All processes must agree on it."""
        stop_at_once = self.group.world == 1 and self.stop_signal.requested
        every = LOSS_CHECK_STEPS if self.group.device.type == "cuda" else 1
        return epoch_over or stop_at_once or self.state.position.step % every == 0

    def check_losses(self, epoch_over: bool) -> None:
        """Copy the losses from the device. Raises LimnerError where one is NaN or infinite."""
        steps = self.loader.steps_per_epoch if epoch_over else self.state.position.epoch_step
        means = (self.state.sums / steps).tolist()
        self.losses = dict(zip(LOSSES, means, strict=True))
        for name, mean in self.losses.items():
            if not math.isfinite(mean):
                raise self.divergence_error(f"the loss {name} is NaN or infinite")

    def divergence_error(self, cause: str) -> TrainingDiverged:
        """The error of a run that diverged."""
        last = next((path.stem for path in list_checkpoints(self.run.checkpoints)), None)
        saved = (
            f"The run is kept as of step {int(last.removeprefix('step-')):,}"
            if last
            else "Nothing was saved yet"
        )
        return TrainingDiverged(
            f"Training diverged at step {self.state.position.step:,}: {cause}. {saved}. Try a new run with "
            "a lower learning_rate, a larger batch, or precision float32."
        )

    def report_status(self) -> None:
        """Report the current status."""
        position, timer, steps = self.state.position, self.timer, self.loader.steps_per_epoch
        self.report.on_step(
            Status(
                step=position.step,
                epoch=position.epoch,
                epoch_step=position.epoch_step,
                steps_per_epoch=steps,
                epochs=self.budget.epochs,
                losses=self.losses,
                pictures_per_second=timer.pictures_per_second,
                seconds=timer.seconds,
                seconds_left=self.budget.seconds_left(
                    position, timer.seconds, steps, timer.seconds_per_step
                ),
                data_fraction=timer.data_fraction,
            )
        )

    def report_end(self) -> None:
        """Report when training will end."""
        position, timer, steps = self.state.position, self.timer, self.loader.steps_per_epoch
        self.report.message(
            self.budget.describe_end(position, timer.seconds, steps, timer.seconds_per_step)
        )

    def recalibrate(self) -> None:
        """Recompute the average's batch-norm statistics over the inputs of the first steps.

        Only once per step, since they depend on the weights alone.
        """
        if self.recalibrated_at == self.state.position.step:
            return
        self.recalibrated_at = self.state.position.step
        count = min(self.loader.steps_per_epoch, MAX_BATCHES)
        positions = (Position(step, 0, step) for step in range(count))
        batches = (self.loader.at(position).to(self.group.device) for position in positions)
        inputs = (
            make_inputs(batch, self.guide, self.recipe, step).all() for step, batch in enumerate(batches)
        )
        recalibrate_batch_norm(self.state.average, inputs)

    def close_epoch(self) -> None:
        """Log the finished epoch and reset the sums of the losses.

        This costs a fraction of the epoch, however few pictures there are: the statistics need a forward
        pass over no more batches than the epoch had, the held-out L1 one over `MAX_LOGGED` pictures.
        """
        speed = self.timer.close_epoch()
        self.state.sums.zero_()
        if not self.group.is_main:
            return
        self.check_in_place()
        self.recalibrate()
        record = EpochRecord(
            step=self.state.position.step,
            epoch=self.state.position.epoch,
            **self.losses,
            held_out_l1=self.samples.held_out_l1(self.state.average),
            pictures_per_second=speed,
            seconds=self.timer.seconds,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.log.append(record)
        self.report.on_epoch(record)

    def checkpoint(self) -> None:
        """Write a checkpoint and a sheet. Changes nothing that training depends on."""
        state, position, start = self.state, self.state.position, time.perf_counter()
        if self.group.is_main:
            self.check_in_place()
            self.recalibrate()
            if not is_all_finite(state.tensors().values()):
                raise self.divergence_error("a weight is NaN or infinite")
            state.seconds = self.timer.seconds
            save_checkpoint(self.run.checkpoints, state, self.recipe, self.pictures_digest)
            caption = f"epoch {position.epoch:,}, step {position.step:,}, {state.seconds / 60:,.1f} min"
            path = self.run.samples / f"step-{position.step:08}.jpg"
            if self.may_write(path, "sample sheet"):
                write_image(path, draw_generator_sheet(self.samples, state.average, caption))
                self.report.on_samples(path)
        self.timer.end_checkpoint(start)

    def check_in_place(self) -> None:
        """Raise LimnerError where the run was moved: its old place is no run, and nothing resumes there."""
        if self.lock is not None:
            self.lock.check_in_place()

    def may_write(self, path: Path, kind: Kind) -> bool:
        """Whether a picture may be written to `path`; a person's file there stays, which a message says."""
        if is_replaceable(path, kind):
            return True
        self.report.message(f"{path} holds what limner did not write: it stays, and no {kind} is written.")
        return False

    def finish(self, *, trained: bool) -> None:
        """Write the film; report what was reached, where the run is, and how to resume it."""
        if not self.group.is_main:
            return
        self.check_in_place()
        if self.may_write(self.run.film, "film"):
            write_film(self.run.film, self.run.sheets())
        position, minutes = self.state.position, self.state.seconds / 60
        if self.stop_signal.requested:
            self.report.message(f"Stopped at step {position.step:,}. The same command resumes from there.")
        if trained:
            self.report.message(
                f"Trained {position.epoch:,} whole epochs, {position.step:,} steps, in {minutes:,.1f} "
                f"minutes. The run is in {self.run.folder}."
            )


STROKES = "-strokes"
"""What the digest of pictures with brush strokes ends with."""


def digest_of_store(pictures: ImageStore) -> str:
    """A digest of the list of pictures: it changes where one is added or removed, and with strokes."""
    lines = "\n".join(f"{entry.name} {entry.split} {entry.held_out}" for entry in pictures.index.entries)
    digest = hashlib.sha256(lines.encode(errors="surrogatepass")).hexdigest()[:16]  # names of any bytes
    return f"{digest}{STROKES}" if pictures.index.settings.strokes else digest


def _check_recipe_fits(pictures: ImageStore, recipe: Recipe, group: ProcessGroup) -> None:
    """Raise LimnerError where the pictures or the processes do not fit the recipe."""
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
            f"of {group.world}, at least {2 * group.world}, since batch norm needs 2 pictures each."
        )
