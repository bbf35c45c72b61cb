"""A graph drawn in layers, every arrow pointing down, after Sugiyama, Tagawa and Toda 1981.

Three steps: each node gets a row, each row an order with few crossings, each node a place in its row.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

ORDER_SWEEPS = 40
"""Sweeps over the rows that reduce crossings."""
PLACE_SWEEPS = 2000
"""Sweeps over the rows that move each node towards its neighbours."""
PORT = 14.0
"""Largest distance, in pixels, between two arrows at the same box."""
NUDGE = 4.0
"""Largest shift, in pixels, of an arrow's end along its box."""

Vertex = tuple[str, str, int]
"""A node `(name, "", row)`, or the point `(start, end, row)` where an arrow crosses a row."""
Link = tuple[Vertex, Vertex]
"""The part of an arrow between two rows."""
Rows = list[list[Vertex]]
"""The vertices of each row, from the left."""
Ports = dict[Link, tuple[float, float]]
"""Offsets of a link's start and end from the centres of its vertices, in pixels."""


@dataclass(frozen=True)
class Layers:
    """The vertices in order, before they have coordinates."""

    rows: Rows
    ports: Ports
    sizes: dict[Vertex, float]
    """The widths in pixels; 0 where an arrow crosses a row."""
    gap: float
    """The least space between two vertices of a row, in pixels."""


@dataclass(frozen=True)
class Drawing:
    """The coordinates of nodes and arrows: x in pixels from the left, rows counted from the top."""

    nodes: dict[str, tuple[float, int]]
    """The centre and the row of each node."""
    arrows: dict[tuple[str, str], list[float]]
    """The x of each arrow in each row from its start to its end."""
    width: float
    depth: int
    """The number of rows."""
    crossings: int

    def mirrored(self) -> Drawing:
        """The drawing mirrored, left to right."""
        return replace(
            self,
            nodes={node: (self.width - x, row) for node, (x, row) in self.nodes.items()},
            arrows={arrow: [self.width - x for x in points] for arrow, points in self.arrows.items()},
        )


def draw_layers(
    graph: nx.DiGraph, rank: Mapping[str, int], widths: Mapping[str, float], gap: float
) -> Drawing:
    """The drawing of a graph whose nodes have rows (`rank_nodes`) and widths; see `Layers` for `gap`."""
    routes = {
        (start, end): [
            (start, "", rank[start]),
            *((start, end, row) for row in range(rank[start] + 1, rank[end])),
            (end, "", rank[end]),
        ]
        for start, end in sorted(graph.edges)
    }
    links = [link for route in routes.values() for link in itertools.pairwise(route)]
    vertices = sorted({(node, "", row) for node, row in rank.items()}.union(*routes.values()))
    sizes = {vertex: 0.0 if vertex[1] else widths[vertex[0]] for vertex in vertices}
    rows = order_rows(vertices, links)
    layers = Layers(rows, spread_ports(rows, links, sizes), sizes, gap)
    x = place_vertices(layers)
    for route in filter(lambda route: len(route) > 2, routes.values()):
        _straighten(route, layers, x)
    return Drawing(
        nodes={vertex[0]: (x[vertex], vertex[2]) for vertex in vertices if not vertex[1]},
        arrows={arrow: _points(route, layers.ports, x) for arrow, route in routes.items()},
        width=max(x[vertex] + sizes[vertex] / 2 for vertex in vertices),
        depth=len(rows),
        crossings=crossings(rows, links),
    )


def heights(graph: nx.DiGraph) -> dict[str, int]:
    """The length of the longest path down from each node, in arrows."""
    found: dict[str, int] = {}
    for node in reversed(list(nx.topological_sort(graph))):
        found[node] = 1 + max((found[below] for below in graph.successors(node)), default=-1)
    return found


def rank_nodes(graph: nx.DiGraph, pull: float) -> dict[str, int]:
    """The row of each node, from 0 at the top. Every arrow points down, and arrows are short.

    A node moves up to the nodes above it if their number times `pull` exceeds the number below. Otherwise
    it stays close to the nodes below.
    """
    height = heights(graph)
    rank = {node: max(height.values()) - height[node] for node in graph}
    downwards = [node for nodes in nx.topological_generations(graph) for node in sorted(nodes)]
    for _ in range(len(rank)):
        for node in downwards:
            above = [rank[other] for other in graph.predecessors(node)]
            if pull * len(above) > graph.out_degree(node):
                rank[node] = max(above) + 1
    return rank


def order_rows(vertices: Iterable[Vertex], links: Sequence[Link]) -> Rows:
    """The order of each row with the fewest crossings found.

    Sweeps go down and up in turn. Each sorts a row by the mean position of its neighbours in the previous
    row, and half of them reverse ties.
    """
    rows: Rows = [list(row) for _, row in itertools.groupby(sorted(vertices, key=_row), key=_row)]
    above, below = _neighbours(links)
    best, fewest = rows, crossings(rows, links)
    for sweep in range(ORDER_SWEEPS):
        rows = [list(row) for row in rows]
        turn = sweep % 4 > 1
        pairs = list(itertools.pairwise(rows))
        if sweep % 2:
            for row, fixed in reversed(pairs):
                _sort_row(row, fixed, below, turn)
        else:
            for fixed, row in pairs:
                _sort_row(row, fixed, above, turn)
        _swap_neighbours(rows, above, below)
        if (count := crossings(rows, links)) < fewest:
            best, fewest = rows, count
    return best


def crossings(rows: Rows, links: Iterable[Link]) -> int:
    """How many pairs of arrows cross."""
    place = _indices(rows)
    return sum(
        (place[one[0]] - place[other[0]]) * (place[one[1]] - place[other[1]]) < 0
        for one, other in itertools.combinations(links, 2)
        if one[0][2] == other[0][2]
    )


def spread_ports(rows: Rows, links: Iterable[Link], sizes: Mapping[Vertex, float]) -> Ports:
    """Order the arrows at each box by their other ends, so that they do not cross there."""
    place = _indices(rows)
    starts: defaultdict[Vertex, list[Link]] = defaultdict(list)
    ends: defaultdict[Vertex, list[Link]] = defaultdict(list)
    for link in links:
        starts[link[0]].append(link)
        ends[link[1]].append(link)
    shifts: list[dict[Link, float]] = [{}, {}]
    for side, groups in enumerate((starts, ends)):
        for vertex, group in groups.items():
            group.sort(key=lambda link: place[link[1 - side]])
            space = min(PORT, sizes[vertex] / len(group))
            shifts[side] |= {link: space * (at - (len(group) - 1) / 2) for at, link in enumerate(group)}
    return {link: (shifts[0][link], shifts[1][link]) for link in shifts[0]}


def place_vertices(layers: Layers) -> dict[Vertex, float]:
    """The centre of each vertex: arrows are nearly vertical, and vertices keep their distance.

    Each row in turn minimises the sum of its arrows' squared shifts. Arrows that are long, or alone at both
    their ends, weigh more.
    """
    rows, ports, sizes = layers.rows, layers.ports, layers.sizes
    offsets: dict[Vertex, float] = {}
    for row in rows:
        ends = itertools.accumulate(sizes[vertex] + layers.gap for vertex in row)
        offsets |= {vertex: end - sizes[vertex] / 2 for vertex, end in zip(row, ends, strict=True)}
    x = dict(offsets)
    leaving, meeting = Counter(start for start, _ in ports), Counter(end for _, end in ports)
    pulls: dict[Vertex, list[tuple[Vertex, float, float]]] = {vertex: [] for vertex in x}
    for (start, end), (leaves, meets) in ports.items():
        alone = leaving[start] == meeting[end] == 1
        weight = 200.0 if alone else 4.0 if start[1] or end[1] else 1.0
        pulls[start].append((end, meets - leaves, weight))
        pulls[end].append((start, leaves - meets, weight))
    for _ in range(PLACE_SWEEPS):
        for row in itertools.chain(rows, reversed(rows)):
            wanted = []
            for vertex in row:
                weight = math.fsum(weight for *_, weight in pulls[vertex]) or 1.0
                total = math.fsum((x[other] + shift) * weight for other, shift, weight in pulls[vertex])
                middle = total / weight if pulls[vertex] else x[vertex]
                wanted.append((middle - offsets[vertex], weight))
            for vertex, shift in zip(row, nearest_rising(wanted), strict=True):
                x[vertex] = offsets[vertex] + shift
    edge = min(x[vertex] - sizes[vertex] / 2 for vertex in x)
    return {vertex: middle - edge for vertex, middle in x.items()}


def nearest_rising(wanted: Iterable[tuple[float, float]]) -> list[float]:
    """Isotonic regression of (value, weight) pairs, by pooling adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        mean, mass, count = value, weight, 1
        while pools and pools[-1][0] >= mean:
            other, more, members = pools.pop()
            mean = (mean * mass + other * more) / (mass + more)
            mass, count = mass + more, count + members
        pools.append((mean, mass, count))
    return [mean for mean, _, count in pools for _ in range(count)]


def _row(vertex: Vertex) -> int:
    return vertex[2]


def _indices(rows: Rows) -> dict[Vertex, int]:
    return {vertex: index for row in rows for index, vertex in enumerate(row)}


def _neighbours(links: Iterable[Link]) -> tuple[dict[Vertex, list[Vertex]], dict[Vertex, list[Vertex]]]:
    above: dict[Vertex, list[Vertex]] = {}
    below: dict[Vertex, list[Vertex]] = {}
    for start, end in links:
        above.setdefault(end, []).append(start)
        below.setdefault(start, []).append(end)
    return above, below


def _sort_row(
    row: list[Vertex], fixed: list[Vertex], neighbours: Mapping[Vertex, list[Vertex]], turn: bool
) -> None:
    """Sort a row by the mean position of its neighbours in a fixed row; others keep their position.

    `turn` reverses the order of those with the same mean.
    """
    place = _indices([fixed])
    means: dict[Vertex, float] = {}
    for index, vertex in enumerate(row):
        found = [place[other] for other in neighbours.get(vertex, [])]
        means[vertex] = sum(found) / len(found) if found else index
    if turn:
        row.reverse()
    row.sort(key=lambda vertex: means[vertex])


def _swap_neighbours(
    rows: Rows, above: Mapping[Vertex, list[Vertex]], below: Mapping[Vertex, list[Vertex]]
) -> None:
    """Swap adjacent vertices as long as that removes crossings."""
    place = _indices(rows)
    swapped = True
    while swapped:
        swapped = False
        for row in rows:
            for at, (left, right) in enumerate(itertools.pairwise(list(row))):
                if row[at] != left:
                    continue  # swapped just now
                pairs = [
                    (place[one], place[other])
                    for side in (above, below)
                    for one, other in itertools.product(side.get(left, []), side.get(right, []))
                ]
                if sum(one > other for one, other in pairs) > sum(one < other for one, other in pairs):
                    row[at], row[at + 1] = right, left
                    place[left], place[right] = at + 1, at
                    swapped = True


def _straighten(route: Sequence[Vertex], layers: Layers, x: dict[Vertex, float]) -> None:
    """Straighten an arrow between its ends, where the boxes beside it leave room."""
    between = route[1:-1]
    rooms = [_room(vertex, layers, x) for vertex in between]
    low, high = max(low for low, _ in rooms), min(high for _, high in rooms)
    if low > high:
        return
    points = _points(route, layers.ports, x)
    mean = math.fsum(points[1:-1]) / len(between)
    nearest = min(points[0], points[-1], key=lambda end: abs(end - mean))
    for vertex in between:
        x[vertex] = min(max(nearest, low), high)


def _room(vertex: Vertex, layers: Layers, x: Mapping[Vertex, float]) -> tuple[float, float]:
    """The smallest and largest x between the neighbours of a vertex without a width."""
    row = layers.rows[vertex[2]]
    at = row.index(vertex)
    low = max((x[other] + layers.sizes[other] / 2 + layers.gap for other in row[:at]), default=-math.inf)
    high = min(
        (x[other] - layers.sizes[other] / 2 - layers.gap for other in row[at + 1 :]), default=math.inf
    )
    return low, high


def _points(route: Sequence[Vertex], ports: Ports, x: Mapping[Vertex, float]) -> list[float]:
    """The x of an arrow in each of its rows; its ends shift a little if that makes it vertical."""
    leaves, meets = ports[route[0], route[1]][0], ports[route[-2], route[-1]][1]
    first, *between, last = (
        x[route[0]] + leaves,
        *(x[vertex] for vertex in route[1:-1]),
        x[route[-1]] + meets,
    )
    if not between and abs(first - last) <= NUDGE:
        first = last = (first + last) / 2
    elif between:
        first = between[0] if abs(first - between[0]) <= NUDGE else first
        last = between[-1] if abs(last - between[-1]) <= NUDGE else last
    return [first, *between, last]
