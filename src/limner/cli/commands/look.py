"""The commands. Each is a dataclass: its fields are the options, their docstrings the help.

The bench's stands beside what it measures (`limner.cli.commands.bench`).

Nothing heavy is imported before a command runs: `limner --help` must answer at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

import tyro
from tyro.conf import Positional

from limner.cli.options import (
    UNSAID,
    Credits,
    Flat,
    Looks,
    Serving,
    Sources,
    Stop,
    Storage,
    Subject,
    Taking,
    Target,
    Turned,
    some,
)
from limner.errors import LimnerError
from limner.recipe import GuideName, Recipe


class Command(Protocol):
    """What every command can do."""

    def run(self) -> None: ...


@dataclass(frozen=True)
class LookCommand:
    """Make a page that paints live from a folder of pictures, or a video: everything in one go.

    Run it again and it goes on where it stopped. Ctrl-C ends the training early and publishes what was
    learned so far. For example:

        limner look my-photos
        limner look timelapse.mp4 --minutes 60 --name "Clouds over Leith"
        limner look facades --side right --guide colour
    """

    sources: Sources
    """Folders (searched through and through), pictures, videos."""
    out: Annotated[Path | None, UNSAID] = None
    """Where everything goes. Default: limner-NAME, beside where you are."""
    storage: Storage = "uint8"
    """How weights are stored; uint8 is a quarter of float32 and looks the same."""
    recipe: Flat[Recipe] = field(default_factory=Recipe)
    taking: Flat[Taking] = field(default_factory=Taking)
    stop: Flat[Stop] = field(default_factory=Stop)
    credits: Flat[Credits] = field(default_factory=Credits)
    serving: Flat[Serving] = field(default_factory=Serving)

    def run(self) -> None:
        from limner.cli import pipeline as road

        some(self.sources)
        road.walk(self)


@dataclass(frozen=True)
class DemoCommand:
    """Show the whole road with nothing at hand: draw pictures, train under three minutes, serve the page.

    For example:

        limner demo sea
    """

    subject: Positional[Subject] = "garden"
    """What to draw and learn."""
    pixels: int = 128
    """Side of the painting; 128 learns fast enough on two CPU cores."""
    minutes: float = 2.5
    """Minutes to train."""
    out: Annotated[Path | None, UNSAID] = None
    """Where everything goes. Default: limner-demo-SUBJECT."""
    serving: Flat[Serving] = field(default_factory=Serving)

    def run(self) -> None:
        from limner.cli import pipeline as road

        road.demo(self)


@dataclass(frozen=True)
class PicturesCommand:
    """Decode pictures and videos once, into a store that training reads.

    For example:

        limner pictures my-photos clip.mp4 --out store
    """

    sources: Sources
    """Folders (searched through and through), pictures, videos."""
    out: Path
    """The store's folder."""
    pixels: int = 256
    """Side of the painting that will be trained: 64, 128, 256 or 512."""
    taking: Flat[Taking] = field(default_factory=Taking)

    def run(self) -> None:
        from limner.cli import pipeline as road

        road.take_pictures(some(self.sources), self.out, self.pixels, self.taking)


@dataclass(frozen=True)
class TrainCommand:
    """Train a network on a store of pictures, or go on with a run that stopped.

    For example:

        limner train store --out run --size small --epochs 100
        torchrun --nproc-per-node 2 -m limner train store --out run
    """

    pictures: Annotated[Positional[Path], tyro.conf.arg(metavar="STORE")]
    """What `limner pictures` wrote."""
    out: Path
    """The run's folder; an earlier run there is gone on with."""
    recipe: Flat[Recipe] = field(default_factory=Recipe)
    stop: Flat[Stop] = field(default_factory=Stop)

    def run(self) -> None:
        from limner.cli.pipeline import train_run
        from limner.data.prepare import open_pictures

        train_run(open_pictures(self.pictures), self.out, self.recipe, self.stop)


@dataclass(frozen=True)
class ExportCommand:
    """Write a run's look: one ONNX file, checked against torch, with the change that compression makes.

    For example:

        limner export run --out clouds.onnx --name Clouds --author "Ada Example"
        limner export run --out clouds-tfjs --to tfjs --storage uint16
    """

    source: Annotated[Positional[Path], tyro.conf.arg(metavar="RUN")]
    """What `limner train` wrote."""
    out: Path
    """The look's file, or the folder for tfjs."""
    to: Target = "onnx"
    """onnx: a look. tfjs: the same network as TensorFlow.js reads it."""
    storage: Storage = "uint8"
    """How weights are stored; uint8 is a quarter of float32 and looks the same."""
    credits: Flat[Credits] = field(default_factory=Credits)

    def run(self) -> None:
        from limner.cli.pipeline import export_run, export_tfjs
        from limner.training.run import open_run

        export = export_run if self.to == "onnx" else export_tfjs
        export(open_run(self.source), self.out, self.storage, self.credits)


@dataclass(frozen=True)
class PublishCommand:
    """Make a page of one or more looks: a folder that any static host serves, under any path.

    For example:

        limner publish clouds.onnx flowers.onnx --out page
    """

    looks: Looks
    """Looks, in the order in which visitors choose from them."""
    out: Path
    """The page's folder."""

    def run(self) -> None:
        from limner.page.publish import publish

        publish(self.looks, self.out)
        print(f"{self.out} is ready: put it on any static host, or see it with `limner play {self.out}`.")


@dataclass(frozen=True)
class PlayCommand:
    """Serve a page, or a look, on this machine and open it.

    For example:

        limner play page
    """

    source: Annotated[Positional[Path], tyro.conf.arg(metavar="PAGE|LOOK")]
    """A folder that `limner publish` wrote, or a look's file."""
    serving: Flat[Serving] = field(default_factory=Serving)

    def run(self) -> None:
        from limner.cli import pipeline as road

        road.play(self.source, self.serving)


@dataclass(frozen=True)
class PaintCommand:
    """Send pictures or a clip through a look, without a browser.

    For example:

        limner paint clouds.onnx photo.jpg --out painted.png
    """

    look: Annotated[Positional[Path], tyro.conf.arg(metavar="LOOK")]
    """The look's file."""
    source: Annotated[Positional[Path], tyro.conf.arg(metavar="PHOTO|CLIP|FOLDER")]
    """What to paint."""
    out: Annotated[Path | None, UNSAID] = None
    """The painting's file (or folder). Default: beside the source, with -painted in its name."""
    beside: bool = False
    """Show what the network saw beside each painting."""
    whole: bool = False
    """Keep the whole picture, squeezed into the look's square and stretched back, not its middle."""
    force: bool = False
    """Replace what exists at --out."""
    turned: Flat[Turned] = field(default_factory=Turned)

    def run(self) -> None:
        from limner.look.look import open_look
        from limner.look.paint import paint_file
        from limner.progress import Bar

        with Bar() as progress:
            report = paint_file(
                open_look(self.look),
                self.source,
                self.out,
                live=self.turned.values(),
                whole=self.whole,
                beside=self.beside,
                force=self.force,
                progress=progress,
            )
        for path, reason in report.passed_over:
            print(f"{path.name} {reason}.")
        more = ", ..." if len(report.paintings) > 5 else ""
        print(f"Painted: {', '.join(map(str, report.paintings[:5]))}{more}")


@dataclass(frozen=True)
class DescribeCommand:
    """Show a network's layers, parameters, multiply-adds and bytes.

    For example:

        limner describe lean --pixels 512
        limner describe clouds.onnx --json
    """

    target: Annotated[Positional[str], tyro.conf.arg(metavar="NAME|RUN|LOOK")]
    """lean, small, medium or large; a run's folder; a look's file."""
    pixels: int = 256
    """For a name: the side of the painting."""
    guide: GuideName = "soft"
    """For a name: the guide."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        from rich import print as show

        from limner.summary import describe

        found = describe(self.target, pixels=self.pixels, guide=self.guide)
        if self.json:
            print(found.to_json())
        else:
            show(found.table())


@dataclass(frozen=True)
class DoctorCommand:
    """Judge a data set before hours are spent on it. Exits with 1 where there is a problem.

    For example:

        limner doctor my-photos --sheet overview.png
    """

    sources: Sources
    """Folders (searched through and through), pictures, videos."""
    pixels: int = 256
    """Side of the painting that will be trained."""
    inputs: Annotated[Path | None, UNSAID] = None
    """For pairs: a folder of input pictures with the same names as the sources'."""
    frames: int = 400
    """Frames that will be taken from each video."""
    sheet: Annotated[Path | None, UNSAID] = None
    """Write a contact sheet of the pictures here."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        import json

        from limner.data.checks.dataset import contact_sheet, examine
        from limner.progress import Bar, silently

        some(self.sources)
        with Bar() as bar:
            progress = silently if self.json else bar
            diagnosis = examine(
                self.sources,
                pixels=Recipe(pixels=self.pixels).pixels,
                inputs=self.inputs,
                frames=self.frames,
                progress=progress,
            )
        if self.sheet:
            contact_sheet(diagnosis, self.sheet)
        if self.json:
            print(json.dumps(diagnosis.to_json(), indent=2))
        else:
            print("\n".join(diagnosis.sentences()))
        if diagnosis.problem:
            raise LimnerError("These pictures are not ready for training; see the problems above.")
