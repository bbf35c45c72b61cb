"""Draw docs/pictures/folders.svg, the folders and their imports; --check exits with 1 if it is out of date.

An arrow goes from a folder to a folder that it imports. Transitive arrows are left out; all point down.
If folders import each other in a circle, the script fails with a sentence that names these imports.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import networkx as nx

from imports import Import, read_imports
from layers import Drawing, draw_layers, heights, rank_nodes

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "folders.svg"

PACKAGE, ENGINE = "src/limner", "web/engine"

BOX, PITCH, GAP = 28, 62, 18
"""Pixels: the height of a box, the distance of rows, the gap between boxes of a row."""
EDGE, PAD, HEADING = 18, 20, 44
"""Pixels: the margin of a panel, its padding, and the height of its heading."""
TITLE_WIDTH = 244
HEAD = 7
"""Pixels: an arrow's head."""

STYLE = """\
svg {
  --paper: #fdfaf4; --panel: #f6f0e4; --ink: #2b261e; --quiet: #7b705f;
  --python: #a96e12; --page: #b4492d; --engine: #2f6f66;
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #14120f; --panel: #1d1b18; --ink: #ece5d8; --quiet: #a99f8f;
    --python: #dcae62; --page: #f0937a; --engine: #8cc5b6;
  }
}
.python { --hue: var(--python); }
.page { --hue: var(--page); }
.engine { --hue: var(--engine); }
.paper { fill: var(--paper); }
.panel { fill: var(--panel); }
.box { fill: var(--paper); stroke: var(--hue); stroke-width: 1.5; }
.arrow { fill: none; stroke: var(--hue); stroke-width: 1.3; opacity: 0.8; }
.head { fill: var(--hue); }
text { fill: var(--ink); }
.name { text-anchor: middle; font-weight: 600; }
.file { font-weight: 400; font-style: italic; }
.files { stroke-dasharray: 4 3; }
.heading { fill: var(--hue); font-weight: 600; }
.quiet { fill: var(--quiet); font-weight: 400; }
.title { font: 23px "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", Georgia, serif; }
.legend { fill: var(--quiet); font-size: 12px; }"""


class Area(NamedTuple):
    """A rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float


def folder_of(path: str) -> str:
    """The node that stands for a file: its folder in the package, in the engine or in web.

    The engine's own files lie above its folders and below them: each is drawn by its name.
    """
    folder = path.rpartition("/")[0]
    if folder == ENGINE:
        return path
    if folder.startswith(f"{ENGINE}/"):
        return folder
    return "/".join(folder.split("/")[: 3 if folder.startswith(PACKAGE) else 2])


def folder_graph(imports: Iterable[Import]) -> nx.DiGraph:
    """The folders and their imports; exits with a sentence for each circle."""
    graph = nx.DiGraph()
    for one in imports:
        start, end = folder_of(one.importer), folder_of(one.imported)
        graph.add_nodes_from((start, end))
        if start != end:
            graph.add_edge(start, end)
            graph.edges[start, end].setdefault("imports", []).append(one)
    if sentences := [describe_circle(graph, circle) for circle in find_circles(graph)]:
        raise SystemExit("\n".join(sentences))
    return graph


def find_circles(graph: nx.DiGraph) -> Iterator[list[str]]:
    """A shortest circle in each set of folders that import each other."""
    for folders in sorted(sorted(found) for found in nx.strongly_connected_components(graph)):
        inside = graph.subgraph(folders)
        if inside.edges:
            yield min(
                (nx.shortest_path(inside, end, start) for start, end in sorted(inside.edges)), key=len
            )


def describe_circle(graph: nx.DiGraph, circle: list[str]) -> str:
    """The sentence that names the imports of a circle, at most three for each arrow."""
    arrows = []
    for start, end in itertools.pairwise([*circle, circle[0]]):
        imports = graph.edges[start, end]["imports"]
        named = [f"{one.importer} imports {one.imported}" for one in imports[:3]]
        more = [f"{len(imports) - 3} more"] if len(imports) > 3 else []
        arrows.append(f"{start} -> {end} ({', '.join(named + more)})")
    return f"Folders import one another in a circle: {'; '.join(arrows)}."


def merge_files(graph: nx.DiGraph) -> nx.DiGraph:
    """The graph with one node for the engine's own files of each row."""
    height = heights(graph)
    files = sorted(node for node in graph if node.rpartition("/")[0] == ENGINE and node.endswith(".ts"))
    groups = {node: ", ".join(other for other in files if height[other] == height[node]) for node in files}
    return nx.relabel_nodes(graph, groups)


def lay_out(graph: nx.DiGraph) -> Drawing:
    """The folders of one language in layers, the pages above the engine, without transitive arrows.

    Of two ways to give them rows, the one with fewer crossings is taken, or the narrower. The top is on
    the right, where no heading is.
    """
    arrows = nx.transitive_reduction(graph)
    ranked = nx.DiGraph(graph)
    pages, engine = ([node for node in graph if kind_of(node) == kind] for kind in ("page", "engine"))
    ranked.add_edges_from(itertools.product(pages, engine))
    ranked = nx.transitive_reduction(ranked)
    widths = {node: box_width(node) for node in graph}
    drawings = [draw_layers(arrows, rank_nodes(ranked, pull), widths, GAP) for pull in (1.0, 2.5)]
    best = min(drawings, key=lambda drawing: (drawing.crossings, round(drawing.width)))
    tops = [x for x, row in best.nodes.values() if row == 0]
    return best.mirrored() if sum(tops) < len(tops) * best.width / 2 - 1 else best


def kind_of(node: str) -> str:
    """The class that colours a box and the arrows from it."""
    if node.startswith(PACKAGE):
        return "python"
    return "engine" if node.startswith(ENGINE) else "page"


def name_of(node: str) -> tuple[str, str, str]:
    """The text of a box in three parts: muted, bold, muted."""
    if node == PACKAGE:
        return "", "limner", " (shared words)"
    if node.endswith(".ts"):
        return "", ", ".join(Path(path).name for path in node.split(", ")), ""
    inside = {"python": PACKAGE, "engine": ENGINE, "page": "web"}[kind_of(node)]
    parent, slash, name = node.removeprefix(f"{inside}/").rpartition("/")
    return parent + slash, name, ""


def box_width(node: str) -> int:
    """The width of a box: its name in the widest of the usual fonts."""
    before, strong, after = name_of(node)
    return round(26 + 7.6 * len(strong) + 6.9 * len(before + after))


def number(pixels: float) -> str:
    """A coordinate, rounded to a tenth of a pixel; a millionth makes ties round alike."""
    return f"{round(pixels + 1e-6, 1):g}"


def draw_box(node: str, x: float, top: float) -> str:
    """The box of a folder, its middle at x."""
    width, (before, strong, after) = box_width(node), name_of(node)
    files = node.endswith(".ts")
    quiet = [f'<tspan class="quiet">{escape(part)}</tspan>' if part else "" for part in (before, after)]
    return (
        f'<g class="{kind_of(node)}"><title>{escape(node)}</title>'
        f'<rect class="box{" files" * files}" x="{number(x - width / 2)}" y="{number(top)}" '
        f'width="{width}" height="{BOX}" rx="7"/>'
        f'<text class="name{" file" * files}" x="{number(x)}" y="{number(top + BOX / 2 + 4.5)}">'
        f"{quiet[0]}{escape(strong)}{quiet[1]}</text></g>"
    )


def draw_arrow(kind: str, points: Sequence[float], tops: Sequence[float]) -> str:
    """An arrow as a curve that is vertical at its ends and where it crosses a row."""
    path = f"M{number(points[0])} {number(tops[0] + BOX)}"
    for row, (start, end) in enumerate(itertools.pairwise(points), 1):
        last = row == len(points) - 1
        high, low = tops[row - 1] + BOX, tops[row] - HEAD * last
        middle = number((high + low) / 2)
        path += f"C{number(start)} {middle} {number(end)} {middle} {number(end)} {number(low)}"
        path += "" if last else f"V{number(low + BOX)}"
    return (
        f'<g class="{kind}"><path class="arrow" d="{path}"/>'
        f'<path class="head" d="M{number(points[-1])} {number(tops[-1] - 1)}l-3.5 -{HEAD}h7z"/></g>'
    )


def draw_graph(drawing: Drawing, left: float, tops: Sequence[float]) -> Iterator[str]:
    """All arrows, then the boxes; `tops` has the upper edges of the rows."""
    for (start, _), points in drawing.arrows.items():
        row = drawing.nodes[start][1]
        yield draw_arrow(kind_of(start), [left + x for x in points], tops[row : row + len(points)])
    for node, (x, row) in drawing.nodes.items():
        yield draw_box(node, left + x, tops[row])


def draw_panel(kind: str, path: str, about: str, area: Area) -> str:
    """A panel with its heading: the path of a folder, and its language."""
    x, y, width, height = map(number, area)
    return (
        f'<g class="{kind}"><rect class="panel" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
        f'<text class="heading" x="{number(area.x + 16)}" y="{number(area.y + 25)}">{escape(path)}'
        f'<tspan class="quiet" dx="8">{escape(about)}</tspan></text></g>'
    )


def draw_title() -> Iterator[str]:
    """The title and the legend, in the corner over the package."""
    for line, words in enumerate(("The folders of limner,", "and what imports what")):
        yield f'<text class="title" x="{EDGE}" y="{46 + 29 * line}">{words}</text>'
    legend = (
        "An arrow goes from a folder that",
        "imports to the folder that it imports.",
        "Those that follow from others are left",
        "out. Dashed: single files.",
    )
    for line, words in enumerate(legend):
        yield f'<text class="legend" x="{EDGE}" y="{106 + 17 * line}">{words}</text>'


def draw_picture(imports: Iterable[Import]) -> str:
    """The whole picture: title and package on the left, pages and engine on the right."""
    graph = folder_graph(imports)
    python = lay_out(graph.subgraph([node for node in graph if kind_of(node) == "python"]))
    web = lay_out(merge_files(graph.subgraph([node for node in graph if kind_of(node) != "python"])))

    pages = 1 + max(row for node, (_, row) in web.nodes.items() if kind_of(node) == "page")
    split = EDGE + HEADING + (pages - 1) * PITCH + BOX + PAD
    upper = [EDGE + HEADING + row * PITCH for row in range(pages)]
    lower = [split + EDGE + HEADING + row * PITCH for row in range(web.depth - pages)]
    span = max(lower[-1] - lower[0], (python.depth - 1) * PITCH)
    spread = [lower[0] + row * span / max(1, python.depth - 1) for row in range(python.depth)]

    left = max(TITLE_WIDTH, python.width + 2 * PAD)
    right = web.width + 2 * PAD
    width, height = left + right + 3 * EDGE, lower[0] + span + BOX + PAD + EDGE
    rest = height - split - 2 * EDGE
    size = f"{number(width)} {number(height)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
        f'width="{number(width)}" height="{number(height)}">',
        "<title>The folders of limner, and what imports what</title>",
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="paper" width="{number(width)}" height="{number(height)}" rx="12"/>',
        *draw_title(),
        draw_panel("python", PACKAGE, "Python", Area(EDGE, split + EDGE, left, rest)),
        draw_panel("page", "web", "pages, TypeScript", Area(left + 2 * EDGE, EDGE, right, split - EDGE)),
        draw_panel("engine", ENGINE, "TypeScript", Area(left + 2 * EDGE, split + EDGE, right, rest)),
        *draw_graph(python, EDGE + (left - python.width) / 2, spread),
        *draw_graph(web, left + 2 * EDGE + PAD, upper + lower),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main(check: bool) -> bool:
    """Write or check the picture; returns whether it is now up to date."""
    drawn = draw_picture(read_imports(ROOT))
    if not check:
        PICTURE.write_text(drawn, encoding="utf-8")
    return PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == drawn


if __name__ == "__main__":
    if not main(check="--check" in sys.argv):
        raise SystemExit(f"{PICTURE.relative_to(ROOT)} is not what the imports are now: run `make docs`.")
