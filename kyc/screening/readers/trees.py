"""XML lists: no document types, no entities, and what was read or is not wanted is forgotten."""

import io
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from kyc.screening.entries import ListNotReadable

DEEPEST = 30
"""Lists have about ten levels; an endless ladder of elements would eat the memory."""


def local(element: Element) -> str:
    """The element's name without the namespace, which publishers change."""
    return _without_namespace(element.tag)


@lru_cache
def _without_namespace(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def root_of(content: bytes) -> Element:
    """The root with its attributes; what it holds has not been read."""
    for _, element in _events(content, ("start",)):
        return element
    raise ListNotReadable(why="it is empty")


def elements(content: bytes, *names: str) -> Iterator[Element]:
    """Each element of these names, whole, in the file's order. A broken file raises at its end:
    use what came only after the last one."""
    path: list[Element] = []
    wanted_around = 0
    for event, element in _events(content, ("start", "end")):
        is_wanted = local(element) in names
        if event == "start":
            path.append(element)
            wanted_around += is_wanted
            if len(path) > DEEPEST:
                raise ListNotReadable(why="it is nested too deeply")
            continue
        path.pop()
        wanted_around -= is_wanted
        if is_wanted:
            yield element
        if path and not wanted_around:
            path[-1].remove(element)


def children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element.iter() if local(child) == name)


def text(element: Element, name: str) -> str:
    """The words of the first element of this name below, or nothing."""
    return next((" ".join((child.text or "").split()) for child in children(element, name)), "")


def own_text(element: Element, name: str) -> str:
    """The same of direct children only: an entry and its aliases have a `lastName` each."""
    return next(
        (" ".join((child.text or "").split()) for child in element if local(child) == name), ""
    )


def _events(content: bytes, wanted: tuple[str, ...]) -> Iterator[tuple[str, Element]]:
    try:
        yield from ElementTree.iterparse(
            io.BytesIO(content), events=wanted, forbid_dtd=True, forbid_external=True
        )
    except DefusedXmlException:
        raise ListNotReadable(why="it declares document types or entities") from None
    except (ParseError, LookupError, ValueError):
        raise ListNotReadable(why="its XML is broken or cut off") from None
