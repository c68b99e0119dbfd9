"""The Merkle tree of RFC 9162 (section 2.1) over leaves that are only ever added.

The tree is known by its perfect subtrees. A node is the root of one: `(height, number)` spans the
leaves from `number * 2**height` on. It is finished by one leaf and never changes afterwards.
"""

import hashlib
from collections.abc import Iterator, Sequence

Node = tuple[int, int]
Span = tuple[int, int]
"""Leaves from the first to before the last; what a proof asks for is the root over them."""
SIZE = 32
EMPTY = hashlib.sha256().digest()


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def add(peaks: list[bytes], size: int, hashed: bytes) -> list[bytes]:
    """Add a leaf to a tree of `size` leaves; the nodes that it finishes, from the leaf upwards.

    `peaks` are the roots of the largest perfect subtrees, left to right, and are kept so.
    """
    finished = [hashed]
    while size & 1:
        finished.append(parent(peaks.pop(), finished[-1]))
        size >>= 1
    peaks.append(finished[-1])
    return finished


def finisher(node: Node) -> int:
    """The size of the tree when it got the leaf that finishes the node."""
    height, number = node
    return (number + 1) << height


def nodes(span: Span) -> Iterator[Node]:
    """The largest perfect subtrees that make up a span, left to right."""
    first, last = span
    while first < last:
        height = (last - first).bit_length() - 1
        yield height, first >> height
        first += 1 << height


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over a span, from the hashes of its nodes."""
    if not hashes:
        return EMPTY
    *before, found = hashes
    for left in reversed(before):
        found = parent(left, found)
    return found


def inclusion(index: int, size: int) -> list[Span]:
    """Whose roots prove that a leaf is in a tree of `size` (2.1.3), from the leaf upwards."""
    first, last, path = 0, size, list[Span]()
    while last - first > 1:
        middle = first + _half(last - first)
        if index < middle:
            path.append((middle, last))
            last = middle
        else:
            path.append((first, middle))
            first = middle
    return path[::-1]


def consistency(old: int, new: int) -> list[Span]:
    """Whose roots prove that a tree of `new` begins with one of `old` leaves (2.1.4)."""
    first, last, path = 0, new, list[Span]()
    while old != last:
        middle = first + _half(last - first)
        if old <= middle:
            path.append((middle, last))
            last = middle
        else:
            path.append((first, middle))
            first = middle
    if first:
        path.append((first, last))
    return path[::-1]


def _half(size: int) -> int:
    """The largest power of two that is smaller."""
    return 1 << ((size - 1).bit_length() - 1)
