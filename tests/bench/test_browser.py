"""The browser benchmark: engines paint the same and are timed, and the results have their environment."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from helpers.bench_page import build_bench
from limner.bench.browser import PAGE, bench_browser, refuse_software, write_browser
from limner.bench.looks import random_generator, random_look, write_formats
from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.look.look import Look
from limner.look.storage import Storage
from limner.page.chromium import FLAGS, find_chromium, open_page
from limner.page.server import make_app, serve_in_background
from limner.recipe import Recipe

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
MAX_WAIT_MS = 300_000
RIVALS = ("limner-webgpu", "ort-wasm", "jax-webgpu", "limner-node")
EVERY = {
    *("limner-webgpu", "limner-webgl2", "limner-node"),
    *("ort-webgpu", "ort-wasm", "ort-wasm-threads"),
    *("tfjs-webgpu", "tfjs-webgl", "tfjs-wasm"),
    *("litert-webgpu", "litert-wasm", "jax-webgpu", "year-2020"),
}

ALL_RIVALS = "LIMNER_ALL_RIVALS" in os.environ

in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(
        not (WEB / "node_modules" / "@jax-js").is_dir(), reason="the rivals' packages are not installed"
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench's page, built from the current code."""
    return build_bench(tmp_path_factory.mktemp("bench") / "page")


@pytest.fixture(scope="module")
def results(page: Path) -> dict[str, Any]:
    reports: list[tuple[int, int, str]] = []
    began = time.perf_counter()
    measured = bench_browser(
        sizes=("lean",),
        pixels=64,
        rivals=RIVALS,
        quick=True,
        page=page,
        progress=lambda *report: reports.append(report),
    )
    # The time has no fixed bound, but the reported seconds must be of the order of the time spent.
    assert 0 < reports[-1][0] <= reports[-1][1] <= 2 * (time.perf_counter() - began)
    loading = "engines loaded for lean (look 1 of 1)"
    assert [report for report in reports if report[2] == loading] == [(at, 4, loading) for at in range(5)]
    assert {what for _, _, what in reports} == {loading, "seconds of lean (look 1 of 1)"}
    return measured


def refuse_look(_: Look, __: Path) -> None:
    raise LimnerError("conv is not supported by LiteRT.")


def collect_errors(tab: Any) -> list[str]:
    """Collect the page's errors from now on, including violations of its Content Security Policy."""
    tab.set_default_timeout(MAX_WAIT_MS)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on(
        "console",
        lambda message: errors.append(message.text) if "Security Policy" in message.text else None,
    )
    return errors


class TestInTheBrowser:
    """Tests in Chromium; most check the results of one short run."""

    pytestmark = in_browser

    def test_rivals_paint_the_same_and_are_timed(self, results: dict[str, Any]) -> None:
        (look,) = results["looks"]
        assert (look["name"], look["pixels"]) == ("lean", 64)
        ours, reference, _, _ = look["rivals"]
        assert [ours["name"], reference["name"]] == ["limner-webgpu", "ort-wasm"]
        assert ours["difference"] <= 1e-4
        assert ours["ranked"]
        # Frames reach the canvas in different ways, but the paintings are nearly the same.
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

    def test_a_frames_gpu_calls_and_memory_are_counted(self, results: dict[str, Any]) -> None:
        ours, reference, _, _ = results["looks"][0]["rivals"]
        assert 5 <= ours["calls"]["dispatches"] <= 17
        assert ours["calls"]["submits"] == 1
        assert (ours["calls"]["resources"], ours["calls"]["readbacks"]) == (0, 0)
        # Mostly the weights: 600,000 parameters.
        assert 2e6 < ours["memory"]["gpu"] < 2e7
        assert set(reference["calls"].values()) == {0}
        assert reference["memory"]["wasm"] > 2e6

    def test_a_rival_without_transposed_convolutions_gets_them_rewritten(
        self, results: dict[str, Any]
    ) -> None:
        jax = results["looks"][0]["rivals"][2]
        assert jax["state"] == "ran", jax
        assert jax["difference"] <= 1e-4

    def test_limner_in_node_is_measured_in_the_same_rounds(self, results: dict[str, Any]) -> None:
        ours, _, _, node = results["looks"][0]["rivals"]
        assert node["state"] == "ran", node
        assert "broke" not in node
        assert node["label"] == "limner, Node (Dawn)"
        assert re.fullmatch(r"SwiftShader.*, Node \d+\.\d+\.\d+, webgpu \d+\.\d+\.\d+", node["adapter"])
        assert (node["version"], node["look"]) == (ours["version"], ours["look"])
        assert node["ranked"]
        assert node["difference"] <= 1e-4
        # Its painting of a video frame came back, too.
        assert node["shown"] < 6
        assert node["first"] > 0
        for work in ("model", "camera"):
            assert len(node["times"][work]["samples"]) >= 3
            assert node["times"][work]["ratio"] > 0
        # Nothing that was not measured is told as zero.
        assert (node["calls"], node["memory"]) == (None, {"gpu": 0, "wasm": 0})

    def test_without_node_its_row_is_left_out_with_the_reason(
        self, page: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("limner.bench.node_process.shutil.which", lambda _: None)
        (look,) = bench_browser(
            sizes=("lean",), pixels=64, rivals=("limner-node", "ort-wasm"), quick=True, page=page
        )["looks"]
        assert look["rivals"][0]["why"] == "Node was not found"
        assert look["rivals"][1]["state"] == "ran"

    def test_the_results_have_their_environment(self, results: dict[str, Any]) -> None:
        origin = results["origin"]
        assert "Chrome" in origin["browser"]
        assert "swiftshader" in origin["adapter"]["webgpu"]
        assert origin["isolated"]
        assert origin["machine"]["cpu"]

    def test_a_table_and_drawings_are_written(
        self, results: dict[str, Any], page: Path, tmp_path: Path
    ) -> None:
        write_browser(results, tmp_path, page=page)
        assert json.loads((tmp_path / "browser.json").read_text()) == {"limner.benchmark": 1} | results
        table = (tmp_path / "browser.md").read_text()
        assert "| limner, WebGPU |" in table
        assert "Made by `limner bench browser` from `browser.json`." in table
        for work in ("model", "camera"):
            assert f"(browser-1-lean-{work}.svg)" in table
            drawing = (tmp_path / f"browser-1-lean-{work}.svg").read_text()
            assert drawing.startswith("<svg")
            assert drawing.count("<circle") == 4

    def test_a_looks_name_cannot_write_outside_the_folder(
        self, results: dict[str, Any], page: Path, tmp_path: Path
    ) -> None:
        (look,) = results["looks"]
        looks = [look | {"name": name} for name in ("../../out", "a (b)](c)", "a (b)](c)")]
        folder = tmp_path / "deep" / "results"
        write_browser(results | {"looks": looks[:2]}, folder, page=page)
        first = folder / "browser-1-out-model.svg"
        first.write_text("drawn before")
        write_browser(results | {"looks": looks}, folder, drawn_count=2, page=page)
        assert first.read_text() == "drawn before"
        stems = ("1-out", "2-a-b-c", "3-a-b-c")
        drawings = {f"browser-{stem}-{work}.svg" for stem in stems for work in ("model", "camera")}
        assert {path.name for path in folder.iterdir()} == {"browser.json", "browser.md", *drawings}
        assert {path.name for path in tmp_path.rglob("*.svg")} == drawings
        table = (folder / "browser.md").read_text()
        assert all(f"![{name}]({name})" in table for name in drawings)

    def test_the_json_is_written_even_if_the_page_cannot_open(
        self, page: Path, results: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LIMNER_CHROMIUM", str(tmp_path / "none"))
        with pytest.raises(LimnerError, match="The bench needs Chromium"):
            write_browser(results, tmp_path, page=page)
        assert json.loads((tmp_path / "browser.json").read_text()) == {"limner.benchmark": 1} | results

    def test_two_looks_of_one_file_name_are_measured_and_a_failed_format_gives_its_reason(
        self, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paths = [random_look(tmp_path / f"a look #{pixels}", "lean", pixels) for pixels in (64, 128)]
        assert paths[0].name == paths[1].name
        monkeypatch.setattr("limner.bench.looks.FORMATS", {"tflite": (refuse_look, "look.tflite")})
        labels: list[str] = []
        results = bench_browser(
            paths,
            rivals=("litert-wasm", "ort-wasm"),
            quick=True,
            page=page,
            progress=lambda *report: labels.append(report[2]),
        )
        assert [look["pixels"] for look in results["looks"]] == [64, 128]
        assert {look["rivals"][1]["state"] for look in results["looks"]} == {"ran"}
        assert {look["rivals"][0]["why"] for look in results["looks"]} == {
            "conv is not supported by LiteRT"
        }
        assert {"seconds of lean (look 1 of 2)", "seconds of lean (look 2 of 2)"} <= set(labels)

    @pytest.mark.slow
    @pytest.mark.skipif(not ALL_RIVALS, reason="takes minutes; set LIMNER_ALL_RIVALS=1")
    def test_onnx_runtime_captures_the_graph_if_all_commands_run_on_the_gpu(
        self, page: Path, tmp_path: Path
    ) -> None:
        # ONNX Runtime converts 16-bit weights on the CPU, and cannot capture a graph that uses CPU and GPU.
        storages: tuple[Storage, ...] = ("uint8", "uint16")
        paths = [tmp_path / f"{storage}.onnx" for storage in storages]
        recipe = Recipe(size="lean", pixels=64)
        for path, storage in zip(paths, storages, strict=True):
            export_look(random_generator(recipe), recipe, path, storage=storage)
        results = bench_browser(paths, rivals=("ort-wasm", "ort-webgpu"), quick=True, page=page)
        captured, plain = (look["rivals"][1] for look in results["looks"])
        assert (captured["state"], plain["state"]) == ("ran", "ran"), (captured, plain)
        assert captured["adapter"].endswith(", graph captured")
        assert plain["adapter"].endswith(", graph not captured")
        assert captured["calls"]["bindGroups"] == 0 < plain["calls"]["bindGroups"]
        # A captured graph must still paint the current video frame, not replay an earlier one.
        for row in (captured, plain):
            assert row["ranked"], row
            assert "broke" not in row
            assert row["difference"] <= 1e-4
            assert row["shown"] < 0.1

    @pytest.mark.slow
    @pytest.mark.skipif(not ALL_RIVALS, reason="takes minutes; set LIMNER_ALL_RIVALS=1")
    def test_every_rival_paints_the_look(self, page: Path) -> None:
        pytest.importorskip("ai_edge_litert")
        results = bench_browser(sizes=("lean",), pixels=64, quick=True, page=page)
        rows = results["looks"][0]["rivals"]
        assert {row["name"] for row in rows} == EVERY
        reasons = {row["name"]: row.get("why") or row.get("broke") for row in rows}
        # Threads need two cores, which not every machine has.
        assert sum(why is None for why in reasons.values()) >= 10, reasons
        assert all(why is None or len(why) > 10 for why in reasons.values())
        ran = [row for row in rows if row["state"] == "ran"]
        assert {row["name"]: row["difference"] for row in ran if not row["ranked"]} == {}
        assert all(len(row["times"][work]["samples"]) >= 3 for row in ran for work in row["times"])

    @pytest.mark.skipif(Path("/dev/dri").exists(), reason="this machine may have a GPU")
    def test_a_missing_gpu_is_refused(self, page: Path) -> None:
        with pytest.raises(LimnerError, match=r"Chromium (has no GPU for|computes) Web.*leave out --gpu"):
            bench_browser(sizes=("lean",), pixels=64, gpu=True, page=page)

    def test_a_visitor_measures_with_one_click(self, page: Path, tmp_path: Path) -> None:
        looks = tmp_path / "looks"
        looks.mkdir()
        entry = write_formats(random_look(tmp_path, "lean", 64), looks)
        listed = {"looks": [{"file": entry["onnx"], "name": "lean", "pixels": 64}]}
        (looks / "looks.json").write_text(json.dumps(listed))
        with serve_in_background(make_app(page, looks=looks)) as address, open_page(FLAGS) as tab:
            errors = collect_errors(tab)
            tab.goto(address)
            tab.get_by_label("lean, 64 pixels").wait_for()
            for box in tab.get_by_role("group", name="Engines").get_by_role("checkbox").all():
                box.set_checked(box.get_attribute("value") in {"ort-wasm", "tfjs-wasm"})
            tab.get_by_role("button", name="Start").click()
            tab.get_by_text("Done: the results are below.").wait_for()
            row = tab.get_by_role("row", name="ONNX Runtime, WASM, 1 thread")
            assert float(row.get_by_role("cell").first.inner_text().split()[0]) > 0
            # The list has no TensorFlow.js model of the look: the page shows a sentence, not a row.
            name = "TensorFlow.js, WASM, 1 thread"
            why = f"{name} is left out: the look is not available in the format of TensorFlow.js."
            assert tab.get_by_text(why).is_visible()
            with tab.expect_download() as download:
                tab.get_by_role("button", name="Save JSON").click()
            saved = json.loads(Path(download.value.path()).read_text())
            assert saved["looks"][0]["rivals"][0]["name"] == "ort-wasm"
            tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
            tab.get_by_role("button", name="Copy as text").click()
            tab.get_by_text("Copied.").wait_for()
            assert "| ONNX Runtime, WASM, 1 thread |" in tab.evaluate("navigator.clipboard.readText()")
            assert errors == []

    def test_a_visitor_measures_a_look_of_their_own(self, page: Path, tmp_path: Path) -> None:
        look_file = random_look(tmp_path, "lean", 64)
        engines = {"limner-webgpu", "limner-webgl2", "ort-wasm", "tfjs-wasm"}
        with serve_in_background(make_app(page)) as address, open_page(FLAGS) as tab:
            errors = collect_errors(tab)
            tab.goto(address)
            tab.get_by_text("There are no looks beside this page: open your own.").wait_for()
            for box in tab.get_by_role("group", name="Engines").get_by_role("checkbox").all():
                box.set_checked(box.get_attribute("value") in engines)
            chooser = tab.get_by_label("Your own look")
            # An invalid look is refused with a sentence, and the page stays usable.
            chooser.set_input_files({"name": "no.onnx", "mimeType": "", "buffer": b"no look at all"})
            tab.get_by_role("button", name="Start").click()
            refused = tab.get_by_text(re.compile("^The bench has no results: "))
            refused.wait_for()
            assert re.fullmatch(r"The bench has no results: .{20,}\.", refused.inner_text())
            chooser.set_input_files(look_file)
            tab.get_by_role("button", name="Start").click()
            tab.get_by_text("Done: the results are below.").wait_for()
            assert refused.count() == 0
            with tab.expect_download() as download:
                tab.get_by_role("button", name="Save JSON").click()
            (look,) = json.loads(Path(download.value.path()).read_text())["looks"]
            assert (look["name"], look["pixels"]) == ("lean", 64)
            rows = {row["name"]: row for row in look["rivals"]}
            assert rows.keys() == engines
            why = rows.pop("tfjs-wasm")["why"]
            assert why == "the look is not available in the format of TensorFlow.js"
            for row in rows.values():
                assert row["state"] == "ran", row
                assert row["ranked"], row
                assert row["difference"] <= 1e-4
                assert row["look"]["bytes"] == look_file.stat().st_size
                # The file is the visitor's own: it does not count as code.
                assert row["code"]["bytes"] > row["code"]["gzip"] > 10_000
                assert row["times"].keys() == {"model", "camera"}
            assert tab.get_by_role("row", name="limner, WebGL2").is_visible()
            assert errors == []

    def test_an_unknown_rival_is_refused_by_name(self, page: Path) -> None:
        with pytest.raises(LimnerError, match=r"There is no rival best-engine; there are limner-webgpu, "):
            bench_browser(sizes=("lean",), pixels=64, rivals=("best-engine",), page=page)


def test_without_the_page_the_error_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="The bench's page is not built: `make bench-browser`"):
        bench_browser(page=tmp_path)
    assert PAGE.parent.parent == WEB


@pytest.mark.parametrize(
    ("webgpu", "webgl", "sentence"),
    [
        ("", "ANGLE (NVIDIA)", "Chromium has no GPU for WebGPU"),
        ("google swiftshader", "ANGLE (NVIDIA)", r"computes WebGPU on the CPU here \(google swiftshader\)"),
        ("nvidia hopper", "ANGLE (Mesa, llvmpipe)", "computes WebGL on the CPU here"),
        ("nvidia hopper", "", "Chromium has no GPU for WebGL"),
    ],
)
def test_a_software_gpu_is_refused(webgpu: str, webgl: str, sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence):
        refuse_software({"WebGPU": webgpu, "WebGL": webgl})


def test_a_hardware_gpu_is_accepted() -> None:
    refuse_software({"WebGPU": "nvidia hopper", "WebGL": "ANGLE (NVIDIA, NVIDIA H100)"})
