"""The classic networks on CIFAR-10, beside those of the thesis that the lab follows (Liu, Tübingen)."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]

THESIS: Mapping[str, tuple[str, str]] = {
    "lenet": ("LeNet", "66"),
    "alexnet-small": ("AlexNet", "between the two; no figure"),
    "googlenet-narrow": ("GoogLeNet", "not trained on CIFAR-10"),
    "resnet20": ("ResNet", "80"),
    "mobilenet-half": ("MobileNet", "not trained on CIFAR-10"),
}
"""By our names: the network there, and its test accuracy in percent after 100 epochs."""

HEAD = """### The classic networks beside the thesis

Liu, *Evaluation of ML methods for online use in the browser*, trains LeNet, AlexNet and ResNet on CIFAR-10
for 100 epochs each, and tells neither their widths nor its recipe. What is not trained here yet has no row.
"""


def compare_classics(records: Iterable[Record]) -> Iterator[str]:
    """The section's lines; none before a classic network is recorded on CIFAR-10."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record["data"]["title"].startswith("CIFAR-10") and record["settings"]["net"] in THESIS:
            found[record["settings"]["net"]].append(record)
    if not found:
        return
    yield HEAD
    yield "| network | there | there, % after 100 epochs | here, % | epochs | million multiply-adds |"
    yield "|---|---|---|---|---|---|"
    for name in sorted(found, key=lambda name: _accuracy(found[name])):
        first = found[name][0]
        yield (
            f"| {name} | {' | '.join(THESIS[name])} | {_accuracy(found[name]):.1f} | "
            f"{len(first['history'])} | {first['multiply_adds'] / 1e6:.1f} |"
        )
    yield ""


def _accuracy(records: Iterable[Record]) -> float:
    """In percent, the mean over seeds."""
    return 100 * statistics.mean(float(record["test"]["accuracy"]) for record in records)
