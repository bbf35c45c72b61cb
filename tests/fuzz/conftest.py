"""What the fuzz runs in: a working folder as people have it, and commands whose long work is short."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace

import pytest
import torch
from onnx import ModelProto
from torch import nn

import limner.cli.main
from e2e.tiny import tiny_look
from fuzz.files import contents
from helpers.files import photos
from helpers.stores import store
from limner.errors import LimnerError
from limner.export.inference import LookModule
from limner.export.onnx_graph import export_graph
from limner.lab.export import Exported
from limner.training import loop
from limner.training.signals import StopSignal
from limner.training.state import LOSSES


@pytest.fixture(scope="module", autouse=True)
def short_work() -> Iterator[None]:
    """Replace what takes long or leaves the process: training stops after one step, nothing is served."""
    with pytest.MonkeyPatch.context() as patch:
        web = Path(mkdtemp())
        (web / "index.html").write_text("page")
        patch.setattr("limner.page.publish.WEB", web)
        patch.setattr("limner.page.server.serve", lambda *_, **__: None)
        patch.setattr("limner.page.server.serve_during", lambda *_, **__: nullcontext())
        shelf = Path(mkdtemp())
        (shelf / "tiny.onnx").write_bytes(tiny_look())
        patch.setattr("limner.look.packaged.FOLDER", shelf)
        patch.setattr("limner.page.chromium.find_chromium", lambda: None)
        patch.setattr("limner.page.check.shutil.which", lambda _: None)
        patch.setattr("limner.cli.pipeline.DEMO_PICTURES", 4)
        patch.setattr(StopSignal, "requested", True)
        patch.setattr(loop, "train_step", lambda *_: torch.zeros(len(LOSSES)))
        patch.setattr("limner.training.keyframe.train_step", lambda *_: 0.0)
        patch.setattr("limner.art.style_training.train_step", lambda *_: 0.0)
        patch.setattr("limner.art.content.DRAWN", 3)
        patch.setattr("limner.export.onnx.export_graph", _remember(export_graph))
        patch.setattr("limner.lab.folders.MIN_PICTURES", 3)
        patch.setattr("limner.lab.sources.DRAWN_TRAIN", 200)
        patch.setattr("limner.lab.sources.DRAWN_TEST", 20)
        # The lab does not end with a result where it is stopped; its time is short anyway.
        for training in ("limner.lab.loop", "limner.lab.painter.loop"):
            patch.setattr(f"{training}.StopSignal", lambda _: nullcontext(SimpleNamespace(requested=False)))
        patch.setattr("limner.page.lab.serve_lab", lambda *_, **__: None)
        patch.setattr("limner.lab.run.export_network", lambda *_: Exported(1, 1, 0.0))
        for benchmark in ("training", "quality", "browser"):
            patch.setattr(f"limner.bench.{benchmark}.bench_{benchmark}", _refuse)
        yield
        shutil.rmtree(web)
        shutil.rmtree(shelf)


def _remember(export: Callable[[LookModule, int], ModelProto]) -> Callable[[LookModule, int], ModelProto]:
    """Trace equal networks once, which takes seconds: those of one recipe are equal, as none is trained."""
    made: dict[bytes, bytes] = {}

    def export_once(module: LookModule, pixels: int) -> ModelProto:
        settings = [(type(part), _settings(part)) for part in module.modules()]
        weights = [tensor.numpy().tobytes() for tensor in module.state_dict().values()]
        key = hashlib.sha256(b"".join([repr((pixels, settings)).encode(), *weights])).digest()
        if key not in made:
            made[key] = export(module, pixels).SerializeToString()
        model: ModelProto = ModelProto.FromString(made[key])
        return model

    return export_once


def _settings(module: nn.Module) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def _refuse(*_: object, **__: object) -> None:
    raise LimnerError("Benchmarks are not fuzzed.")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder: what limner made before, and files of people, some at the names of outputs."""
    made = tmp_path_factory.mktemp("template")
    _add_own_files(made, store(tmp_path_factory.mktemp("pictures"), 4).folder)
    (made / "notes.txt").write_text("mine\n")
    photos(made / "gallery", 3)
    (made / "gallery" / "waves.gif").write_bytes(contents()["animation"])
    (made / "gallery" / "clip.mp4").write_bytes(contents()["film"])
    (made / "theirs.onnx").write_bytes(contents()["bare look"])
    (made / "theirs.png").write_bytes(contents()["clear png"])
    theirs = made / "theirs"
    theirs.mkdir()
    (theirs / "project.json").write_text(json.dumps({"sources": ["my bibliography"], "credits": {}}))
    (theirs / "pictures.json").write_text("[" * 5000)
    (theirs / "training.json").write_text(json.dumps({"benchmark": "mine"}))
    (theirs / "index.html").write_text("mine")
    (made / "run" / "notes.txt").write_text("mine")
    (made / "run" / "samples" / "step-00000900.jpg").write_bytes(contents()["jpeg"])
    (made / "page" / "notes.txt").write_text("mine")
    shutil.copytree(made / "page", made / "edited")
    (made / "edited" / "index.html").write_text("mine")
    (made / "edited" / "mine.css").write_text("mine")
    return made


def _add_own_files(made: Path, store: Path) -> None:
    (made / "tiny.onnx").write_bytes(tiny_look())
    store.rename(made / "store")
    train = ["train", str(made / "store"), "--out", str(made / "run"), "--pixels", "64"]
    assert limner.cli.main.main([*train, "--discriminator", "4"]) == 0
    assert limner.cli.main.main(["publish", str(made / "tiny.onnx"), "--out", str(made / "page")]) == 0
