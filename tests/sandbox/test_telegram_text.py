"""The HTML parse mode and the text rules, example by example."""

import pytest

from sandbox.telegram import markup_html
from sandbox.telegram.refusals import Refusal
from sandbox.telegram.text import MESSAGE_LIMIT, Formatted, clean, finished


def parsed(source: str) -> tuple[str, list[tuple[str, int, int]]]:
    shown = finished(markup_html.parse(clean(source)), MESSAGE_LIMIT, what="message")
    return shown.text, [(e["type"], e["offset"], e["length"]) for e in shown.entities]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain > text", "plain > text", []),
        ("<b>bold</b> not", "bold not", [("bold", 0, 4)]),
        ("<B>b</B><em>i</em>", "bi", [("bold", 0, 1), ("italic", 1, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("1 &lt; 2 &amp;&amp; 3 &#x3E; 2 &nbsp;", "1 < 2 && 3 > 2 &nbsp;", []),
        ("👍<u>x</u>", "👍x", [("underline", 2, 1)]),
        ("  <s> x </s>  ", "x", [("strikethrough", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<code>/start <b>x</b></code>", "/start x", [("code", 0, 8)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<a href='https://a.b/?x=1&amp;y'>go</a>", "go", [("text_link", 0, 2)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("see https://kopa.dev/a.", "see https://kopa.dev/a.", [("url", 4, 18)]),
        ("/loan or a/b", "/loan or a/b", [("bot_command", 0, 5)]),
        ("mail a.b@c.org now", "mail a.b@c.org now", [("email", 5, 9)]),
        ("a\u202eb\u0007c\r\nd", "ab c\nd", []),
    ],
)
def test_what_is_shown(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    assert parsed(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("é<div>x</div>", 'Unsupported start tag "div" at byte offset 2'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<a href='x", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a"'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ],
)
def test_what_is_refused(source: str, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        markup_html.parse(source)
    assert refused.value.description.startswith(f"Bad Request: can't parse entities: {reason}")


def test_length_is_measured_after_parsing_in_utf16_units() -> None:
    finished(markup_html.parse("<b>" + "x" * 4096 + "</b>"), MESSAGE_LIMIT, what="message")
    with pytest.raises(Refusal, match="message is too long"):
        finished(Formatted("👍" * 2049), MESSAGE_LIMIT, what="message")
