"""The picture of the folders: arrows point down, circles are refused, and the committed one is current."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

from folders import PICTURE, draw_picture, find_circles, folder_graph, folder_of
from imports import Import, read_imports, specifiers
from layers import draw_layers, rank_nodes

ROOT = Path(__file__).parents[2]
TANGLE = [
    *(
        "cli bench",
        "cli look",
        "cli page",
        "bench export",
        "bench training",
        "export look",
        "export networks",
    ),
    *("training data", "training networks", "page look", "look data", "data files", "networks files"),
]
SMALL = [
    Import("src/limner/cli/main.py", "src/limner/look/look.py"),
    Import("src/limner/look/look.py", "src/limner/files.py"),
    Import("src/limner/cli/main.py", "src/limner/files.py"),
    Import("web/player/app.ts", "web/engine/index.ts"),
    Import("web/player/app.ts", "web/shared/dom.ts"),
    Import("web/engine/index.ts", "web/engine/webgpu/painter.ts"),
    Import("web/engine/webgpu/painter.ts", "web/engine/graph/ir/operation.ts"),
    Import("web/engine/webgpu/painter.ts", "web/engine/error.ts"),
]


def tangle() -> nx.DiGraph:
    return nx.DiGraph([arrow.split() for arrow in TANGLE])


@pytest.mark.parametrize("pull", [1.0, 2.5])
def test_every_arrow_points_down(pull: float) -> None:
    rank = rank_nodes(tangle(), pull)
    assert min(rank.values()) == 0
    assert all(rank[start] < rank[end] for start, end in tangle().edges)


def test_boxes_of_a_row_lie_apart_and_arrows_meet_them() -> None:
    graph = nx.transitive_reduction(tangle())
    drawing = draw_layers(graph, rank_nodes(graph, 1.0), dict.fromkeys(graph, 60.0), gap=18)
    rows: dict[int, list[float]] = {}
    for x, row in drawing.nodes.values():
        rows.setdefault(row, []).append(x)
    for places in map(sorted, rows.values()):
        assert all(right - left >= 78 - 1e-6 for left, right in itertools.pairwise(places))
        assert places[0] >= 30 - 1e-6 and places[-1] <= drawing.width - 30 + 1e-6
    for (start, end), points in drawing.arrows.items():
        assert len(points) == 1 + drawing.nodes[end][1] - drawing.nodes[start][1]
        assert abs(points[0] - drawing.nodes[start][0]) < 30
        assert abs(points[-1] - drawing.nodes[end][0]) < 30


def test_arrows_do_not_cross_where_they_need_not() -> None:
    graph = nx.DiGraph(["ax", "ay", "bz", "xp", "zp", "yq", "yp"])
    assert draw_layers(graph, rank_nodes(graph, 1.0), dict.fromkeys(graph, 10.0), gap=5).crossings == 0


def test_a_circle_is_refused_with_its_imports() -> None:
    circle = [
        Import("src/limner/look/look.py", "src/limner/data/store.py"),
        Import("src/limner/data/store.py", "src/limner/page/server.py"),
        Import("src/limner/page/server.py", "src/limner/look/paint.py"),
    ]
    with pytest.raises(SystemExit) as ended:
        draw_picture([*SMALL, *circle])
    assert str(ended.value).startswith("Folders import one another in a circle: ")
    assert all(f"{one.importer} imports {one.imported}" in str(ended.value) for one in circle)
    assert not list(find_circles(folder_graph(SMALL)))


def test_modules_of_a_folder_may_import_one_another() -> None:
    pair = [
        Import("src/limner/cli/commands/train.py", "src/limner/cli/pipeline.py"),
        Import("src/limner/cli/pipeline.py", "src/limner/cli/commands/train.py"),
    ]
    assert list(folder_graph(pair).edges) == []


def test_files_belong_to_folders() -> None:
    assert folder_of("src/limner/errors.py") == "src/limner"
    assert folder_of("src/limner/data/checks/rules.py") == "src/limner/data"
    assert folder_of("web/player/painters/wasm/worker.ts") == "web/player"
    assert folder_of("web/engine/webgpu/kernels/kernel.ts") == "web/engine/webgpu/kernels"
    assert folder_of("web/engine/index.ts") == "web/engine/index.ts"


def test_specifiers_of_all_kinds_are_read() -> None:
    code = """import type { A } from './a.ts';
import {
  b,
} from '../b.ts';
import code from './c.wgsl?raw';
import './d.css';
export * from './e.ts';
import { test } from 'vitest';
// import { no } from './no.ts';
/* import('./no.ts') */
const f: typeof import('./f.ts') = await import('./g.ts');
new Worker(new URL('./h.ts', import.meta.url));
const said = "from './no.ts'";
"""
    assert specifiers(code) == [
        *("./a.ts", "../b.ts", "./c.wgsl", "./d.css", "./e.ts", "./f.ts", "./g.ts", "./h.ts")
    ]


def test_imports_of_this_repository_are_read() -> None:
    found = read_imports(ROOT)
    assert Import("src/limner/export/parity.py", "src/limner/page/chromium.py") in found
    assert Import("web/engine/look.ts", "web/engine/error.ts") in found
    assert not any(one.importer.startswith("web/tests/") for one in found)


def test_arrows_that_follow_are_left_out() -> None:
    drawn = draw_picture(SMALL)
    assert drawn.count('class="box') == 3 + 2 + 4  # package, pages, engine with its own files
    assert drawn.count('class="arrow"') == 2 + 2 + 3


def test_the_picture_is_the_same_at_each_run() -> None:
    code = "from test_folders import *; import sys; sys.stdout.write(draw_picture(SMALL))"
    path = os.pathsep.join([str(Path(__file__).parent), str(ROOT / "scripts")])
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert drawn == {draw_picture(SMALL)}


def test_the_picture_is_current() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "folders.py"), "--check"]
    ended = subprocess.run(check, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, f"{PICTURE.name}: {ended.stderr}"
