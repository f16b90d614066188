"""Edge colouring of bipartite multigraphs: what makes balance possible at all."""

from collections.abc import Sequence

from .streams import Stream


def colour_edges(
    edges: Sequence[tuple[int, int]], *, colours: int, stream: Stream
) -> list[int]:
    """Colour every edge so that no two edges at one vertex share a colour.

    `edges` are (left vertex, right vertex), both numbered from 0; parallel edges
    are allowed. König (1916): `colours` colours suffice when no vertex has more
    than that many edges. Edges are coloured one after the other in random order;
    where an edge's ends have no free colour in common, the path that alternates
    between one free colour of each end is recoloured first.
    """
    lefts = 1 + max((left for left, _ in edges), default=-1)
    rights = 1 + max((right for _, right in edges), default=-1)
    # taken[vertex][colour] = index of the edge there, or -1; right ones follow left
    taken = [[-1] * colours for _ in range(lefts + rights)]
    ends = [(left, lefts + right) for left, right in edges]
    result = [-1] * len(edges)
    for edge in stream.permutation(len(edges)):
        left, right = ends[edge]
        free_left = [c for c, at in enumerate(taken[left]) if at < 0]
        free_right = [c for c, at in enumerate(taken[right]) if at < 0]
        if not free_left or not free_right:
            raise ValueError(f"a vertex has more than {colours} edges")
        shared = [c for c in free_left if taken[right][c] < 0]
        if shared:
            colour = shared[stream.below(len(shared))]
        else:
            colour = free_left[stream.below(len(free_left))]
            other = free_right[stream.below(len(free_right))]
            _swap_path(right, colour, other, taken, ends, result)
        result[edge] = colour
        taken[left][colour] = taken[right][colour] = edge
    return result


def _swap_path(
    start: int,
    colour: int,
    other: int,
    taken: list[list[int]],
    ends: list[tuple[int, int]],
    result: list[int],
) -> None:
    """Swap two colours along the path from `start`, which then lacks `colour`.

    The path cannot reach the new edge's left end: it enters left vertices by
    `colour`, which that end lacks.
    """
    path = []
    vertex, wanted = start, colour
    while (edge := taken[vertex][wanted]) >= 0:
        path.append(edge)
        vertex = ends[edge][0] if ends[edge][1] == vertex else ends[edge][1]
        wanted = other if wanted == colour else colour
    for edge in path:
        for end in ends[edge]:
            taken[end][result[edge]] = -1
    for edge in path:
        result[edge] = other if result[edge] == colour else colour
        for end in ends[edge]:
            taken[end][result[edge]] = edge
