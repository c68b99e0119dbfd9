"""The HTML parse mode, with the refusals that Telegram gives for bad markup."""

from dataclasses import dataclass, field

from sandbox.store import Json
from sandbox.telegram.refusals import Refusal, bad_request
from sandbox.telegram.text import Formatted, utf16_length

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def _refuse(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")


@dataclass
class _Tag:
    name: str
    offset: int
    start: int
    attributes: dict[str, str]


@dataclass
class _Parser:
    source: str
    position: int = 0
    out: list[str] = field(default_factory=list)
    offset: int = 0
    open_tags: list[_Tag] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)

    def run(self) -> Formatted:
        while self.position < len(self.source):
            character = self.source[self.position]
            if character == "&":
                self._write(self._reference())
            elif character != "<":
                self._write(character)
                self.position += 1
            elif self.source.startswith("</", self.position):
                self._end_tag()
            else:
                self._start_tag()
        if self.open_tags:
            name = self.open_tags[-1].name
            raise _refuse(f'Can\'t find end tag corresponding to start tag "{name}"')
        return Formatted("".join(self.out), self.entities)

    def _write(self, text: str) -> None:
        self.out.append(text)
        self.offset += utf16_length(text)

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", "surrogatepass"))

    def _peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def _reference(self) -> str:
        """`&lt;` and its kind; what is not a known reference stays as it was typed."""
        end = self.source.find(";", self.position, self.position + 12)
        name = self.source[self.position + 1 : end] if end > 0 else ""
        decoded = _NAMED.get(name) or _numbered(name)
        if decoded is None:
            self.position += 1
            return "&"
        self.position = end + 1
        return decoded

    def _word(self, stops: str) -> str:
        start = self.position
        while self._peek() and not self._peek().isspace() and self._peek() not in stops:
            self.position += 1
        return self.source[start : self.position]

    def _spaces(self) -> None:
        while self._peek().isspace():
            self.position += 1

    def _start_tag(self) -> None:
        start = self.position
        self.position += 1
        name = self._word(">").lower()
        if not self._peek():
            raise _refuse(f"Unclosed start tag at byte offset {self._byte(start)}")
        if name not in _KINDS:
            place = self._byte(start)
            raise _refuse(f'Unsupported start tag "{name}" at byte offset {place}')
        tag = _Tag(name, self.offset, start, self._attributes(name, start))
        if name == "span" and tag.attributes.get("class") != "tg-spoiler":
            place = self._byte(start)
            raise _refuse(f'Tag "span" must have class "tg-spoiler" at byte offset {place}')
        self.open_tags.append(tag)

    def _attributes(self, tag: str, start: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while True:
            self._spaces()
            if not self._peek():
                raise _refuse(f"Unclosed start tag at byte offset {self._byte(start)}")
            if self._peek() == ">":
                self.position += 1
                return attributes
            name = self._word("=>").lower()
            if not name:
                place = self._byte(self.position)
                raise _refuse(f'Empty attribute name in the tag "{tag}" at byte offset {place}')
            self._spaces()
            attributes[name] = self._value(tag, start) if self._equals(tag, name) else ""

    def _equals(self, tag: str, attribute: str) -> bool:
        if self._peek() == "=":
            self.position += 1
            self._spaces()
            return True
        if attribute == "expandable":
            return False
        place = self._byte(self.position)
        raise _refuse(
            "Expected equal sign in declaration of an attribute of the tag"
            f' "{tag}" at byte offset {place}'
        )

    def _value(self, tag: str, start: int) -> str:
        quote = self._peek()
        if quote not in ("'", '"'):
            return self._word(">")
        self.position += 1
        parts: list[str] = []
        while self._peek() and self._peek() != quote:
            if self._peek() == "&":
                parts.append(self._reference())
            else:
                parts.append(self._peek())
                self.position += 1
        if not self._peek():
            raise _refuse(f'Unclosed start tag "{tag}" at byte offset {self._byte(start)}')
        self.position += 1
        return "".join(parts)

    def _end_tag(self) -> None:
        start = self.position
        if not self.open_tags:
            raise _refuse(f"Unexpected end tag at byte offset {self._byte(start)}")
        self.position += 2
        name = self._word(">").lower()
        self._spaces()
        if self._peek() != ">":
            raise _refuse(f"Unclosed end tag at byte offset {self._byte(start)}")
        self.position += 1
        tag = self.open_tags.pop()
        if name and name != tag.name:
            place = self._byte(start)
            raise _refuse(
                f'Unmatched end tag at byte offset {place}, expected "</{tag.name}>",'
                f' found "</{name}>"'
            )
        if self.offset > tag.offset:
            self._close(tag)

    def _close(self, tag: _Tag) -> None:
        parent = self.open_tags[-1] if self.open_tags else None
        if parent is not None and parent.name == "pre" and tag.name == "code":
            parent.attributes.setdefault("class", tag.attributes.get("class", ""))
            return
        if any(outer.name in ("code", "pre") for outer in self.open_tags):
            return
        entity = {
            "type": _KINDS[tag.name],
            "offset": tag.offset,
            "length": self.offset - tag.offset,
        }
        extra = _extra(tag)
        if extra is not None:
            self.entities.append(entity | extra)


def _extra(tag: _Tag) -> Json | None:
    """What an entity carries besides its place; None when the tag says nothing useful."""
    if tag.name == "a":
        url = tag.attributes.get("href", "")
        return {"url": url} if url.startswith(("http://", "https://", "tg://", "mailto:")) else None
    if tag.name == "tg-emoji":
        emoji = tag.attributes.get("emoji-id", "")
        return {"custom_emoji_id": emoji} if emoji else None
    if tag.name == "pre":
        language = tag.attributes.get("class", "").removeprefix("language-")
        return {"language": language} if language else {}
    if tag.name == "blockquote" and "expandable" in tag.attributes:
        return {"type": "expandable_blockquote"}
    return {}


def _numbered(name: str) -> str | None:
    digits, base = (name[2:], 16) if name[:2] in ("#x", "#X") else (name[1:], 10)
    if not name.startswith("#") or not digits.isascii() or not digits.isalnum():
        return None
    try:
        code = int(digits, base)
    except ValueError:
        return None
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else None


def parse(source: str) -> Formatted:
    return _Parser(source).run()
