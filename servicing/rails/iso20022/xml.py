"""Reading a bank's XML: what could harm the reader is refused before anything of it is believed."""

from dataclasses import dataclass
from datetime import date, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kit.money import InvalidAmount, Money
from servicing.rails.base import FileRefused

NAMESPACES = "urn:iso:std:iso:20022:tech:xsd:"
_DOCUMENT = "Document"
MAX_BYTES = 5_000_000
"""A statement of some thousand entries has one or two."""
_ID_MAX, _TEXT_MAX = 35, 140


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a message, asked by paths of plain names. What is missing refuses the file."""

    element: Element
    namespace: str

    def all(self, path: str) -> list["Node"]:
        found = self.element.findall(path, {"": self.namespace})
        return [Node(each, self.namespace) for each in found]

    def find(self, path: str) -> "Node | None":
        return next(iter(self.all(path)), None)

    def one(self, path: str) -> "Node":
        found = self.all(path)
        if len(found) != 1:
            raise FileRefused(f"{len(found)} of {path}")
        return found[0]

    def find_text(self, path: str) -> str | None:
        """Of two, nobody can say which is meant."""
        found = self.all(path)
        if len(found) > 1:
            raise FileRefused(f"{len(found)} of {path}")
        text = (found[0].element.text or "").strip() if found else ""
        return text[:_TEXT_MAX] or None

    def texts(self, path: str) -> list[str]:
        """Of every element there that has one."""
        return [text for each in self.all(path) if (text := each.find_text("."))]

    def text(self, path: str) -> str:
        text = self.find_text(path)
        if text is None:
            raise FileRefused(f"no {path}")
        return text

    def find_id(self, path: str) -> str | None:
        """Identifiers have 35 characters at most: a longer one could pass for another if cut."""
        text = self.find_text(path)
        if text is not None and len(text) > _ID_MAX:
            raise FileRefused(f"{path} is too long")
        return text

    def id(self, path: str) -> str:
        found = self.find_id(path)
        if found is None:
            raise FileRefused(f"no {path}")
        return found

    def money(self, path: str) -> Money:
        node = self.one(path)
        written = "" if len(node.element) else node.element.text or ""
        try:
            amount = Money.parse(_plain(written), node.element.get("Ccy", ""))
        except InvalidAmount as error:
            raise FileRefused(f"{path} is no amount") from error
        if amount.minor < 0:
            raise FileRefused(f"{path} is negative")
        return amount

    def day(self, path: str) -> date:
        """Of a choice between a date and an instant, as the bank's calendar has it."""
        try:
            if day := self.find_text(f"{path}/Dt"):
                return date.fromisoformat(day[:10])  # A time zone may follow.
            return datetime.fromisoformat(self.text(f"{path}/DtTm")).date()
        except ValueError as error:
            raise FileRefused(f"{path} is no day") from error


def parse(content: bytes) -> tuple[str, Node]:
    """The message's name with its version, and its one root below `Document`.

    Banks put it into an envelope too, beside its header.
    """
    if len(content) > MAX_BYTES:
        raise FileRefused("too big")
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise FileRefused("it has a DTD") from error
    except (ParseError, ValueError, LookupError) as error:
        raise FileRefused("not XML") from error
    documents = (
        [root] if _is_document(root) else [each for each in root.iter() if _is_document(each)]
    )
    if len(documents) > 1:
        raise FileRefused("more than one message")
    if not documents or len(documents[0]) != 1:
        raise FileRefused("not an ISO 20022 message")
    namespace = _namespace(documents[0])
    return namespace.removeprefix(NAMESPACES), Node(documents[0][0], namespace)


def _is_document(element: Element) -> bool:
    is_ours = _namespace(element).startswith(NAMESPACES)
    return is_ours and element.tag.rpartition("}")[2] == _DOCUMENT


def _namespace(element: Element) -> str:
    return element.tag.removeprefix("{").rpartition("}")[0]


def _plain(text: str) -> str:
    """The standard has five digits after the point, and a plus: zeros say nothing there."""
    whole, _, part = text.strip().removeprefix("+").partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole
