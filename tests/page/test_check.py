"""How a page paints a look is found out before it is published."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from helpers.strangers import STRANGERS, network, times_two_hundred
from limner.look.look import read_look
from limner.page import check as module
from limner.page.check import (
    LookCheck,
    check_file,
    check_look,
    read_in_browser,
    read_in_node,
    read_table,
)
from limner.page.chromium import find_chromium, tools_file
from limner.page.node import EngineUnavailable

needs_engine = pytest.mark.skipif(tools_file() is None, reason="the page is not built: run `make web`")


def check(content: bytes) -> LookCheck:
    return check_look(read_look(content, Path("clouds.onnx")))


def check_written(folder: Path, content: bytes) -> LookCheck:
    (folder / "clouds.onnx").write_bytes(content)
    return check_file(folder / "clouds.onnx")


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without Node and without a browser."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: None)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces Node by a shell script."""

    def write(script: str) -> None:
        path = tmp_path / "node"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr("shutil.which", lambda _: str(path))
        monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: None)

    return write


@needs_engine
@pytest.mark.parametrize("name", STRANGERS)
def test_publish_knows_what_the_page_does(name: str, tmp_path: Path) -> None:
    content, outcome, _ = STRANGERS[name]
    found = check_written(tmp_path, content)
    assert found.painter == outcome
    for sentence in found.sentences():
        assert re.search(r"clouds\.onnx.* .*[^.]\.\)?$", sentence)
        assert not re.search(r"\b0 x \d|\d x 0\b", sentence)


@needs_engine
def test_a_refusal_by_the_engine_says_so_before_its_reason() -> None:
    (sentence,) = check(STRANGERS["old"].content).sentences()
    assert sentence == (
        "clouds.onnx cannot be painted with on a page: the page does not read such files. (The engine "
        "says: The model is of opset 6; convert the model to opset 7 or later.)"
    )


@needs_engine
def test_the_engines_reason_is_given_without_characters_that_steer_a_terminal() -> None:
    node = onnx.helper.make_node("Shrink", ["x"], ["y"], lambd=0.1, name="\x1b[2Jnode")
    (sentence,) = check(network([node])).sentences()
    assert "paints by ONNX Runtime (WASM) only" in sentence
    assert "cannot run it. (The engine says: Node '" in sentence
    assert "[2Jnode" in sentence
    assert "\x1b" not in sentence


@needs_engine
def test_a_network_that_works_in_0_to_255_is_said_to() -> None:
    found = check(times_two_hundred())
    assert not found.is_fine
    assert [sentence for sentence in found.sentences() if "0..255" in sentence]


@pytest.mark.skipif(not module.TABLE.exists(), reason="the page is not built: run `make web`")
@pytest.mark.parametrize("name", sorted(STRANGERS.keys() - {"pointer", "garbage", "cut"}))
def test_the_table_finds_a_part_of_what_the_engine_refuses(name: str) -> None:
    content, _, expected = STRANGERS[name]
    found = read_table(onnx.load_from_string(content))
    assert ("refused" if found.kind else "wasm" if found.graph else None) == expected


@pytest.mark.usefixtures("no_engine")
def test_without_node_and_browser_the_look_is_not_checked() -> None:
    found = check(STRANGERS["own"].content)
    assert found.painter == "unchecked"
    (sentence,) = found.sentences()
    assert "was not checked. There is no Node, and there is no Chromium." in sentence


@needs_engine
@pytest.mark.parametrize("script", ["exit 1", "echo nonsense", "echo '{}'", "cat > /dev/null; echo '[1]'"])
def test_a_broken_node_does_not_stop_publishing(node: Callable[[str], None], script: str) -> None:
    node(script)
    found = check(STRANGERS["own"].content)
    assert found.painter == "unchecked"
    assert found.reason.startswith("Node failed; version 20 or newer is needed (")


@needs_engine
@pytest.mark.parametrize(
    ("script", "line"),
    [
        (
            "echo 'node: bad option: --input-type=module' >&2; exit 9",
            "node: bad option: --input-type=module",
        ),
        (
            "printf '\\nfile.js:1\\n??=\\n\\nSyntaxError: no\\033[2J\\n' >&2; exit 1",
            "SyntaxError: no\ufffd[2J",
        ),
        ("exit 1", "it says nothing"),
    ],
)
def test_what_a_broken_node_says_is_shown(node: Callable[[str], None], script: str, line: str) -> None:
    node(script)
    found = check(STRANGERS["own"].content)
    assert f"is needed ({line}), and there is no Chromium" in found.reason


@needs_engine
@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v20.1.0", "The page's engine failed in Node 20 (TypeError: a is not a function)"),
        (
            "v18.9.1",
            "Node failed; version 20 or newer is needed, and this is 18 (TypeError: a is not a function), "
            "and there is no Chromium",
        ),
    ],
)
def test_an_error_of_the_engine_is_told_from_a_node_that_is_too_old(
    node: Callable[[str], None], version: str, expected: str
) -> None:
    fails = "printf 'file.js:1\\nthrow new Error(a)\\n^\\n\\nTypeError: a is not a function\\n' >&2; exit 1"
    node(f'if [ "$1" = --version ]; then echo {version}; exit; fi; {fails}')
    assert check(STRANGERS["own"].content).reason == expected


@needs_engine
def test_a_node_that_hangs_does_not_stop_publishing(
    node: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    node("exec sleep 60")
    monkeypatch.setattr(module, "MAX_SECONDS", 0.2)
    found = check(STRANGERS["own"].content)
    assert found.painter == "unchecked"
    assert found.reason.startswith("Node took longer than")


@needs_engine
@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_a_browser_answers_where_there_is_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_in_node(STRANGERS["unknown-operator"].content)
    monkeypatch.setattr("shutil.which", lambda _: None)
    found = check(STRANGERS["unknown-operator"].content)
    assert (found.painter, found.reason) == ("wasm", expected.graph)


@needs_engine
@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_a_browser_that_hangs_does_not_stop_publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = module.IN_BROWSER.replace(module.READ, "() => new Promise(() => {})")
    assert endless != module.IN_BROWSER
    monkeypatch.setattr(module, "IN_BROWSER", endless)
    monkeypatch.setattr(module, "MAX_SECONDS", 0.2)
    with pytest.raises(EngineUnavailable, match=r"the browser took longer than 0\.2 s"):
        read_in_browser(STRANGERS["own"].content)
