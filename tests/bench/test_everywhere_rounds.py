"""`limner bench everywhere`: its rows, and the rounds in which runtimes are timed."""

from __future__ import annotations

import base64
import math
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from helpers.rows import SCHEMA, check_row
from limner.bench.everywhere.accuracy import AccuracySet
from limner.bench.everywhere.examples import COUNT, Array, Examples
from limner.bench.everywhere.models import Model
from limner.bench.everywhere.python_worker import Worker
from limner.bench.everywhere.rounds import MIN_ROUNDS, Plan, measure
from limner.bench.everywhere.rows import Timing, is_ranked, is_steady, max_difference, summarize_rounds
from limner.bench.everywhere.runtimes import Connection, Runtime
from limner.bench.json_process import Json, Unavailable

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

    def __init__(
        self,
        seconds: float,
        *,
        shift: float = 0.0,
        fails_after: int = 10**9,
        pictures: Sequence[Array] = (),
    ) -> None:
        self.slept: list[float] = []
        self.classified: list[int] = []
        """Pictures of each request."""
        self._pictures = pictures
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
        if request["kind"] == "classify":
            pictures = self._pictures[request["first"] :][: request["count"]]
            self.classified.append(len(pictures))
            outputs = np.concatenate([self._run(each) for each in pictures])
            return {"output": base64.b64encode(outputs.tobytes()).decode()}
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
            assert (row.platform, row.runtime, row.backend) == (
                runtime.platform,
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


class TestAccuracy:
    @pytest.fixture
    def accuracy_set(self, tmp_path: Path) -> AccuracySet:
        """250 pictures, of which four in five have their largest number where their class is."""
        return AccuracySet("Numbers", tmp_path / "unread", "", np.arange(250) % 5 % 3)

    @pytest.fixture
    def pictures(self) -> list[Array]:
        return [np.eye(5, dtype=np.float32)[number % 5] for number in range(250)]

    def test_all_classify_the_same_pictures_before_they_are_timed(
        self, model: Model, examples: Examples, accuracy_set: AccuracySet, pictures: list[Array]
    ) -> None:
        # Of five kinds of pictures, those of class 3 and 4 have three equal numbers; the first counts.
        steps: list[str] = []
        fakes = {runtime: FakeRuntime(0, pictures=pictures) for runtime in FAKES}
        opened = open_fakes(fakes, examples.path)
        rows = measure(
            *(model, examples, FAKES, opened, Plan(8, 4, 60)),
            accuracy_set=accuracy_set,
            on_step=steps.append,
        )
        assert [fake.classified for fake in fakes.values()] == [[100, 100, 50]] * 3
        assert [(row.accuracy, row.accuracy_difference) for row in rows] == [(0.8, 0.0)] * 3
        assert all(is_ranked(row.to_json()) for row in rows)
        assert all(step.endswith(" loads and classifies Numbers") for step in steps[:3])

    def test_another_accuracy_is_not_ranked(
        self, model: Model, examples: Examples, accuracy_set: AccuracySet, pictures: list[Array]
    ) -> None:
        fakes = {runtime: FakeRuntime(0, pictures=pictures) for runtime in FAKES}
        # It runs the examples as the reference does, and sees other pictures.
        fakes[FAKES[1]] = FakeRuntime(0, pictures=[*pictures[:-5], *pictures[-4:], pictures[0]])
        rows = measure(
            *(model, examples, FAKES, open_fakes(fakes, examples.path), Plan(8, 4, 60)),
            accuracy_set=accuracy_set,
        )
        assert [is_ranked(row.to_json()) for row in rows] == [True, False, True]
        assert rows[1].max_difference == 0
        assert rows[1].accuracy_difference is not None
        assert rows[1].accuracy_difference < 0

    def test_one_whose_output_is_of_no_classes_is_left_out(
        self, model: Model, examples: Examples, accuracy_set: AccuracySet, pictures: list[Array]
    ) -> None:
        fakes = {runtime: FakeRuntime(0, pictures=pictures) for runtime in FAKES}
        fakes[FAKES[1]] = FakeRuntime(0, pictures=pictures[:-1])
        rows = measure(
            *(model, examples, FAKES, open_fakes(fakes, examples.path), Plan(8, 4, 60)),
            accuracy_set=accuracy_set,
        )
        assert [row.reason for row in rows] == [None, "it gave 747 scores for 250 pictures.", None]
