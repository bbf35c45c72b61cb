"""`limner bench everywhere`: its rows, its rounds, the networks it takes, and what it writes."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from helpers.classifiers import classifier, regression
from helpers.rows import SCHEMA, check_row
from limner.bench.everywhere.bench import write_everywhere
from limner.bench.everywhere.cpu_time import descendants_cpu_ms
from limner.bench.everywhere.examples import COUNT, Array, Examples, draw_examples, example_size
from limner.bench.everywhere.models import BATCH, Model, as_training, make_classifier, read_model
from limner.bench.everywhere.networks import SqueezeNetClassifier
from limner.bench.everywhere.processes import NODE_PROGRAM, Process, start_python
from limner.bench.everywhere.python_worker import Worker
from limner.bench.everywhere.rounds import MIN_ROUNDS, Plan, measure
from limner.bench.everywhere.rows import Row, Timing, is_ranked, is_steady, max_difference, summarize_rounds
from limner.bench.everywhere.runtimes import Connection, Json, Runtime, Unavailable
from limner.bench.everywhere.tfjs_files import write_tfjs_files
from limner.bench.everywhere.torch_network import read_network
from limner.bench.looks import random_look
from limner.bench.results import is_result
from limner.errors import LimnerError
from limner.look.session import make_session

ROOT = Path(__file__).parents[2]


class TestRows:
    def test_the_fields_are_those_of_a_page(self) -> None:
        text = (ROOT / "web" / "shared" / "measurement.ts").read_text(encoding="utf-8")
        declared = [
            name
            for body in re.findall(
                r"export interface (?:Measurement|Timing)[^{]*{(.*?)\n}", text, re.DOTALL
            )
            for name in re.findall(r"^  readonly (\w+)\??:", body, re.MULTILINE)
        ]
        assert set(declared) == {*SCHEMA, "reason"}
        assert len(declared) == len(SCHEMA) + 1

    def test_percentiles_are_over_all_rounds(self) -> None:
        timing = summarize_rounds([[10, 11, 11, 10, 10], [10, 11, 11, 10, 30]], 50)
        assert (timing.runs, timing.p50_ms, timing.min_ms) == (50, 10.5, 10)
        assert (timing.p10_ms, timing.p90_ms) == pytest.approx((10, 12.9))
        assert summarize_rounds([[], []], 0) == Timing(0, None, None, None, None, False)

    def test_few_times_have_a_median_and_a_least_alone(self) -> None:
        few, enough = ([[10.0] * count, [10.0] * 5] for count in (4, 5))
        assert summarize_rounds(few, 9) == Timing(9, None, 10, None, 10, False)
        assert summarize_rounds(enough, 10) == Timing(10, 10, 10, 10, 10, True)

    @pytest.mark.parametrize(
        ("medians", "steady"),
        [((100, 104, 96), True), ((100, 106, 100), False), ((100, 94, 100), False), ((100,), False)],
    )
    def test_rounds_within_5_percent_are_steady(self, medians: tuple[float, ...], *, steady: bool) -> None:
        assert is_steady([[each, each, 9 * each] for each in medians]) is steady

    def test_differences_are_parts_of_the_largest_magnitude(self) -> None:
        def values(numbers: Sequence[float]) -> Array:
            return np.array(numbers, np.float32)

        assert max_difference(values([1, -4.5]), values([1, -5])) == pytest.approx(0.1)
        assert max_difference(values([0, 0]), values([0, 0])) == 0
        for found, expected in (([1], [0]), ([math.nan], [1]), ([1, 2], [1])):
            assert max_difference(values(found), values(expected)) == math.inf


class FakeRuntime:
    """Answers as a runtime whose runs sleep, and notes how long they really slept."""

    def __init__(self, seconds: float, *, shift: float = 0.0, fails_after: int = 10**9) -> None:
        self.slept: list[float] = []
        self.closed = 0
        self._fails_after = fails_after

        def run(example: Array) -> Array:
            started = time.perf_counter()
            time.sleep(seconds)
            self.slept.append(1000 * (time.perf_counter() - started))
            return example.ravel()[:3] + np.float32(shift)

        self._run = run
        self._worker: Worker | None = None

    def ask(self, request: Json) -> Json:
        if len(self.slept) >= self._fails_after:
            raise Unavailable("it broke")
        if request["kind"] == "load":
            self._worker = Worker(
                self._run, list(np.fromfile(request["examples"], "<f4").reshape(COUNT, -1))
            )
            return {"version": "1", "device": "sleep", "threads": 1, "software": False, "loadMs": 5.0}
        assert self._worker is not None
        if request["kind"] == "run":
            output = self._run(self._worker.examples[request["example"]])
            return {"milliseconds": self.slept[-1], "output": base64.b64encode(output.tobytes()).decode()}
        if request["kind"] == "size":
            return {"bytes": 7}
        return self._worker.time(request["runs"], request["milliseconds"])

    def close(self) -> None:
        self.closed += 1


FAKES = (
    Runtime("python", "ONNX Runtime", "cpu"),
    Runtime("node", "fake", "cpu"),
    Runtime("browser", "fake", "wasm"),
)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model("fake", tmp_path / "fake.onnx", "0" * 64, "x", (1, 1, 4, 4), "y")


@pytest.fixture
def examples(model: Model, tmp_path: Path) -> Examples:
    return draw_examples(model, tmp_path / "examples.bin")


def open_fakes(
    fakes: dict[Runtime, FakeRuntime], path: Path
) -> Callable[[Runtime], tuple[Connection, Json]]:
    return lambda runtime: (fakes[runtime], {"onnx": "", "examples": str(path)})


class TestRounds:
    def test_medians_are_those_of_known_sleeps(self, model: Model, examples: Examples) -> None:
        fakes = {runtime: FakeRuntime(0.005 * (1 + i)) for i, runtime in enumerate(FAKES)}
        rows = measure(model, examples, FAKES, open_fakes(fakes, examples.path), Plan(20, 4, 60))
        for row, (runtime, fake) in zip(rows, fakes.items(), strict=True):
            check_row(row.to_json())
            assert (row.place, row.runtime, row.backend) == (
                runtime.place,
                runtime.library,
                runtime.backend,
            )
            assert row.timing.runs == 20
            # A sleep lasts longer on a busy machine; the harness must add nothing to what it took.
            timed = fake.slept[COUNT:]
            assert len(timed) == 20
            assert row.timing.p50_ms == pytest.approx(median(timed), abs=2)
            assert row.timing.p90_ms == pytest.approx(float(np.quantile(timed, 0.9)), abs=2)
            assert row.timing.min_ms is not None
            assert row.timing.min_ms >= 5 * (1 + FAKES.index(runtime))
            assert row.first_run_ms == fake.slept[0]
            assert row.cpu_ms is not None
            assert row.cpu_ms < row.timing.min_ms
            assert (row.max_difference, row.bytes, row.load_ms) == (0, 7, 5.0)
            assert is_ranked(row.to_json())
            assert fake.closed == 1

    def test_each_round_has_each_runtime_once_in_an_order_that_the_seed_decides(
        self, model: Model, examples: Examples
    ) -> None:
        def order() -> list[str]:
            steps: list[str] = []
            fakes = {runtime: FakeRuntime(0) for runtime in FAKES}
            opened = open_fakes(fakes, examples.path)
            measure(model, examples, FAKES, opened, Plan(8, 4, 60), on_step=steps.append)
            return [step for step in steps if "round" in step]

        steps = order()
        assert steps == order()
        rounds = [steps[at : at + 3] for at in range(0, 12, 3)]
        assert all(len(set(each)) == 3 for each in rounds)
        labels = [tuple(step.partition(": ")[2] for step in each) for each in rounds]
        assert len(set(labels)) > 1

    def test_they_are_loaded_in_an_order_that_the_seed_decides(
        self, model: Model, examples: Examples
    ) -> None:
        def order(fakes: Sequence[Runtime]) -> list[str]:
            steps: list[str] = []
            opened = open_fakes({runtime: FakeRuntime(0) for runtime in fakes}, examples.path)
            measure(model, examples, fakes, opened, Plan(3, 3, 60), on_step=steps.append)
            return [step.removeprefix("fake: ") for step in steps if step.endswith(" loads")]

        many = tuple(Runtime("python", f"{number}", "cpu") for number in range(8))
        assert order(many) == order(many)
        given = [f"{runtime.label} loads" for runtime in many]
        assert sorted(order(many)) == given
        assert order(many) != given

    def test_runs_that_are_timed_together_are_all_counted(self, model: Model, examples: Examples) -> None:
        class Coarse(FakeRuntime):
            def ask(self, request: Json) -> Json:
                if request["kind"] != "time":
                    return super().ask(request)
                return {"times": [0.5] * request["runs"], "runs": 30 * request["runs"], "cpuMs": 90}

        fakes: dict[Runtime, FakeRuntime] = {FAKES[0]: Coarse(0)}
        (row,) = measure(model, examples, FAKES[:1], open_fakes(fakes, examples.path), Plan(12, 4, 60))
        assert (row.timing.runs, row.timing.p50_ms, row.cpu_ms) == (360, 0.5, 1)

    def test_one_that_fails_is_left_out_with_its_reason(self, model: Model, examples: Examples) -> None:
        fakes = {
            FAKES[0]: FakeRuntime(0),
            FAKES[1]: FakeRuntime(0, fails_after=COUNT + 3),
            FAKES[2]: FakeRuntime(0),
        }
        rows = measure(model, examples, FAKES, open_fakes(fakes, examples.path), Plan(8, 4, 60))
        assert [row.reason for row in rows] == [None, "it broke.", None]
        check_row(rows[1].to_json())
        assert not is_ranked(rows[1].to_json())
        assert rows[2].timing.runs == 8
        assert fakes[FAKES[1]].closed == 1

    def test_a_different_answer_is_not_ranked(self, model: Model, examples: Examples) -> None:
        fakes = {runtime: FakeRuntime(0, shift=0.01 * i) for i, runtime in enumerate(FAKES)}
        rows = measure(model, examples, FAKES, open_fakes(fakes, examples.path), Plan(8, 4, 60))
        assert [is_ranked(row.to_json()) for row in rows] == [True, False, False]
        assert rows[1].max_difference is not None
        assert 0.01 <= rows[1].max_difference < 0.02

    def test_a_slow_runtime_has_fewer_runs_but_some_in_three_rounds(
        self, model: Model, examples: Examples
    ) -> None:
        fakes = {runtime: FakeRuntime(0.02) for runtime in FAKES}
        plan = Plan(runs=100, rounds=5, seconds=0.05)
        for row in measure(model, examples, FAKES, open_fakes(fakes, examples.path), plan):
            assert row.timing.runs == MIN_ROUNDS
            assert (row.timing.p10_ms, row.timing.p90_ms, row.timing.steady) == (None, None, False)

    def test_without_the_reference_nothing_is_ranked(self, model: Model, examples: Examples) -> None:
        fakes = {runtime: FakeRuntime(0) for runtime in FAKES[1:]}
        for row in measure(model, examples, FAKES[1:], open_fakes(fakes, examples.path), Plan(8, 4, 60)):
            assert row.max_difference is None
            assert not is_ranked(row.to_json())


def one_input(path: Path, dims: list[Any], kind: int = TensorProto.FLOAT, count: int = 1) -> Path:
    inputs = [helper.make_tensor_value_info(f"x{i}", kind, dims) for i in range(count)]
    output = helper.make_tensor_value_info("y", kind, dims)
    graph = helper.make_graph([helper.make_node("Identity", ["x0"], ["y"])], "g", inputs, [output])
    onnx.save(helper.make_model(graph), path)
    return path


class TestModels:
    def test_a_free_batch_is_bound_to_one(self, tmp_path: Path) -> None:
        model = read_model(one_input(tmp_path / "a.onnx", ["batch", 3, 8, 8]))
        assert (model.name, model.shape, model.input, model.output) == ("a", (1, 3, 8, 8), "x0", "y")

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (lambda path: path, "cannot be read"),
            (lambda path: (path.write_bytes(b"") and path) or path, "is an empty file: give ONNX files"),
            (lambda path: path.write_bytes(b"\x89PNG\r\n") and path, "give ONNX files"),
            (lambda path: one_input(path, [1, 3, "h", 8]), r"is 1 x 3 x \? x 8: give a file"),
            (lambda path: one_input(path, [4, 3, 8, 8]), "is 4 x 3 x 8 x 8: give a file for single"),
            (lambda path: one_input(path, [1, 4], TensorProto.INT64), "not of float32"),
            (lambda path: one_input(path, [1, 4], count=2), "needs the inputs x0, x1"),
        ],
    )
    def test_another_file_is_refused(
        self, make: Callable[[Path], Path], sentence: str, tmp_path: Path
    ) -> None:
        with pytest.raises(LimnerError, match=sentence):
            read_model(make(tmp_path / "a.onnx"))

    def test_squeezenet_has_its_published_size(self) -> None:
        network = SqueezeNetClassifier()
        assert sum(weight.numel() for weight in network.parameters()) == 1_248_424
        assert network(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)

    @pytest.mark.parametrize(("net", "channels"), [("lenet", 1), ("resnet8", 3)])
    def test_torch_reads_a_classifier_that_computes_the_same(
        self, net: str, channels: int, tmp_path: Path
    ) -> None:
        check_torch(save_lab(tmp_path / "a.onnx", classifier(net, channels), net), tmp_path)

    def test_torch_reads_a_look_that_paints_the_same(self, tmp_path: Path) -> None:
        check_torch(random_look(tmp_path, "lean", 64), tmp_path)

    def test_torch_says_what_it_does_not_read(self, tmp_path: Path) -> None:
        with pytest.raises(LimnerError, match="torch has no network for this file"):
            read_network(one_input(tmp_path / "a.onnx", [1, 4]).read_bytes())
        with pytest.raises(LimnerError, match="torch has no network for this file"):
            read_network(save_lab(tmp_path / "b.onnx", regression("line"), "line").read_bytes())


def save_lab(path: Path, model: onnx.ModelProto, net: str) -> Path:
    """Write the network as `limner lab` does."""
    model = helper.make_model(model.graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    helper.set_model_props(model, {"limner.lab": json.dumps({"net": net})})
    onnx.save(model, path)
    return path


def check_torch(path: Path, folder: Path) -> None:
    model = read_model(path)
    example = draw_examples(model, folder / "examples.bin").values[0]
    with torch.inference_mode():
        found = read_network(path.read_bytes())(torch.from_numpy(example)).numpy()
    expected = make_session(path.read_bytes(), path).run([model.output], {model.input: example})[0]
    assert float(np.std(expected)) > 1e-3
    assert max_difference(found, expected) <= 1e-5


class TestExamples:
    def test_they_are_the_same_in_every_run(self, model: Model, tmp_path: Path) -> None:
        first, second = (draw_examples(model, tmp_path / name) for name in ("a", "b"))
        assert first.sha256 == second.sha256
        assert first.path.read_bytes() == second.path.read_bytes()
        assert len({each.tobytes() for each in first.values}) == COUNT

    def test_a_batch_has_pictures_and_then_classes(self, model: Model, tmp_path: Path) -> None:
        training = as_training(replace(model, shape=(1, 1, 28, 28)))
        values = draw_examples(training, tmp_path / "a").values[0]
        assert values.size == example_size(training) == BATCH * (28 * 28 + 1)
        classes = Counter(values[-BATCH:].tolist())
        assert set(classes) <= set(range(10))
        assert len(classes) > 5


class TestPython:
    def test_a_process_runs_and_times_a_network(self, tmp_path: Path) -> None:
        model = read_model(make_classifier(tmp_path / "a.onnx", "lenet", 1, 28))
        examples = draw_examples(model, tmp_path / "examples.bin")
        request = {
            **{"kind": "load", "runtime": "ONNX Runtime cpu", "training": False, "onnx": str(model.path)},
            **{"examples": str(examples.path), "input": model.input, "shape": model.shape},
            **{"output": model.output, "size": example_size(model)},
        }
        process = start_python()
        try:
            with pytest.raises(Unavailable, match="nothing is loaded"):
                process.ask({"kind": "run", "example": 0})
            with pytest.raises(Unavailable, match=r"none\.onnx"):
                process.ask(request | {"onnx": str(tmp_path / "none.onnx")})
            assert process.ask(request)["threads"] == 1
            output = np.frombuffer(
                base64.b64decode(process.ask({"kind": "run", "example": 1})["output"]), "<f4"
            )
            session = make_session(model.path.read_bytes(), model.path)
            expected = session.run(None, {model.input: examples.values[1]})[0]
            assert max_difference(output, expected) <= 1e-6
            timed = process.ask({"kind": "time", "runs": 5, "milliseconds": 60_000})
            assert len(timed["times"]) == 5
            assert timed["cpuMs"] > 0
            assert process.ask({"kind": "size"})["bytes"] > 1e7
        finally:
            process.close()

    def test_a_process_that_hangs_is_ended(self) -> None:
        process = Process(["sleep", "60"], {}, timeout=0.3)
        with pytest.raises(Unavailable, match="no answer within 0 s"):
            process.ask({"kind": "run"})
        process.close()

    @pytest.mark.parametrize("line", ["Loading...", "[1]", '{"times": [', "\\udc00"])
    def test_an_answer_that_is_no_object_is_a_reason(self, line: str) -> None:
        process = Process([sys.executable, "-c", f"input(); print({line!r}, flush=True); input()"], {})
        with pytest.raises(Unavailable, match="did not answer"):
            process.ask({"kind": "run"})
        process.close()

    def test_what_a_library_prints_is_no_answer(self) -> None:
        program = (
            "import os, limner.bench.everywhere.python_worker as worker\n"
            "def load_network(request):\n"
            "    print('noise')\n"
            "    os.write(1, b'noise')\n"
            "    raise ValueError('this is the answer')\n"
            "worker.load_network = load_network\n"
            "worker.main()\n"
        )
        process = Process([sys.executable, "-c", program], {})
        with pytest.raises(Unavailable, match="this is the answer"):
            process.ask({"kind": "load"})
        process.close()


SLEEPING = """\
import { appendFileSync } from 'node:fs';
export const readModel = bytes => bytes;
export const createEvaluator = async () => ({
  run: async () => {
    console.log('noise');
    const start = performance.now();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    appendFileSync(new URL('slept', import.meta.url), `${performance.now() - start}\\n`);
    return new Map([['y', new Float32Array(3)]]);
  },
});
"""
"""An engine whose runs sleep, and tell how long they really slept."""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node was not found")
class TestNode:
    def test_times_are_those_of_known_sleeps(
        self, model: Model, examples: Examples, tmp_path: Path
    ) -> None:
        package = tmp_path / "package"
        package.mkdir()
        (package / "package.json").write_text('{"version": "1", "type": "module"}')
        (package / "training.js").write_text(SLEEPING)
        model.path.write_bytes(b"")
        process = Process([str(shutil.which("node")), str(NODE_PROGRAM), str(package)], {})
        try:
            loaded = process.ask(
                {
                    **{"kind": "load", "runtime": "limner cpu", "onnx": str(model.path)},
                    **{"examples": str(examples.path), "size": example_size(model)},
                    **{"input": model.input, "shape": model.shape, "output": model.output},
                }
            )
            assert (loaded["version"], loaded["threads"]) == ("1", 1)
            timed = process.ask({"kind": "time", "runs": 12, "milliseconds": 60_000})
            slept = [float(line) for line in (package / "slept").read_text().split()]
            assert timed["runs"] == len(timed["times"]) == len(slept) == 12
            assert min(timed["times"]) >= 10
            assert median(timed["times"]) == pytest.approx(median(slept), abs=2)
            # As many as begin within the time, but one at least.
            assert process.ask({"kind": "time", "runs": 12, "milliseconds": 0})["runs"] == 1
        finally:
            process.close()


BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
BURN_ELSEWHERE = f"""\
import subprocess, sys, threading
thread = threading.Thread(target=exec, args=({BURN!r}, {{}}))
thread.start()
thread.join()
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
print("burnt", flush=True)
input()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="the system has no /proc")
def test_cpu_time_has_that_of_threads_and_processes_that_ended() -> None:
    before = descendants_cpu_ms()
    command = [sys.executable, "-c", BURN_ELSEWHERE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "burnt\n"
        after = descendants_cpu_ms()
        process.communicate("\n")
    assert before is not None
    assert after is not None
    assert after - before >= 580


def test_a_network_that_cannot_be_converted_has_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = one_input(tmp_path / "a.onnx", [1, 3, 8, 8], count=2)
    assert "takes 2 inputs" in str(write_tfjs_files(path, tmp_path / "refused"))

    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("axis")

    monkeypatch.setattr("limner.bench.everywhere.tfjs_files.write_tfjs_network", fail)
    reason = write_tfjs_files(path, tmp_path / "failed")
    assert reason == "limner failed to export it for TensorFlow.js: KeyError: 'axis'"


def make_results() -> dict[str, Any]:
    """Results of one network: a row that is steady, one that is not, one that differs, one that failed."""
    good = Row(
        model="A <net>",
        place="python",
        runtime="ONNX Runtime",
        version="1",
        backend="cpu",
        device="cpu",
        software=False,
        threads=1,
        precision="float32",
        batch=1,
        kind="inference",
        load_ms=1.0,
        first_run_ms=2.0,
        timing=Timing(20, 0.9, 1.0, 1.2, 0.8, True),
        cpu_ms=0.5,
        max_difference=0.0,
        bytes=1000,
    )
    rows = [
        good,
        replace(good, place="node", runtime="Other", timing=Timing(20, 4.0, 5.0, 9.0, 3.0, False)),
        replace(good, place="browser", runtime="Wrong", max_difference=math.inf),
        replace(good, place="browser", runtime="Slow", timing=Timing(3, None, 70.0, None, 60.0, False)),
        replace(
            good,
            place="browser",
            runtime="GPU",
            backend="webgpu",
            device="a GPU",
            threads=None,
            software=True,
        ),
        replace(good, place="browser", runtime="Untold", backend="wasm", threads=None),
        replace(
            good,
            place="browser",
            runtime="Missing",
            timing=Timing(0, None, None, None, None, False),
            reason="there is no browser.",
        ),
    ]
    return {
        **{"benchmark": "everywhere", "time": "2026-11-30T00:00:00+00:00", "commit": "abc", "gpu": False},
        "versions": {"limner": "0", "python": "3", "torch": "2", "node": None, "browser": None},
        "machine": {"cpu": "a CPU", "cores": 2, "load": 0.1},
        "plan": {"runs": 20, "rounds": 4, "seconds": 4},
        "models": [
            {
                **{"name": "A <net>", "sha256": "0" * 64, "bytes": 5000, "input": [1, 3, 8, 8]},
                **{"examples": 4, "examplesSha256": "1" * 64},
            }
        ],
        "rows": [row.to_json() for row in rows],
    }


class TestWritten:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_everywhere(make_results(), tmp_path / "out")
        return tmp_path / "out"

    def test_the_json_has_the_rows(self, folder: Path) -> None:
        rows = json.loads((folder / "everywhere.json").read_text())["rows"]
        for row in rows:
            check_row(row)
        # JSON has no infinity.
        assert [row["maxDifference"] for row in rows] == [0, 0, None, 0, 0, 0, 0]
        assert is_result(folder / "everywhere.json", "everywhere")

    def test_the_table_has_all_rows_and_what_is_wrong_with_them(self, folder: Path) -> None:
        text = (folder / "everywhere.md").read_text()
        lines = [line for line in text.splitlines() if line.startswith(("| Python", "| Node", "| browser"))]
        assert len(lines) == 6
        assert "| ONNX Runtime, cpu 1 | 1.00 | 0.90 to 1.20 |" in lines[0].replace("0.900", "0.90")
        assert "5.00 (unsteady)" in lines[1]
        assert "(not ranked)" in lines[-1]
        (slow,) = (line for line in lines if "Slow" in line)
        assert "| 70.0 | – | 60.0 | 3 |" in slow
        assert "GPUs, as the runtimes name them: a GPU." in text
        assert "- Left out: Missing, cpu (browser): there is no browser." in text

    def test_the_plot_has_ranked_rows_alone(self, folder: Path) -> None:
        text = (folder / "everywhere.svg").read_text()
        ElementTree.fromstring(text)
        assert "ONNX Runtime, cpu (Python)" in text
        assert "Other, cpu (Node)" in text
        assert "Wrong" not in text
        assert "Missing" not in text
        # Whiskers of all that have enough runs: not of the slow one.
        assert text.count('stroke-width="2"') == 4
        assert "A &lt;net&gt;" in text
        assert "quoted" not in text

    def test_mobilenet_has_published_figures_beside_it(self, tmp_path: Path) -> None:
        results = make_results()
        results["models"][0]["name"] = "MobileNet"
        results["rows"] = [row | {"model": "MobileNet"} for row in results["rows"]]
        write_everywhere(results, tmp_path)
        text = (tmp_path / "everywhere.svg").read_text()
        assert text.count("quoted: ") == 4
