"""Measures one network in all runtimes: compares accuracy and answers first, then times them in rounds.

In each round every runtime has one turn, in a new random order of the same seed, so that neither other load
on the machine nor the runtime before affects one of them alone. They are loaded in such an order too. Only
one computes at a time.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from limner.bench.everywhere.accuracy import AccuracySet
from limner.bench.everywhere.examples import Array, Examples, example_size
from limner.bench.everywhere.models import Model
from limner.bench.everywhere.rows import Row, Timing, max_difference, summarize_rounds
from limner.bench.everywhere.runtimes import REFERENCE, Connection, Runtime
from limner.bench.json_process import Json, Unavailable

SEED = 0
"""Gives the orders."""
MIN_ROUNDS = 3
WARM_UP_MS = 3000.0
"""Each example is run before the rounds, for its output, but no further one after so much time: slow
runtimes are compared on fewer."""
CLASSIFIED = 100
"""Test pictures that a runtime is given at once: for each answer there is a time limit."""


@dataclass(frozen=True)
class Plan:
    """How much is timed of each runtime."""

    runs: int
    """Times that are taken; where a clock is too coarse, each is of several runs."""
    rounds: int
    seconds: float
    """A runtime's turns end after so much time, each after its part: slow ones have fewer runs. Each has at
    least one in each of `MIN_ROUNDS` rounds."""
    pictures: int = 1000
    """Test pictures that each classifies before, where there are some."""


FULL = Plan(runs=200, rounds=5, seconds=5)
QUICK = Plan(runs=20, rounds=4, seconds=3, pictures=100)

Open = Callable[[Runtime], tuple[Connection, Json]]
"""Opens a runtime; gives the part of the request `load` that depends on it. Raises Unavailable."""
OnStep = Callable[[str], None]


@dataclass
class Participant:
    """A runtime, and what was found of it so far."""

    runtime: Runtime
    connection: Connection | None = None
    facts: Json = field(default_factory=dict)
    first_run_ms: float | None = None
    outputs: list[Array] = field(default_factory=list)
    accuracy: float | None = None
    rounds: list[list[float]] = field(default_factory=list)
    """Milliseconds of a run; where the clock is too coarse, means of several."""
    runs: int = 0
    spent_ms: float = 0.0
    """By all its runs that were timed."""
    cpu_ms: list[float] = field(default_factory=list)
    """Of a run, a turn each."""
    size: int | None = None
    failure: str | None = None

    def fail(self, reason: str) -> None:
        """Leave out the runtime, for a reason without a full stop."""
        self.failure = reason
        self.close()

    def close(self) -> None:
        """End its process or tab."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def measure(
    model: Model,
    examples: Examples,
    runtimes: Sequence[Runtime],
    open_runtime: Open,
    plan: Plan,
    *,
    accuracy_set: AccuracySet | None = None,
    on_step: OnStep = lambda _: None,
) -> list[Row]:
    """A row for each of `runtimes`, in their order; their accuracy is that on `accuracy_set`."""
    participants = [Participant(runtime) for runtime in runtimes]
    order = random.Random(SEED)
    try:
        for each in order.sample(participants, len(participants)):
            task = f" and classifies {accuracy_set.title}" if accuracy_set else ""
            on_step(f"{model.name}: {each.runtime.label} loads{task}")
            _attempt(each, lambda each=each: _join(each, model, examples, open_runtime))  # type: ignore[misc]
            if accuracy_set is not None:
                _attempt(each, lambda each=each: _classify(each, accuracy_set))  # type: ignore[misc]
        for number in range(plan.rounds):
            for each in order.sample(participants, len(participants)):
                on_step(f"{model.name}, round {number + 1}: {each.runtime.label}")
                if number < MIN_ROUNDS or each.spent_ms < 1000 * plan.seconds:
                    _attempt(each, lambda each=each: _take_turn(each, plan))  # type: ignore[misc]
        for each in participants:
            _attempt(each, lambda each=each: _measure_size(each))  # type: ignore[misc]
    finally:
        for each in participants:
            each.close()
    reference = next((each for each in participants if each.runtime.name == REFERENCE[model.kind]), None)
    return [_to_row(each, model, reference) for each in participants]


def _attempt(participant: Participant, step: Callable[[], None]) -> None:
    if participant.failure is not None:
        return
    try:
        step()
    except Unavailable as error:
        participant.fail(str(error))


def _join(each: Participant, model: Model, examples: Examples, open_runtime: Open) -> None:
    each.connection, files = open_runtime(each.runtime)
    each.facts = each.connection.ask(
        {
            "kind": "load",
            "runtime": each.runtime.name,
            "training": model.is_training,
            "input": model.input,
            "shape": model.shape,
            "output": model.output,
            "size": example_size(model),
        }
        | files
    )
    spent = 0.0
    for number in range(len(examples.values)):
        if spent > WARM_UP_MS:
            return
        found = each.connection.ask({"kind": "run", "example": number})
        each.outputs.append(_decode(found["output"]))
        spent += found["milliseconds"]
        if each.first_run_ms is None:
            each.first_run_ms = found["milliseconds"]


def _classify(each: Participant, accuracy_set: AccuracySet) -> None:
    assert each.connection is not None
    count = len(accuracy_set.labels)
    parts = []
    for first in range(0, count, CLASSIFIED):
        request = {"kind": "classify", "first": first, "count": min(CLASSIFIED, count - first)}
        parts.append(_decode(each.connection.ask(request)["output"]))
    outputs = np.concatenate(parts)
    if outputs.size == 0 or outputs.size % count:
        raise Unavailable(f"it gave {outputs.size} scores for {count} pictures")
    each.accuracy = accuracy_set.score(outputs)


def _decode(output: str) -> Array:
    """Numbers of an answer."""
    return np.frombuffer(base64.b64decode(output), "<f4")


def _take_turn(each: Participant, plan: Plan) -> None:
    assert each.connection is not None
    runs = -(-plan.runs // plan.rounds)
    request = {"kind": "time", "runs": runs, "milliseconds": 1000 * plan.seconds / plan.rounds}
    found = each.connection.ask(request)
    times, runs = found["times"], found["runs"]
    each.rounds.append(times)
    each.runs += runs
    each.spent_ms += sum(times) * runs / len(times)
    if found["cpuMs"] is not None:
        each.cpu_ms.append(found["cpuMs"] / runs)


def _measure_size(each: Participant) -> None:
    assert each.connection is not None
    each.size = each.connection.ask({"kind": "size"})["bytes"]


def _to_row(each: Participant, model: Model, reference: Participant | None) -> Row:
    runtime, has_run = each.runtime, each.failure is None
    expected = reference.accuracy if reference else None
    identity: dict[str, Any] = {
        "model": model.name,
        "platform": runtime.platform,
        "runtime": runtime.library,
        "version": each.facts.get("version", ""),
        "backend": runtime.backend,
        "device": each.facts.get("device", ""),
        "software": each.facts.get("software", False),
        "threads": each.facts.get("threads"),
        "precision": "float32",
        "batch": model.batch,
        "kind": model.kind,
    }
    if not has_run:
        return Row(
            **identity,
            load_ms=None,
            first_run_ms=None,
            timing=Timing(0, None, None, None, None, False),
            cpu_ms=None,
            max_difference=None,
            bytes=None,
            reason=f"{each.failure}.",
        )
    return Row(
        **identity,
        load_ms=each.facts["loadMs"],
        first_run_ms=each.first_run_ms,
        timing=summarize_rounds(each.rounds, each.runs),
        cpu_ms=median(each.cpu_ms) if each.cpu_ms else None,
        max_difference=_compare(each.outputs, reference.outputs if reference else []),
        accuracy=each.accuracy,
        accuracy_difference=None if each.accuracy is None or expected is None else each.accuracy - expected,
        bytes=each.size,
    )


def _compare(outputs: Sequence[Array], reference: Sequence[Array]) -> float | None:
    """The largest difference of all outputs that both have; None without a reference."""
    pairs = list(zip(outputs, reference, strict=False))
    if not pairs:
        return None
    found, expected = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    return max_difference(found, expected)
