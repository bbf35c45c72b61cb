"""The lab is served to this machine only, names its data files, and can be added to a published page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from limner.errors import LimnerError
from limner.page import lab as module
from limner.page.lab import STARTS, list_files, make_lab_app, serve_lab, with_link
from limner.page.lab_data import SQUEEZENET
from limner.page.publish import publish

CLOSE = "<p>Help</p><button id=help-close>Close</button>"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A minimal lab in place of the built one."""
    folder = tmp_path / "built"
    (folder / "data").mkdir(parents=True)
    (folder / "index.html").write_text("<title>lab</title>")
    (folder / "data" / "list.json").write_text('{"files": []}')
    monkeypatch.setattr(module, "WEB", folder)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "datasets"
    for name in ("cars/cars.json", "mnist/train.npy", ".part/mnist.gz"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("not for visitors")
    return folder


def client(data: Path | None, host: str = "localhost:8000") -> TestClient:
    return TestClient(make_lab_app(data), base_url=f"http://{host}")


@pytest.mark.usefixtures("built")
def test_the_lab_lists_the_data_beside_it(data: Path) -> None:
    web = client(data)
    assert web.get("/").text == "<title>lab</title>"
    assert web.get("/data/list.json").json() == {"files": ["cars/cars.json", "mnist/train.npy", SQUEEZENET]}
    assert web.get("/data/cars/cars.json").text == "cars/cars.json"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("missing", [True, False])
def test_without_data_the_list_has_what_limner_brings(tmp_path: Path, missing: bool) -> None:
    web = client(tmp_path / "none" if missing else None)
    assert web.get("/data/list.json").json() == {"files": [SQUEEZENET]}
    assert list_files(None) == []


def test_trained_networks_come_with_the_lab(
    look: Path, web: Path, built: Path, data: Path, tmp_path: Path
) -> None:
    shipped = built / "data" / STARTS
    shipped.mkdir()
    for name in ("digits-lenet.onnx", "digits-mine.onnx"):
        (shipped / name).write_bytes(b"limner's")
    (data / STARTS).mkdir()
    (data / STARTS / "digits-mine.onnx").write_bytes(b"mine")
    for web_client in (client(data), client(None)):
        assert "starts/digits-lenet.onnx" in web_client.get("/data/list.json").json()["files"]
        assert web_client.get("/data/starts/digits-lenet.onnx").content == b"limner's"
    assert client(data).get("/data/starts/digits-mine.onnx").content == b"mine"

    (web / "index.html").write_text(CLOSE)
    page = publish([look], tmp_path / "page", lab=True)
    files = json.loads((page / "lab" / "data" / "list.json").read_text())["files"]
    assert files == ["starts/digits-lenet.onnx", "starts/digits-mine.onnx"]
    assert (page / "lab" / "data" / "starts" / "digits-lenet.onnx").read_bytes() == b"limner's"


@pytest.mark.usefixtures("built")
def test_other_hosts_and_other_folders_are_refused(data: Path) -> None:
    assert client(data, "evil.example").get("/data/list.json").status_code == 400
    for path in ("/data/../secret.txt", "/data/%2e%2e/secret.txt", "/data/..%2fsecret.txt"):
        assert client(data).get(path).status_code == 404


def test_a_lab_that_is_not_built_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WEB", tmp_path)
    with pytest.raises(LimnerError, match="make web"):
        serve_lab(open_browser=False)


@pytest.mark.usefixtures("built")
def test_a_page_is_published_with_the_lab(look: Path, web: Path, data: Path, tmp_path: Path) -> None:
    (web / "index.html").write_text(CLOSE)
    page = publish([look], tmp_path / "page", lab=True, data=data)
    assert '<a href="./lab/">' in (page / "index.html").read_text()
    assert (page / "lab" / "index.html").read_text() == "<title>lab</title>"
    assert json.loads((page / "lab" / "data" / "list.json").read_text()) == {"files": ["cars/cars.json"]}
    assert (page / "lab" / "data" / "cars" / "cars.json").read_text() == "cars/cars.json"
    assert not (page / "lab" / "data" / "mnist").exists()
    # Published again without it, nothing of it is left.
    publish([look], page)
    assert (page / "index.html").read_text() == CLOSE
    assert not list((page / "lab").rglob("*.html"))


def test_a_page_without_the_place_for_the_link_is_said() -> None:
    with pytest.raises(LimnerError, match="make web"):
        with_link("<p>another page</p>")
