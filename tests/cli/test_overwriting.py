"""No command replaces a stranger's file, unless it is told to; each says so before it works."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from helpers.files import photos
from helpers.looks import look_file
from helpers.onnx_models import image_model
from helpers.stores import TINY, colours
from limner.bench.results import FILES, Benchmark, check_results, write_results
from limner.cli import pipeline
from limner.cli.commands.bench import BenchCommand
from limner.cli.main import main
from limner.cli.options import Credits
from limner.cli.project import open_project
from limner.errors import LimnerError
from limner.lock import folder_lock
from limner.mark import read_image_mark
from limner.training.run import begin_run

REFUSED = "holds what limner did not write: choose another place, or add --force to replace it."


pytestmark = pytest.mark.usefixtures("work")


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str, words: str = REFUSED) -> None:
    """The command fails with a sentence that contains `words`, and changes no file."""
    before = contents()
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert contents() == before


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def another_model(path: str) -> None:
    """Another program's image-to-image network, which limner opens as it opens looks."""
    model = image_model([1, 3, 64, 64])
    model.producer_name = "pytorch"
    Path(path).write_bytes(model.SerializeToString())


def test_a_sheet_replaces_a_sheet_and_never_a_picture_that_is_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    photos(Path("photos"), 3)
    Path("notes.png").write_text("mine")
    Path("photos/alias.jpg").symlink_to("photo-000.jpg")
    os.link("photos/photo-001.jpg", "hard.jpg")
    doctor = ("doctor", "photos", "--pixels", "64", "--sheet")
    for name in ("photos/photo-000.jpg", "photos/../photos/photo-000.jpg", "photos/alias.jpg", "hard.jpg"):
        refuse(capsys, *doctor, name, words="is the source itself")
        refuse(capsys, *doctor, name, "--force", words="is the source itself")
    refuse(capsys, *doctor, "notes.png")
    for options in (("notes.png", "--force"), ("notes.png",), ("new/sheet.jpg",), ("new/sheet.jpg",)):
        assert main([*doctor, *options]) == 0
        assert read_image_mark(Path(options[0])) == "contact sheet"


def test_a_sheet_never_replaces_an_input_of_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    photos(Path("paintings"), 3)
    photos(Path("sketches"), 3)
    pairs = ("doctor", "paintings", "--inputs", "sketches", "--sheet", "sketches/photo-002.jpg", "--force")
    refuse(capsys, *pairs, words="is the source itself")


def test_an_export_replaces_looks_of_limner_only(capsys: pytest.CaptureFixture[str]) -> None:
    begin_run(Path("run"), TINY, Path("store"))
    another_model("theirs.onnx")
    Path("diary.onnx").write_text("a diary")
    Path("folder.onnx").mkdir()
    export = ("export", "run", "--out")
    for name in ("theirs.onnx", "diary.onnx"):
        refuse(capsys, *export, name, words=f"{name} {REFUSED}")
    refuse(capsys, *export, "folder.onnx", "--force", words="is a folder, but a file is to be written")
    # What is not refused goes on, to a run that has no checkpoint.
    refuse(capsys, *export, "theirs.onnx", "--force", words="no intact checkpoint yet")
    refuse(capsys, *export, str(look_file(Path())), words="no intact checkpoint yet")


def test_an_export_for_tensorflow_js_replaces_models_only(capsys: pytest.CaptureFixture[str]) -> None:
    begin_run(Path("run"), TINY, Path("store"))
    photos(Path("photos"), 1)
    Path("theirs").mkdir()
    Path("theirs/model.json").write_text('{"generatedBy": "2.11.0"}')
    export = ("export", "run", "--to", "tfjs", "--out")
    refuse(capsys, *export, "theirs", words="holds a model that limner did not write")
    refuse(capsys, *export, "theirs", "--force", words="no intact checkpoint yet")
    refuse(capsys, *export, "photos", "--force", words="holds other files")


def test_publish_replaces_edited_files_with_force_only(capsys: pytest.CaptureFixture[str]) -> None:
    publish = ("publish", str(look_file(Path())), "--out", "page")
    assert main(publish) == 0
    Path("page/index.html").write_text("edited")
    refuse(capsys, *publish, words=f"page/index.html {REFUSED}")
    assert main([*publish, "--force"]) == 0
    assert Path("page/index.html").read_text() == "page"


def test_look_refuses_before_it_decodes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("photos").mkdir()
    for seed in range(3):
        colours(seed).save(f"photos/{seed}.png")
    project = Path("limner-photos")
    look = ("look", "photos", "--pixels", "64", "--no-open")
    (project / "page").mkdir(parents=True)
    (project / "page" / "looks").mkdir()
    for name, write in (
        ("project.json", lambda path: path.write_text('{"name": "my app"}')),
        ("photos.onnx", lambda path: another_model(str(path))),
        ("page/limner.json", lambda path: path.write_text("{}")),
    ):
        path = project / name
        if name.startswith("page"):
            (project / "page" / "looks" / "looks.json").write_text('{"looks": []}')
        write(path)
        refuse(capsys, *look, words=f"{path} {REFUSED}")
        path.unlink()


def test_look_refuses_a_run_in_training_before_it_decodes(capsys: pytest.CaptureFixture[str]) -> None:
    photos(Path("photos"), 3)
    run = Path("limner-photos/run")
    with folder_lock(run, "trained"):
        before = contents()
        assert main(["look", "photos", "--pixels", "64", "--no-open"]) == 1
        assert f"run is being trained by process {os.getpid()}" in capsys.readouterr().err
        assert contents() == before


def test_the_demo_refuses_before_it_draws(capsys: pytest.CaptureFixture[str]) -> None:
    Path("limner-demo-sea").mkdir()
    another_model("limner-demo-sea/the-sea.onnx")
    refuse(capsys, "demo", "sea", "--pixels", "64", "--no-open")


def test_a_project_file_of_limner_is_replaced() -> None:
    sources = (Path("photos"),)
    for _ in range(2):
        project = open_project(Path("here"), sources, Credits())
        project.check_replaceable()
        project.save(sources)
    Path("here/project.json").write_text("[]")
    project.check_replaceable(force=True)
    with pytest.raises(LimnerError, match="holds what limner did not write"):
        project.check_replaceable()


@pytest.mark.parametrize("benchmark", FILES)
def test_benchmarks_replace_results_only(benchmark: Benchmark) -> None:
    for name in FILES[benchmark]:
        path = Path("out", name.replace("*", "1-sea-model"))
        path.parent.mkdir(exist_ok=True)
        path.write_text("[]")
        with pytest.raises(LimnerError, match=f"{path.name} holds what limner did not write"):
            BenchCommand(what=benchmark, out=Path("out")).run()
        check_results(Path("out"), benchmark, force=True)
        path.unlink()
    for name in FILES[benchmark]:
        Path("out", name.replace("*", "1-sea-model")).write_text("[]")
    Path("out", f"{benchmark}.json").write_text(json.dumps({"benchmark": benchmark}))
    with pytest.raises(LimnerError, match="holds what limner did not write"):
        check_results(Path("out"), benchmark)
    write_results({"benchmark": benchmark}, Path("out"), benchmark)
    check_results(Path("out"), benchmark)
    check_results(Path("new"), benchmark)
    with pytest.raises(LimnerError, match="is a file; give --out the name of a folder"):
        check_results(Path("out", f"{benchmark}.json"), benchmark)


def test_the_demo_draws_over_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "DEMO_PICTURES", 2)
    drawings = Path("demo/drawings/sea-84")
    drawings.mkdir(parents=True)
    (drawings / "sea-000.png").symlink_to("/nowhere/sea.png")
    pipeline._draw_pictures("sea", 64, Path("demo"))
    assert (drawings / "sea-000.png").is_symlink()
    assert read_image_mark(drawings / "sea-001.png") == "drawing"
