"""The table of `limner bench everywhere`, made from its JSON alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limner.bench.everywhere.rounds import MIN_ROUNDS
from limner.bench.everywhere.rows import MAX_DIFFERENCE, MIN_SAMPLES, is_ranked
from limner.bench.everywhere.runtimes import GPU_BACKENDS
from limner.display import readable_size

PLATFORMS = {"python": "Python", "node": "Node", "browser": "browser"}

COLUMNS = (
    *("platform", "runtime", "p50, ms", "p10 to p90, ms", "least, ms", "runs", "first run, ms", "load, ms"),
    *("CPU, ms", "threads", "difference", "accuracy", "bytes"),
)

EXPLANATION = f"""\
A run is one query: from numbers in memory to the answer in memory, and the next begins when the last is
done (MLPerf's single stream). Where the browser's clock is too coarse for one, several are timed together.
Rows have percentiles of all these times, and no mean; with fewer than {MIN_SAMPLES} only the median and the
least. Runtimes take turns in rounds, in another random order each; only one computes at a time. A row is
*unsteady* where the median of a round is more than 5 % from that of the median round: its times would not
repeat. Answers are compared first: *difference* is the largest from the reference (ONNX Runtime in Python;
for a training torch's losses), as a part of the largest magnitude there. Above {MAX_DIFFERENCE:g} a row is
not ranked. *Accuracy* is measured of networks that have learned a task whose test pictures are there: all
runtimes classify the same ones, one at a time as they are timed. Where it differs from the reference's, the
difference is in brackets, and the row is not ranked. MLPerf's least number of queries is not kept.

*Load* is from the file in memory to a network that can run, and the *first run* follows it; either may
compile. In Python all is imported before. In Node and the browser so are the library's main modules and
its WebAssembly; what it fetches by itself later (limner's worker, and its modules for arrays and for
rarer operators) is part of these two columns. Both are single samples, taken in a random order. *CPU* is
the CPU time of a run over all threads, with that of a GPU in software; in the browser that of all its
processes, and only where a turn lasts 200 ms or more, as the system counts in steps of 10 ms. *Threads*
are one where a runtime lets them be set; a dash is a GPU (one in software takes all cores), or a runtime
that does not tell. *Bytes* are what a page fetches, gzipped; in Python the installed files of the
library, in Node those of its files that are read for it, without what it depends on. All move the same
data, except for a look: limner reads all its outputs back, the guide too, and the others the painting
alone. A training step is from a batch in memory to its loss in memory, so no library runs ahead.

tfjs-node is left out: it fetches its build when it is installed, and has none for new Nodes."""


def render_report(results: dict[str, Any]) -> str:
    """The Markdown: what was measured and where, then a table for each network."""
    lines = [
        "# The same networks in Python, Node and the browser",
        "",
        _describe_run(results),
        "",
        EXPLANATION,
    ]
    for model in results["models"]:
        rows = [row for row in results["rows"] if row["model"] == model["name"]]
        lines += ["", f"## {model['name']}", "", _describe_model(model), "", *_table(rows)]
        lines += _remarks(rows)
    lines += [
        "",
        "![Times of all](everywhere.svg)",
        "",
        "Made by `limner bench everywhere` from `everywhere.json`.",
    ]
    return "\n".join(lines) + "\n"


def row_label(row: dict[str, Any]) -> str:
    """The runtime and what computes, such as `limner, webgpu in software`."""
    return f"{row['runtime']}, {row['backend']}{' in software' if row['software'] else ''}"


def milliseconds(value: float | None) -> str:
    """Three digits, such as `0.0412`, `3.10` or `512`; a dash where there is none."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - _magnitude(value))}f}"


def _magnitude(value: float) -> int:
    return int(f"{max(value, 1e-6):e}".partition("e")[2])


def _describe_run(results: dict[str, Any]) -> str:
    versions, plan = results["versions"], results["plan"]
    gpu = "that of the machine" if results["gpu"] else "Chromium's, in software"
    machine = results["machine"]
    return (
        f"{results['time'][:10]}, {machine['cpu']}, {machine['cores']} cores, load before the start "
        f"{machine['load']}; GPU: {gpu}. Python {versions['python']}, Node {versions['node'] or 'none'}, "
        f"{versions['browser'] or 'no browser'}, limner {versions['limner']} ({results['commit']}). Up to "
        f"{plan['runs']} runs of each in {plan['rounds']} rounds, or as many as fit into "
        f"{plan['seconds']:g} s, but at least {MIN_ROUNDS}."
    )


def _describe_model(model: dict[str, Any]) -> str:
    shape = " x ".join(map(str, model["input"]))
    return (
        f"{readable_size(model['bytes'])}, sha256 `{model['sha256'][:16]}…`; {model['examples']} inputs of "
        f"{shape}, sha256 `{model['examplesSha256'][:16]}…`.{_describe_accuracy(model['accuracy'])}"
    )


def _describe_accuracy(accuracy: dict[str, Any] | None) -> str:
    """What accuracy is measured on, or why it is not; nothing where the network has no known task."""
    if accuracy is None:
        return ""
    if "reason" in accuracy:
        return f" Accuracy is not measured. {accuracy['reason']}"
    count, data, digest = accuracy["pictures"], accuracy["data"], accuracy["sha256"]
    return f" Accuracy is that on {count:,} test pictures of {data}, sha256 `{digest[:16]}…`."


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield _line(COLUMNS)
    yield _line(["---"] * len(COLUMNS))
    for platform, name in PLATFORMS.items():
        here = [row for row in rows if row["platform"] == platform and row["p50Ms"] is not None]
        for row in sorted(here, key=lambda row: (not is_ranked(row), row["p50Ms"])):
            yield _line(_cells(name, row))


def _cells(platform: str, row: dict[str, Any]) -> list[str]:
    # With too few runs there is no p10.
    isnt_steady = [] if row["steady"] or row["p10Ms"] is None else ["unsteady"]
    marks = isnt_steady + ([] if is_ranked(row) else ["not ranked"])
    middle = milliseconds(row["p50Ms"]) + (f" ({', '.join(marks)})" if marks else "")
    return [
        platform,
        f"{row_label(row)} {row['version']}",
        middle,
        "–" if row["p10Ms"] is None else f"{milliseconds(row['p10Ms'])} to {milliseconds(row['p90Ms'])}",
        milliseconds(row["minMs"]),
        str(row["runs"]),
        milliseconds(row["firstRunMs"]),
        milliseconds(row["loadMs"]),
        milliseconds(row["cpuMs"]),
        "–" if row["threads"] is None else str(row["threads"]),
        "–" if row["maxDifference"] is None else f"{row['maxDifference']:.1e}",
        _accuracy(row),
        "–" if row["bytes"] is None else readable_size(row["bytes"]),
    ]


def _accuracy(row: dict[str, Any]) -> str:
    """`98.9 %`, and where it differs from the reference's the difference: `10.1 % (-88.8)`."""
    if row["accuracy"] is None:
        return "–"
    difference = row["accuracyDifference"]
    beside = f" ({100 * difference:+.1f})" if difference else ""
    return f"{100 * row['accuracy']:.1f} %{beside}"


def _remarks(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    left_out = [row for row in rows if row.get("reason")]
    if left_out:
        yield ""
    for row in left_out:
        yield f"- Left out: {row_label(row)} ({PLATFORMS[row['platform']]}): {row['reason']}"
    gpus = sorted({row["device"] for row in rows if row["backend"] in GPU_BACKENDS and row["device"]})
    if gpus:
        yield from ("", f"GPUs, as the runtimes name them: {'; '.join(gpus)}.")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
