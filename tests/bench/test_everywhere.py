"""`limner bench everywhere`: Python's and Node's side, and what it writes."""

from __future__ import annotations

import base64
import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from helpers.rows import check_row
from limner.bench.everywhere.bench import write_everywhere
from limner.bench.everywhere.cpu_time import descendants_cpu_ms
from limner.bench.everywhere.examples import Examples, draw_examples, example_size
from limner.bench.everywhere.models import Model, make_classifier, read_model
from limner.bench.everywhere.processes import NODE_PROGRAM, TIMEOUT, start_python
from limner.bench.everywhere.rows import Row, Timing, max_difference
from limner.bench.json_process import JsonProcess, Unavailable
from limner.bench.results import is_result
from limner.look.session import make_session


class TestPython:
    def test_a_process_runs_and_times_a_network(self, tmp_path: Path) -> None:
        model = read_model(make_classifier(tmp_path / "a.onnx", "lenet", 1, 28))
        examples = draw_examples(model, tmp_path / "examples.bin")
        request = {
            **{"kind": "load", "runtime": "ONNX Runtime cpu", "training": False, "onnx": str(model.path)},
            **{"examples": str(examples.path), "input": model.input, "shape": model.shape},
            **{"output": model.output, "size": example_size(model), "pictures": None},
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
        process = JsonProcess(["sleep", "60"], {}, 0.3)
        with pytest.raises(Unavailable, match="no answer within 0 s"):
            process.ask({"kind": "run"})
        process.close()

    @pytest.mark.parametrize("line", ["Loading...", "[1]", '{"times": [', "\\udc00"])
    def test_an_answer_that_is_no_object_is_a_reason(self, line: str) -> None:
        process = JsonProcess(
            [sys.executable, "-c", f"input(); print({line!r}, flush=True); input()"], {}, TIMEOUT
        )
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
        process = JsonProcess([sys.executable, "-c", program], {}, TIMEOUT)
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
        process = JsonProcess([str(shutil.which("node")), str(NODE_PROGRAM), str(package)], {}, TIMEOUT)
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


def make_results() -> dict[str, Any]:
    """Results of one network: a row that is steady, one that is not, one that differs, one that failed."""
    good = Row(
        model="A <net>",
        platform="python",
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
        accuracy=0.989,
        accuracy_difference=0.0,
        bytes=1000,
    )
    rows = [
        good,
        replace(good, platform="node", runtime="Other", timing=Timing(20, 4.0, 5.0, 9.0, 3.0, False)),
        replace(good, platform="browser", runtime="Wrong", max_difference=math.inf),
        replace(good, platform="browser", runtime="Worse", accuracy=0.1, accuracy_difference=-0.889),
        replace(good, platform="browser", runtime="Slow", timing=Timing(3, None, 70.0, None, 60.0, False)),
        replace(
            good,
            platform="browser",
            runtime="GPU",
            backend="webgpu",
            device="a GPU",
            threads=None,
            software=True,
        ),
        replace(good, platform="browser", runtime="Untold", backend="wasm", threads=None),
        replace(
            good,
            platform="browser",
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
                "accuracy": {"data": "MNIST", "pictures": 1000, "sha256": "2" * 64},
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
        assert [row["maxDifference"] for row in rows] == [0, 0, None, 0, 0, 0, 0, 0]
        assert is_result(folder / "everywhere.json", "everywhere")

    def test_the_table_has_all_rows_and_what_is_wrong_with_them(self, folder: Path) -> None:
        text = (folder / "everywhere.md").read_text()
        lines = [line for line in text.splitlines() if line.startswith(("| Python", "| Node", "| browser"))]
        assert len(lines) == 7
        assert "| ONNX Runtime, cpu 1 | 1.00 | 0.90 to 1.20 |" in lines[0].replace("0.900", "0.90")
        assert "5.00 (unsteady)" in lines[1]
        assert all("(not ranked)" in line for line in lines[-2:])
        (slow,) = (line for line in lines if "Slow" in line)
        assert "| 70.0 | – | 60.0 | 3 |" in slow
        assert "| 98.9 % |" in lines[0]
        (worse,) = (line for line in lines if "Worse" in line)
        assert "| 10.0 % (-88.9) |" in worse
        assert "Accuracy is that on 1,000 test pictures of MNIST, sha256 `2222" in text
        assert "GPUs, as the runtimes name them: a GPU." in text
        assert "- Left out: Missing, cpu (browser): there is no browser." in text

    def test_where_the_test_pictures_are_not_here_the_table_says_how_to_get_them(
        self, tmp_path: Path
    ) -> None:
        results = make_results()
        reason = "MNIST is not on this machine: `limner data mnist` fetches it."
        results["models"][0]["accuracy"] = {"reason": reason}
        results["rows"] = [row | {"accuracy": None, "accuracyDifference": None} for row in results["rows"]]
        write_everywhere(results, tmp_path)
        text = (tmp_path / "everywhere.md").read_text()
        assert f"Accuracy is not measured. {reason}" in text
        assert " %" not in text[text.index("## A <net>") :]

    def test_the_plot_has_ranked_rows_alone(self, folder: Path) -> None:
        text = (folder / "everywhere.svg").read_text()
        ElementTree.fromstring(text)
        assert "ONNX Runtime, cpu (Python)" in text
        assert "Other, cpu (Node)" in text
        assert "Wrong" not in text
        assert "Worse" not in text
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
