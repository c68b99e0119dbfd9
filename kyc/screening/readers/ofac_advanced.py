"""The United States' lists in OFAC's advanced XML: `sdn_advanced.xml` and `cons_advanced.xml`.

What a party is, what its features mean, where it lives and on which list it stands are numbers
that other parts of the file explain: reference values and locations before the parties, entries
of the lists after them. Explanatory notes: https://ofac.treasury.gov/media/10391/download.
"""

from collections.abc import Callable, Iterator
from datetime import date
from xml.etree.ElementTree import Element

from kyc.screening.entries import (
    Birth,
    Draft,
    EntryKind,
    Listing,
    ListNotReadable,
    Strength,
    birth_on,
    listing,
)
from kyc.screening.readers import trees
from kyc.screening.readers.ofac import CONSOLIDATED, SDN

_VALUES = (
    "AreaCode", "Country", "FeatureType", "List", "NamePartType", "PartySubType", "PartyType",
    "SanctionsType", "Script",
)  # fmt: skip
_FAMILY = ("Last Name", "Maiden Name", "Matronymic")
"""These stand first in the file and are said last."""


def from_xml(content: bytes) -> Listing:
    file = _File()
    readers: dict[str, Callable[[Element], None]] = {
        **dict.fromkeys(_VALUES, file.read_value),
        "DateOfIssue": file.read_day,
        "Location": file.read_location,
        "DistinctParty": file.read_party,
        "SanctionsEntry": file.read_entry,
    }
    for element in trees.elements(content, *readers):
        readers[trees.local(element)](element)
    if not file.lists:
        raise ListNotReadable(why="it does not say which list it is")
    publisher = SDN if "SDN List" in file.lists else CONSOLIDATED
    return listing(publisher, file.published, file.drafts.values())


class _File:
    """What has been read so far."""

    def __init__(self) -> None:
        self.published: date | None = None
        self.drafts: dict[str, Draft] = {}
        self.lists: set[str] = set()
        self._values: dict[tuple[str, str], Element] = {}
        self._places: dict[str, list[str]] = {}

    def read_value(self, element: Element) -> None:
        self._values[trees.local(element), element.get("ID", "")] = element

    def read_day(self, element: Element) -> None:
        if issued := _day(element, circa=False):
            self.published = issued.first

    def read_location(self, element: Element) -> None:
        """Countries by number; a country on its own is written out as the only part."""
        named = [
            *(self._country(part) for part in trees.children(element, "LocationCountry")),
            *(self._area(part) for part in trees.children(element, "LocationAreaCode")),
        ]
        parts = list(trees.children(element, "LocationPart"))
        if not named and len(parts) == 1:
            named = [trees.text(parts[0], "Value")]
        self._places[element.get("ID", "")] = named

    def read_party(self, element: Element) -> None:
        profile = next(trees.children(element, "Profile"), None)
        number = profile.get("ID", "") if profile is not None else ""
        if profile is None or not number:
            raise ListNotReadable(why="a party has no number")
        if number in self.drafts:
            raise ListNotReadable(why="two entries have one number")
        draft = self.drafts[number] = Draft(number, self._kind(profile))
        for identity in trees.children(element, "Identity"):
            self._read_names(draft, identity)
        for feature in trees.children(element, "Feature"):
            self._read_feature(draft, feature)

    def read_entry(self, element: Element) -> None:
        self.lists.add(self._text("List", element.get("ListID", "")))
        draft = self.drafts.get(element.get("ProfileID", ""))
        if draft is None:
            raise ListNotReadable(why="a list's entry belongs to no party")
        programs = {
            trees.own_text(measure, "Comment")
            for measure in trees.children(element, "SanctionsMeasure")
            if self._text("SanctionsType", measure.get("SanctionsTypeID", "")) == "Program"
        }
        known = set(draft.program.split(", "))
        draft.program = ", ".join(sorted((programs | known) - {""}))

    def _kind(self, profile: Element) -> EntryKind:
        party = self._value("PartySubType", profile.get("PartySubTypeID", ""))
        words = party.text
        if words == "Unknown":
            words = self._text("PartyType", party.get("PartyTypeID", ""))
        return EntryKind.PERSON if words == "Individual" else EntryKind.OTHER

    def _read_names(self, draft: Draft, identity: Element) -> None:
        groups = {
            group.get("ID", ""): self._text("NamePartType", group.get("NamePartTypeID", ""))
            for group in trees.children(identity, "NamePartGroup")
        }
        for alias in trees.children(identity, "Alias"):
            for name in trees.children(alias, "DocumentedName"):
                parts = list(trees.children(name, "NamePartValue"))
                parts.sort(key=lambda part: _place(groups.get(part.get("NamePartGroupID", ""))))
                words = " ".join(part.text or "" for part in parts)
                draft.add_name(words, self._strength(alias, parts))

    def _strength(self, alias: Element, parts: list[Element]) -> Strength:
        """A primary name may stand there in its own script, too."""
        if alias.get("LowQuality") == "true":
            return Strength.WEAK
        scripts = {
            self._text("Script", script) for part in parts if (script := part.get("ScriptID"))
        }
        is_primary = alias.get("Primary") == "true" and scripts <= {"Latin"}
        return Strength.PRIMARY if is_primary else Strength.STRONG

    def _read_feature(self, draft: Draft, feature: Element) -> None:
        meaning = self._text("FeatureType", feature.get("FeatureTypeID", "")).strip()
        for place in trees.children(feature, "VersionLocation"):
            for name in self._places.get(place.get("LocationID", ""), ()):
                draft.add_country(name)
        if meaning == "Place of Birth":
            for detail in trees.children(feature, "VersionDetail"):
                draft.add_country((detail.text or "").rpartition(",")[2])
        if meaning == "Birthdate":
            for period in trees.children(feature, "DatePeriod"):
                draft.add_birth(_birth(period))

    def _value(self, name: str, number: str) -> Element:
        if (name, number) not in self._values:
            raise ListNotReadable(why=f"it does not explain {name} {number[:20]}")
        return self._values[name, number]

    def _text(self, name: str, number: str) -> str:
        return self._value(name, number).text or ""

    def _country(self, part: Element) -> str:
        country = self._value("Country", part.get("CountryID", ""))
        return country.get("ISO2") or country.text or ""

    def _area(self, part: Element) -> str:
        return self._value("AreaCode", part.get("AreaCodeID", "")).get("Description", "")


def _place(part: str | None) -> int:
    return _FAMILY.index(part) + 1 if part in _FAMILY else 0


def _birth(period: Element) -> Birth | None:
    """From the first day that it may begin to the last day that it may end."""
    circa = any(part.get("Approximate") == "true" for part in period)
    days = [day for point in _points(period) if (day := _day(point, circa=circa)) is not None]
    if not days:
        return None
    return Birth(min(day.first for day in days), max(day.last for day in days), circa)


def _points(period: Element) -> Iterator[Element]:
    return (point for part in period for point in part if trees.local(point) in ("From", "To"))


def _day(point: Element, *, circa: bool) -> Birth | None:
    """One day, or as many as it may be when its day or its month is not there."""
    year, month, day = (trees.own_text(point, part) for part in ("Year", "Month", "Day"))
    return birth_on(int(year or 0), int(month or 0), int(day or 0), circa=circa)
