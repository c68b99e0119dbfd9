"""Names as they can be compared: letters of any script, without titles, with their spellings."""

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

_WORD = re.compile(r"[a-z]+")
_APOSTROPHES = re.compile(r"['`´‘’ʻʼʽʾʿ′]")  # noqa: RUF001 (they stand in names)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_TITLES = """
    mr mrs ms miss dr prof sir lady haji hajji hajj alhaji sheikh shaykh sheik shaikh mullah mulla
    maulavi mawlawi mawlana qari hafiz general gen colonel col major maj captain capt commander
    commandant lieutenant lt jr sr
"""
_PARTICLES = """
    al el ul as ash ad ar az an at bin ibn ben bint de del della di da do dos das du la las los le
    van von der den ten y e ou ould uld wa
"""
_PASSED_OVER = frozenset(f"{_TITLES} {_PARTICLES}".split())
_ABD = re.compile(r"abd(?:[aeiou]{1,2}|)(?:l|r|s|sh|n|z|d|t|j|)(?=[a-z]{4})")
_ALLAH = re.compile(r"abd[aeou]{1,2}ll?ah?$")
# Sounds that are written in many ways when Arabic, Persian and Cyrillic names become Latin ones.
# Capitals are sounds that no other rule touches again.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:y|j)(?=[eiu])", ""),
        (r"shch|sch|sh|sz", "S"),
        (r"tch|cz|ch", "C"),
        (r"dzh|zh|dj|j|g(?=[eiy])", "J"),
        (r"kh|h", "h"),
        (r"ph|w|v", "f"),
        (r"ck|q|c(?![eiy])|gh|k", "k"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"x", "ks"),
        (r"ts|z|c", "s"),
        (r"[aeo]?(?:ou|oo|u|o)", "u"),
        (r"(?<=[a-zA-Z])(?:ee|ei|ey|ay|ai|ij|iy|yi|ii|e|y|i)", "i"),
        (r"[iy](?=[aeu])", ""),
        (r"(.)\1+", r"\1"),
    )
)
# Wade-Giles for the same syllables as pinyin: Mao Tse-tung and Mao Zedong.
_WADE = tuple(
    (re.compile(rf"^{pinyin}"), wade)
    for pinyin, wade in (
        ("zh", "ch"), ("x", "hs"), ("q", "ch"), ("j", "ch"), ("b", "p"), ("d", "t"),
        ("g", "k"), ("z", "ts"), ("c(?!h)", "ts"),
    )
)  # fmt: skip
_SAME_SOUND = str.maketrans("bgdSCJ", "pktsss")
_PATRONYMIC = re.compile(r".{3}(?:ovich|evich|ovych|evych|ovna|evna|ivna|oglu|ogly|kyzy|qizi)$")
UNLIKE = 0.85
"""Two words less alike than this are different words."""


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One word of a name."""

    text: str
    sound: str
    keys: tuple[str, ...]
    """Consonants: words that may be one and the same share a key."""
    is_patronymic: bool

    @property
    def is_initial(self) -> bool:
        return len(self.text) == 1


def words(name: str) -> tuple[Word, ...]:
    """The words that tell people apart. Titles and particles count only when nothing else is."""
    parted = _CHINESE.sub(lambda sign: f" {anyascii(sign[0])} ", _APOSTROPHES.sub("", name))
    plain = _APOSTROPHES.sub("", anyascii(parted)).lower()
    found = [part for text in _WORD.findall(plain) for part in _parted(text)]
    telling = [text for text in found if text not in _PASSED_OVER]
    return tuple(word(text) for text in (telling or found))


@lru_cache(maxsize=200_000)
def word(text: str) -> Word:
    sound = _sound(text)
    keys = {_skeleton(sound), _skeleton(_sound(_wade(text)))}
    # One consonant too many, missing or wrong still leads to it.
    longest = _skeleton(sound)
    if len(longest) >= 3:
        keys |= {longest[:n] + longest[n + 1 :] for n in range(1, len(longest))}
    return Word(text, sound, tuple(sorted(keys)), bool(_PATRONYMIC.match(text)))


@lru_cache(maxsize=500_000)
def likeness(one: str, other: str) -> float:
    """1 for the same word, over 0.9 for its spellings, 0 for another one."""
    if one == other:
        return 1.0
    if len(one) == 1 or len(other) == 1:
        return 0.9 if one[0] == other[0] else 0.0
    a, b = word(one), word(other)
    if a.sound == b.sound:
        return 0.98 if len(a.sound) > 2 else 0.9
    if _wade(one) == other or _wade(other) == one:
        return 0.96
    found = max(JaroWinkler.similarity(one, other), 0.97 * JaroWinkler.similarity(a.sound, b.sound))
    # In a short word one letter makes another name: Ali and Alia, Kim and Tim.
    if min(len(one), len(other)) <= 4:
        found -= 0.06
    return found if found >= UNLIKE else 0.0


def _parted(text: str) -> list[str]:
    """`abdurrahman`, `abdelrahman` and `abd rahman` alike; `abdullah` stays one word."""
    if _ALLAH.match(text):
        return ["abdullah"]
    if text in ("abdul", "abdel", "abdal", "abdur", "abdoul", "abdi"):
        return ["abd"]
    if found := _ABD.match(text):
        return ["abd", text[found.end() :]]
    return [text]


def _sound(text: str) -> str:
    for pattern, sound in _SOUNDS:
        text = pattern.sub(sound, text)
    return text


def _skeleton(sound: str) -> str:
    consonants = re.sub(r"[aeiouyh]", "", sound.translate(_SAME_SOUND))
    consonants = re.sub(r"(.)\1+", r"\1", consonants)
    return consonants or sound[:1]


@lru_cache(maxsize=100_000)
def _wade(text: str) -> str:
    for pattern, wade in _WADE:
        text, changed = pattern.subn(wade, text)
        if changed:
            break
    return text
