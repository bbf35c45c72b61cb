"""The browser bench measures engines that paint the same, and says where its figures come from."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.bench.browser import PAGE, bench_browser, write_browser
from limner.bench.looks import lay_out, random_look
from limner.browser import FLAGS, chromium, open_page
from limner.errors import LimnerError
from limner.look import run_session
from limner.server import application, serving
from limner.tfjs import MODEL

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
RIVALS = ("limner-webgpu", "ort-wasm", "jax-webgpu")

in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(
        not (WEB / "node_modules" / "@jax-js").is_dir(), reason="the rivals' packages are not installed"
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench's page, built from the code as it is."""
    folder = tmp_path_factory.mktemp("bench") / "page"
    npx = shutil.which("npx")
    assert npx is not None
    command = [npx, "vite", "build", "--config", "vite.bench.config.ts", "--outDir", str(folder)]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def results(page: Path) -> dict[str, Any]:
    told: list[tuple[int, int, str]] = []
    began = time.perf_counter()
    found = bench_browser(
        sizes=("lean",),
        pixels=64,
        rivals=RIVALS,
        quick=True,
        page=page,
        progress=lambda *one: told.append(one),
    )
    # No bound of its own on the time: what is told of it must have been of that order.
    assert 0 < told[-1][0] <= told[-1][1] <= time.perf_counter() - began + 5
    assert {what for _, _, what in told} == {"seconds of lean"}
    return found


class TestInTheBrowser:
    """One short run, looked at from all sides."""

    pytestmark = in_browser

    def test_rivals_paint_the_same_and_are_timed(self, results: dict[str, Any]) -> None:
        (look,) = results["looks"]
        assert (look["name"], look["pixels"]) == ("lean", 64)
        ours, reference, _ = look["rivals"]
        assert [ours["name"], reference["name"]] == ["limner-webgpu", "ort-wasm"]
        assert ours["difference"] <= 1e-4
        assert ours["ranked"]
        # Frames take different ways to the canvas, but end as nearly the same painting.
        assert ours["shown"] < 6
        for rival in (ours, reference):
            assert rival["first"] > 0
            assert rival["code"]["bytes"] > rival["code"]["gzip"] > 10_000
            for work in ("model", "camera"):
                measured = rival["times"][work]
                assert len(measured["samples"]) >= 3
                spread = measured["spread"]
                assert 0 < spread["least"] <= spread["lower"] <= spread["median"] <= spread["upper"]
        assert ours["times"]["model"]["ratio"] == 1

    def test_what_a_frame_asks_of_the_gpu_is_counted(self, results: dict[str, Any]) -> None:
        ours, reference, _ = results["looks"][0]["rivals"]
        assert 5 <= ours["calls"]["dispatches"] <= 17
        assert ours["calls"]["submits"] == 1
        assert (ours["calls"]["resources"], ours["calls"]["readbacks"]) == (0, 0)
        # Weights of 600,000 parameters, and little beside them.
        assert 2e6 < ours["memory"]["gpu"] < 2e7
        assert set(reference["calls"].values()) == {0}
        assert reference["memory"]["wasm"] > 2e6

    def test_a_rival_that_cannot_run_the_look_says_why(self, results: dict[str, Any]) -> None:
        jax = results["looks"][0]["rivals"][2]
        assert jax["state"] == "left out"
        assert "onnx" in jax["why"].lower()

    def test_figures_come_with_their_origin(self, results: dict[str, Any]) -> None:
        origin = results["origin"]
        assert "Chrome" in origin["browser"]
        assert "swiftshader" in origin["adapter"]["webgpu"]
        assert origin["isolated"]
        assert origin["machine"]["cpu"]

    def test_a_table_and_drawings_are_written(
        self, results: dict[str, Any], page: Path, tmp_path: Path
    ) -> None:
        write_browser(results, tmp_path, page=page)
        assert json.loads((tmp_path / "browser.json").read_text()) == results
        table = (tmp_path / "browser.md").read_text()
        assert "| limner, WebGPU |" in table
        assert "- jax-js, WebGPU is left out: " in table
        for work in ("model", "camera"):
            assert f"(browser-lean-{work}.svg)" in table
            drawing = (tmp_path / f"browser-lean-{work}.svg").read_text()
            assert drawing.startswith("<svg")
            assert drawing.count("<rect") == 2

    def test_a_visitor_measures_with_one_click(self, page: Path, tmp_path: Path) -> None:
        looks = tmp_path / "looks"
        looks.mkdir()
        entry = lay_out(random_look(tmp_path, "lean", 64), looks)
        listed = {"looks": [{"file": entry["onnx"], "name": "lean", "pixels": 64}]}
        (looks / "looks.json").write_text(json.dumps(listed))
        with serving(application(page, looks=looks)) as address, open_page(FLAGS) as tab:
            troubles: list[str] = []
            tab.on("pageerror", lambda error: troubles.append(str(error)))
            tab.goto(address)
            tab.get_by_label("lean, 64 pixels").wait_for()
            for box in tab.get_by_role("group", name="Engines").get_by_role("checkbox").all():
                box.set_checked(box.get_attribute("value") in {"ort-wasm", "tfjs-wasm"})
            tab.get_by_role("button", name="Start").click()
            tab.get_by_text("Done: the results are below.").wait_for(timeout=120_000)
            row = tab.get_by_role("row", name="ONNX Runtime, WASM, 1 thread")
            assert float(row.get_by_role("cell").first.inner_text().split()[0]) > 0
            # The published list has no TensorFlow.js model of the look: a sentence, not a row.
            why = "TensorFlow.js, WASM is left out: the look is not there in the format of TensorFlow.js."
            assert tab.get_by_text(why).is_visible()
            with tab.expect_download() as download:
                tab.get_by_role("button", name="Save JSON").click()
            saved = json.loads(Path(download.value.path()).read_text())
            assert saved["looks"][0]["rivals"][0]["name"] == "ort-wasm"
            tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
            tab.get_by_role("button", name="Copy as text").click()
            tab.get_by_text("Copied.").wait_for()
            assert "| ONNX Runtime, WASM, 1 thread |" in tab.evaluate("navigator.clipboard.readText()")
            assert troubles == []

    def test_an_unknown_rival_is_refused_by_name(self, page: Path) -> None:
        with pytest.raises(LimnerError, match=r"There is no rival best-engine; there are limner-webgpu, "):
            bench_browser(sizes=("lean",), pixels=64, rivals=("best-engine",), page=page)


def test_without_the_page_it_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="The bench's page is not built: `make bench-browser`"):
        bench_browser(page=tmp_path)
    assert PAGE.parent.parent == WEB


def test_a_random_look_paints_more_than_one_grey(tmp_path: Path) -> None:
    path = random_look(tmp_path, "lean", 64)
    picture = np.zeros((1, 3, 64, 64), dtype=np.float32)
    picture[..., 20:50] = 1
    painting, _ = run_session(path.read_bytes(), path).run(["painting", "guide"], {"image": picture})
    assert painting.std() > 0.1


def test_a_look_is_laid_out_in_every_format_that_expresses_it(tmp_path: Path) -> None:
    folder = tmp_path / "laid"
    folder.mkdir()
    entry = lay_out(random_look(tmp_path, "lean", 64), folder)
    assert (entry["name"], entry["pixels"], entry["onnx"]) == ("lean", 64, "lean.onnx")
    assert (folder / entry["onnx"]).read_bytes() == (tmp_path / "lean.onnx").read_bytes()
    assert entry["tfjs"] == f"lean-tfjs/{MODEL}"
    assert (folder / entry["tfjs"]).is_file()
    pytest.importorskip("ai_edge_litert")
    assert (folder / entry["tflite"]).is_file()
