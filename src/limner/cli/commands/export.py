"""export: write the look of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import Credits, Flat, Target
from limner.errors import LimnerError
from limner.look.storage import Storage


@dataclass(frozen=True)
class ExportCommand:
    """Write a run's look: one ONNX file, compared with torch. Prints how quantization changes it.

    For example:

        limner export run --out clouds.onnx --name Clouds --author "Ada Example"
        limner export run --out clouds-tfjs --to tfjs --storage uint16
    """

    source: Annotated[Positional[Path], tyro.conf.arg(metavar="RUN")]
    """A run's folder, written by `limner train`."""
    out: Path
    """The look's file; for tfjs, a folder."""
    to: Target = "onnx"
    """onnx: a look. tfjs: the same network for TensorFlow.js."""
    storage: Storage = "uint8"
    """How weights are stored; uint8 takes a quarter of float32's bytes and looks the same."""
    force: bool = False
    """Replace a file at --out that limner did not write."""
    credits: Flat[Credits] = field(default_factory=Credits)

    def run(self) -> None:
        if self.source.is_file():
            raise LimnerError(
                f"{self.source} is a file: `limner export` takes the folder of a run of `limner train`. "
                "For a classifier in TensorFlow.js call limner.export.tfjs.write_tfjs_network in Python."
            )
        from limner.cli.pipeline import export_run, export_tfjs
        from limner.training.run import open_run

        export = export_run if self.to == "onnx" else export_tfjs
        export(open_run(self.source), self.out, self.storage, self.credits, force=self.force)
