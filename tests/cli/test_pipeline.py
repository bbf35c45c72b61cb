"""The whole pipeline at 64 pixels: run once, resumed, and refused before any file is lost."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from helpers.names import SHOWN, odd_name
from limner.cli.main import main
from limner.data.store import open_store
from limner.export import onnx_graph, storage_comparison
from limner.look.look import open_look
from limner.page import server as server_module
from limner.training.run import open_run

pytestmark = pytest.mark.usefixtures("work")


@pytest.fixture(autouse=True)
def short_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that returns at once, and no browser."""
    monkeypatch.setattr(server_module, "serve", lambda page, **_: print(f"served {page}"))
    monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: None)


def photos(folder: Path, count: int = 4, seed: int = 0) -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for index in range(count):
        pixels = rng.integers(0, 255, (90, 100, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def look(*arguments: str) -> int:
    return main(["look", *arguments, "--no-open"])


TINY = ("--pixels", "64", "--epochs", "1", "--discriminator", "4")


def test_makes_a_page_from_pictures_and_resumes(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos(work / "photos")
    assert look("photos", *TINY, "--name", "North Sea", "--author", "Ada") == 0
    project = work / "limner-photos"
    assert f"served {project.name}/page" in capsys.readouterr().out
    assert (open_look(project / "north-sea.onnx").name, open_look(project / "north-sea.onnx").pixels) == (
        "North Sea",
        64,
    )
    listed = json.loads((project / "page" / "looks" / "looks.json").read_text())["looks"]
    assert [entry["author"] for entry in listed] == ["Ada"]

    before = (project / "pictures" / "pictures.json").read_bytes()
    assert look("photos", "--pixels", "64", "--epochs", "2", "--discriminator", "4") == 0
    assert (project / "pictures" / "pictures.json").read_bytes() == before
    steps = [json.loads(line)["step"] for line in open_run(project / "run").log.read_text().splitlines()]
    assert steps == [1, 2]
    assert open_look(project / "north-sea.onnx").author == "Ada"


def test_names_of_odd_bytes_from_end_to_end(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file and folder is found again; people and other programs get valid text."""
    folder = odd_name(work)
    name = folder.name
    photos(folder)
    (folder / "0.png").rename(folder / f"{name}.png")
    (folder / f"{name}.jpg").write_text("no picture")
    assert main(["doctor", name, "--pixels", "64", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed_over"] == [[f"{SHOWN}.jpg", "is a text file, not a picture"]]
    assert look(name, *TINY, "--out", f"{name}-look") == 0
    output = capsys.readouterr()
    assert f"{SHOWN}.jpg is a text file" in output.out
    assert f"The page is the folder {SHOWN}-look/page" in output.out
    project = work / f"{name}-look"
    before = (project / "pictures" / "pictures.json").read_bytes()
    assert main(["pictures", name, "--pixels", "64", "--out", f"{name}-look/pictures"]) == 0
    assert (project / "pictures" / "pictures.json").read_bytes() == before
    resume = ["--out", f"{name}-look/run", *TINY[:2], "--epochs", "2", *TINY[4:]]
    assert main(["train", f"{name}-look/pictures", *resume]) == 0
    assert len(open_run(project / "run").log.read_text().splitlines()) == 2
    assert f"{name}.png" in [entry.name for entry in open_store(project / "pictures").index.entries]
    next(project.glob("*.onnx")).rename(f"{name}.onnx")
    assert open_look(Path(f"{name}.onnx")).name == SHOWN

    assert main(["publish", f"{name}.onnx", "--out", f"{name}-page"]) == 0
    entries = json.loads((work / f"{name}-page" / "looks" / "looks.json").read_text("utf-8"))["looks"]
    assert [entry["name"] for entry in entries] == [SHOWN]
    assert main(["paint", f"{name}.onnx", f"{name}/{name}.png", "--out", f"{name}.jpg"]) == 0
    assert f"Painted: {SHOWN}.jpg" in capsys.readouterr().out
    assert main(["describe", f"{name}.onnx", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == f"{SHOWN}.onnx"


def test_a_different_recipe_is_refused_and_the_store_is_unchanged(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(work / "photos")
    assert look("photos", *TINY) == 0
    assert look("photos", "--pixels", "128", "--epochs", "1") == 1
    assert "pixels (64, not 128)" in capsys.readouterr().err
    assert open_store(work / "limner-photos" / "pictures").pixels == 64


def test_a_page_folder_with_other_files_is_refused_before_training(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(work / "photos")
    (work / "limner-photos" / "page").mkdir(parents=True)
    (work / "limner-photos" / "page" / "diary.txt").write_text("mine")
    assert look("photos", *TINY) == 1
    assert "holds other files" in capsys.readouterr().err
    assert not (work / "limner-photos" / "run").exists()


def test_the_output_folder_is_not_used_as_a_source(work: Path) -> None:
    photos(work / "photos")
    assert look("photos", *TINY, "--out", "photos/look") == 0
    assert look("photos", *TINY, "--out", "photos/look") == 0
    assert len(open_store(work / "photos" / "look" / "pictures")) == 4


def test_two_source_folders_of_the_same_name_are_not_mixed(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(work / "a" / "photos", seed=1)
    photos(work / "b" / "photos", seed=2)
    assert look("a/photos", *TINY) == 0
    before = (work / "limner-photos" / "photos.onnx").read_bytes()
    assert look("b/photos", *TINY) == 1
    assert "--out" in capsys.readouterr().err
    assert (work / "limner-photos" / "photos.onnx").read_bytes() == before


def test_an_export_overwrites_looks_only(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos(work / "photos")
    assert look("photos", *TINY) == 0
    (work / "precious.onnx").write_text("a diary")
    run = "limner-photos/run"
    assert main(["export", run, "--out", "precious.onnx"]) == 1
    assert main(["export", run, "--out", "photo.png"]) == 1
    assert (work / "precious.onnx").read_text() == "a diary"
    assert "precious.onnx holds what limner did not write" in capsys.readouterr().err
    assert main(["export", run, "--out", "other.onnx", "--storage", "float16"]) == 0
    assert main(["export", run, "--out", "other.onnx"]) == 0


def test_an_export_traces_once_and_measures_each_storage_once(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(work / "photos")
    assert look("photos", *TINY) == 0
    trace = Mock(wraps=onnx_graph.export_graph)
    paint = Mock(wraps=storage_comparison.run_model)
    monkeypatch.setattr("limner.export.onnx.export_graph", trace)
    monkeypatch.setattr(storage_comparison, "run_model", paint)
    capsys.readouterr()
    assert main(["export", "limner-photos/run", "--out", "again.onnx"]) == 0
    assert trace.call_count == 1
    assert paint.call_count == 4  # once for each storage
    assert "uint16" in capsys.readouterr().out


def test_exports_a_look_for_tensorflow_js(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos(work / "photos")
    assert look("photos", *TINY) == 0
    export = ["export", "limner-photos/run", "--to", "tfjs", "--author", "Ada"]
    assert main([*export, "--out", "sky-tfjs"]) == 0
    assert "PSNR" in capsys.readouterr().out
    written = json.loads((work / "sky-tfjs" / "model.json").read_text())
    assert written["userDefinedMetadata"]["name"] == "sky"
    assert written["userDefinedMetadata"]["author"] == "Ada"
    assert main([*export, "--out", "sky-tfjs", "--name", "Sky", "--storage", "float32"]) == 0
    assert "PSNR" not in capsys.readouterr().out
    assert main([*export, "--out", "photos"]) == 1
    assert "holds other files" in capsys.readouterr().err


def test_trains_on_pairs_of_inputs_and_pictures(work: Path) -> None:
    photos(work / "paintings", seed=1)
    photos(work / "sketches", seed=2)
    assert look("paintings", "--inputs", "sketches", "--guide", "colour", *TINY) == 0
    assert open_look(work / "limner-paintings" / "paintings.onnx").guide == "colour"
