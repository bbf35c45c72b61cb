"""limner in Node as a rival: what the page is told if Node cannot be measured."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from limner.bench import node_engine
from limner.bench.node_engine import NodeEngine, open_node
from limner.bench.node_process import DRIVER, software_gpu

LOAD = {"kind": "load", "image": "", "picture": {"width": 1, "height": 1, "data": "AAAAAA=="}}

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder that looks like the built package."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "node.js").write_text("")
    return tmp_path / "engine"


def program(path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(code)
    monkeypatch.setattr(node_engine, "PROGRAM", path)


def process_of(node: NodeEngine) -> subprocess.Popen[str]:
    assert node._process is not None
    return node._process._process


def test_without_the_built_package_the_reason_says_how_to_build_it(tmp_path: Path) -> None:
    with open_node(tmp_path / "look.onnx", tmp_path, gpu=True) as node:
        (reason,) = node.ask(LOAD).values()
    assert "run `npm run bench:build` in web/" in reason


@needs_node
def test_without_webgpu_the_reason_says_how_to_install_it(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "node.mjs", node_engine.PROGRAM.read_text(), monkeypatch)
    with open_node(tmp_path / "look.onnx", package, gpu=True) as node:
        assert node.ask(LOAD) == {"error": "npm's webgpu is not installed: run `npm ci` in web/"}


@needs_node
def test_a_process_that_dies_leaves_its_last_words(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "node.mjs", "throw new Error('the driver is gone')", monkeypatch)
    with open_node(tmp_path / "look.onnx", package, gpu=True) as node:
        assert node.ask(LOAD) == {"error": "its process ended (Error: the driver is gone)"}


@needs_node
def test_a_software_gpu_is_no_gpu_of_the_machine(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = "process.stdin.once('data', () => console.log('{\"adapter\": \"llvmpipe (LLVM 15)\"}'))"
    program(tmp_path / "node.mjs", answer, monkeypatch)
    with open_node(tmp_path / "look.onnx", package, gpu=True) as node:
        assert node.ask(LOAD) == {"error": "Node computes on the CPU here (llvmpipe (LLVM 15))"}


@needs_node
def test_the_process_ends_when_it_is_closed_and_with_the_block(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "node.mjs", "process.stdin.on('data', () => console.log('{}'))", monkeypatch)
    with open_node(tmp_path / "look.onnx", package, gpu=True) as node:
        assert node.ask(LOAD) == {}
        first = process_of(node).pid
        assert node.ask({"kind": "close"}) == {}
        assert node.ask(LOAD) == {}
        process = process_of(node)
        assert process.pid != first
    assert process.poll() is not None


def test_chromiums_software_gpu_is_found_beside_chromium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chromium = tmp_path / "chrome"
    for path in (chromium, tmp_path / DRIVER, tmp_path / "libvulkan.so.1"):
        path.touch()
    monkeypatch.setenv("LIMNER_CHROMIUM", str(chromium))
    driver = str(tmp_path / DRIVER)
    assert software_gpu() == {
        "VK_DRIVER_FILES": driver,
        "VK_ICD_FILENAMES": driver,
        "LD_LIBRARY_PATH": str(tmp_path),
    }
