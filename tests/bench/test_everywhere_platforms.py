"""`limner bench everywhere` on its real platforms: each runtime computes what ONNX Runtime computes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.bench_page import WEB, build_bench
from helpers.classifiers import learned_drawn_digits
from helpers.rows import check_row
from limner.bench.browser import PACKAGE
from limner.bench.everywhere.bench import bench_everywhere
from limner.bench.everywhere.browser import Tab
from limner.bench.everywhere.examples import draw_examples
from limner.bench.everywhere.models import MADE, as_training, make_classifier, read_model
from limner.bench.everywhere.processes import start_node, start_python
from limner.bench.everywhere.rounds import Plan, measure
from limner.bench.everywhere.runtimes import RUNTIMES, Connection, Runtime
from limner.bench.json_process import Json, Unavailable
from limner.bench.node_process import software_gpu
from limner.errors import LimnerError
from limner.page.chromium import FLAGS, find_chromium, open_page

TINY = Plan(runs=6, rounds=3, seconds=1, pictures=20)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not (WEB / "node_modules" / "@jax-js").is_dir(), reason="no rivals are installed"),
]

in_node = pytest.mark.skipif(
    software_gpu() is None or shutil.which("node") is None, reason="Node has no software GPU here"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bench's page, built from the current code."""
    return build_bench(tmp_path_factory.mktemp("bench") / "page")


@pytest.fixture(scope="module")
def results(page: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """LeNet's inference and training, on all platforms."""
    folder = tmp_path_factory.mktemp("models")
    learned = read_model(learned_drawn_digits(folder / "learned.onnx"))
    untrained = read_model(make_classifier(folder / "lenet.onnx", "lenet", 1, 28))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "limner.bench.everywhere.bench.make_models", lambda *_, **__: [learned, as_training(untrained)]
        )
        return bench_everywhere(plan=TINY, page=page)


def find(results: dict[str, Any], platform: str, runtime: str, backend: str, kind: str) -> dict[str, Any]:
    wanted = (platform, runtime, backend, kind)
    keys = ("platform", "runtime", "backend", "kind")
    (row,) = [row for row in results["rows"] if tuple(row[key] for key in keys) == wanted]
    found: dict[str, Any] = row
    return found


def test_each_runtime_has_a_row(results: dict[str, Any]) -> None:
    assert len(results["rows"]) == len(RUNTIMES["inference"]) + len(RUNTIMES["training"])
    for row in results["rows"]:
        check_row(row)
    assert results["versions"]["browser"].startswith("Chromium ")
    assert [model["input"] for model in results["models"]] == [[1, 1, 28, 28], [64, 1, 28, 28]]
    accuracy, none = (model["accuracy"] for model in results["models"])
    assert (accuracy["data"], accuracy["pictures"], none) == ("Drawn digits", 20, None)


@pytest.mark.parametrize(
    ("platform", "runtime", "backend"),
    [
        ("python", "torch", "cpu"),
        ("python", "ONNX Runtime", "cpu"),
        pytest.param("node", "limner", "webgpu", marks=in_node),
        ("node", "limner", "cpu"),
        ("node", "ONNX Runtime Web", "wasm"),
        ("browser", "limner", "webgpu"),
        ("browser", "limner", "webgl2"),
        ("browser", "limner", "cpu"),
        ("browser", "ONNX Runtime Web", "wasm"),
        ("browser", "TensorFlow.js", "webgpu"),
        ("browser", "TensorFlow.js", "webgl"),
        ("browser", "TensorFlow.js", "wasm"),
        ("browser", "TensorFlow.js", "cpu"),
    ],
)
def test_it_computes_the_same(results: dict[str, Any], platform: str, runtime: str, backend: str) -> None:
    row = find(results, platform, runtime, backend, "inference")
    assert "reason" not in row, row
    assert row["maxDifference"] <= 1e-4
    assert row["accuracy"] > 0.5
    assert row["accuracyDifference"] == 0
    assert row["bytes"] > 10_000
    if platform != "browser" or row["cpuMs"] is not None:  # the browser's is not known of short turns
        assert row["cpuMs"] > 0
    has_gpu = backend in ("webgpu", "webgl2", "webgl")
    assert row["software"] is has_gpu
    assert row["threads"] == (None if has_gpu else 1)


@pytest.mark.parametrize(
    ("platform", "runtime", "backend"),
    [
        ("python", "torch", "cpu"),
        ("browser", "limner", "webgpu"),
        ("browser", "limner", "webgl2"),
        ("browser", "limner", "cpu"),
        ("browser", "jax-js", "webgpu"),
        ("browser", "jax-js", "wasm"),
        ("browser", "TensorFlow.js", "webgpu"),
        ("browser", "TensorFlow.js", "webgl"),
    ],
)
def test_it_trains_the_same(results: dict[str, Any], platform: str, runtime: str, backend: str) -> None:
    row = find(results, platform, runtime, backend, "training")
    assert "reason" not in row, row
    assert row["batch"] == 64
    assert row["maxDifference"] <= 1e-3


def test_onnxruntime_node_is_measured_or_says_how_to_install_it(results: dict[str, Any]) -> None:
    row = find(results, "node", "onnxruntime-node", "cpu", "inference")
    if (WEB / "bench" / "node-runtimes" / "node_modules").is_dir():
        assert row["maxDifference"] <= 1e-4
    else:
        assert "npm ci --ignore-scripts" in row["reason"]


@in_node
@pytest.mark.parametrize("name", ["ResNet-20", "SqueezeNet"])
def test_the_engine_in_node_agrees_with_onnx_runtime(page: Path, tmp_path: Path, name: str) -> None:
    net, channels, pixels = MADE[name]
    model = read_model(make_classifier(tmp_path / "a.onnx", net, channels, pixels))
    examples = draw_examples(model, tmp_path / "examples.bin")

    def open_runtime(runtime: Runtime) -> tuple[Connection, Json]:
        files = {"onnx": str(model.path), "examples": str(examples.path), "pictures": None}
        if runtime.platform == "python":
            return start_python(), files
        return start_node(page / PACKAGE, needs_gpu=runtime.has_gpu, gpu=False), files

    chosen = (
        Runtime("python", "ONNX Runtime", "cpu"),
        Runtime("node", "limner", "webgpu"),
        Runtime("node", "limner", "cpu"),
    )
    for row in measure(model, examples, chosen, open_runtime, Plan(runs=3, rounds=3, seconds=1)):
        assert row.reason is None
        assert row.max_difference is not None
        assert row.max_difference <= 1e-4


@pytest.fixture
def tab() -> Iterator[Tab]:
    """A tab of a page that answers, and computes without end if it is asked to `spin`."""
    with open_page(FLAGS) as page:
        page.evaluate(
            """() => {
              window.measure = async request => {
                while (request.kind === 'spin');
                console.log('noise');
                return request.kind === 'fail' ? { error: 'it broke.' } : { kind: request.kind };
              };
            }"""
        )
        yield Tab(page)


def test_a_tab_that_computes_without_end_is_given_up(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [tab.ask({"kind": kind}) for kind in ("load", "time")] == [{"kind": "load"}, {"kind": "time"}]
    with pytest.raises(Unavailable, match=r"^it broke$"):
        tab.ask({"kind": "fail"})
    monkeypatch.setattr("limner.bench.everywhere.browser.TIMEOUT", 1.0)
    with pytest.raises(Unavailable, match=r"^no answer within 1 s$"):
        tab.ask({"kind": "spin"})
    tab.close()


def test_without_the_page_it_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="npm run bench:build"):
        bench_everywhere(page=tmp_path)


def test_without_chromium_its_rows_have_the_reason(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMNER_CHROMIUM", str(tmp_path / "none"))
    path = make_classifier(tmp_path / "lenet.onnx", "lenet", 1, 28)
    results = bench_everywhere([path, path], plan=TINY, page=page)
    assert [model["name"] for model in results["models"]] == ["lenet", "lenet 2"]
    rows = [row for row in results["rows"] if row["model"] == "lenet 2"]
    here = [row for row in rows if row["platform"] == "browser"]
    assert len(here) == 9
    for row in here:
        check_row(row)
        assert "the browser failed" in row["reason"]
    assert find({"rows": rows}, "node", "ONNX Runtime Web", "wasm", "inference")["runs"] == 6
