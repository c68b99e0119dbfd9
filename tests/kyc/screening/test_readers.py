"""Publishers' files are read whole or refused whole."""

from datetime import date
from pathlib import Path

import pytest

from kyc.screening.entries import (
    Birth,
    Entry,
    EntryKind,
    Listing,
    ListNotReadable,
    Strength,
    birth_in_words,
    country_code,
    packed,
    unpacked,
)
from kyc.screening.readers import folder
from tests.kyc.screening import publishers

DAY = Birth(date(1948, 12, 10), date(1948, 12, 10))


def read(tmp_path: Path, **files: bytes) -> Listing:
    for name, content in files.items():
        (tmp_path / name.replace("_", ".")).write_bytes(content)
    [found] = folder.found_in(tmp_path)
    listing, _ = folder.read(found)
    return listing


def names(entry: Entry) -> dict[str, Strength]:
    return {alias.text: alias.strength for alias in entry.names}


class TestFormats:
    def test_ofac_tables(self, tmp_path: Path) -> None:
        listing = read(
            tmp_path, sdn_csv=publishers.SDN, alt_csv=publishers.ALT, add_csv=publishers.ADD
        )
        person, airline = listing.entries

        assert (listing.publisher, listing.published_on) == ("us_ofac_sdn", None)
        assert names(person) == {
            "Bakari ODUMBE": Strength.PRIMARY,
            "THE CHESS PLAYER": Strength.WEAK,
            "ABU-'UMAR": Strength.WEAK,
            "Musa ODUMBE BAKARI": Strength.STRONG,
        }
        assert person.births == (DAY, Birth(date(1950, 1, 1), date(1950, 12, 31), circa=True))
        assert (person.countries, person.program) == (("KE",), "SDGT, SDT")
        assert (airline.kind, airline.name) == (EntryKind.OTHER, "AEROVELERO AIRLINES")

    def test_ofac_xml(self, tmp_path: Path) -> None:
        listing = read(tmp_path, sdn_xml=publishers.SDN_XML)
        person, airline = listing.entries

        assert (listing.publisher, listing.published_on) == ("us_ofac_sdn", date(2026, 8, 28))
        assert names(person) == {
            "Bakari ODUMBE": Strength.PRIMARY,
            "Musa ODUMBE BAKARI": Strength.STRONG,
            "THE CHESS PLAYER": Strength.WEAK,
        }
        assert (person.births, person.countries) == ((DAY,), ("KE",))
        assert airline.kind is EntryKind.OTHER

    def test_eu_xml(self, tmp_path: Path) -> None:
        listing = read(tmp_path, eu_xml=publishers.EU_XML)
        [person] = listing.entries

        assert (listing.publisher, listing.published_on) == ("eu", date(2026, 9, 1))
        assert list(names(person).values()) == [Strength.PRIMARY, Strength.STRONG, Strength.WEAK]
        assert person.births == (Birth(date(1948, 1, 1), date(1948, 12, 31), circa=True), DAY)
        assert (person.uid, person.countries, person.program) == ("13", ("KE",), "TERR")

    def test_eu_table(self, tmp_path: Path) -> None:
        listing = read(tmp_path, eu_csv=publishers.EU_CSV)
        person, bank = listing.entries

        assert listing.published_on == date(2026, 9, 1)
        assert names(person) == {
            "Bakari Odumbe": Strength.PRIMARY,
            "Musa Odumbe Bakari": Strength.STRONG,
        }
        assert (person.births, person.countries) == ((DAY,), ("KE",))
        assert bank.kind is EntryKind.OTHER

    def test_un_xml(self, tmp_path: Path) -> None:
        listing = read(tmp_path, un_xml=publishers.UN_XML)
        person, company = listing.entries

        assert (listing.publisher, listing.published_on) == ("un", date(2026, 2, 27))
        assert names(person) == {
            "BAKARI ODUMBE": Strength.PRIMARY,
            "بكاري أودومبي": Strength.STRONG,
            "Musa Odumbe": Strength.STRONG,
            "Bako": Strength.WEAK,
        }
        assert person.births == (
            Birth(date(1946, 1, 1), date(1949, 12, 31)),
            Birth(date(1948, 11, 1), date(1948, 11, 30)),
        )
        assert (person.countries, person.program) == (("CD",), "DRC CDi.001")
        assert names(company) == {
            "VELERO TRADING": Strength.PRIMARY,
            "VELTRA": Strength.STRONG,
        }

    def test_uk_table(self, tmp_path: Path) -> None:
        listing = read(tmp_path, uk_csv=publishers.UK_CSV)
        person, company = listing.entries

        assert (listing.publisher, listing.published_on) == ("uk", date(2026, 10, 8))
        assert names(person) == {
            "Bakari Musa ODUMBE": Strength.PRIMARY,
            "Бакари Одумбе": Strength.STRONG,
            "BAKO": Strength.WEAK,
        }
        assert person.births == (Birth(date(1948, 1, 1), date(1948, 12, 31)), DAY)
        assert person.countries == ("KE", "SO", "UG")
        assert company.kind is EntryKind.OTHER

    def test_the_treasurys_older_table(self, tmp_path: Path) -> None:
        listing = read(tmp_path, conlist_csv=publishers.CONLIST_CSV)
        [person] = listing.entries

        assert listing.published_on == date(2025, 9, 1)
        assert (person.uid, person.births, person.countries) == ("6897", (DAY,), ("KE",))
        assert list(names(person)) == ["Bakari ODUMBE", "Musa ODUMBE"]

    def test_a_table_of_the_lenders_own(self, tmp_path: Path) -> None:
        listing = read(tmp_path, peps_csv=publishers.PEPS_CSV)
        person, company = listing.entries

        assert listing.publisher == "own:peps"
        assert list(names(person)) == ["Bakari Odumbe", "Musa Odumbe", "B. Odumbe"]
        assert (person.births, person.countries) == ((DAY,), ("KE", "UG"))
        assert company.kind is EntryKind.OTHER

    def test_survives_the_database(self, tmp_path: Path) -> None:
        entries = read(tmp_path, un_xml=publishers.UN_XML).entries

        assert unpacked(packed(entries)) == entries


class TestRefuses:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("un_xml", publishers.UN_XML[:-40]),
            ("sdn_xml", publishers.SDN_XML.replace(b"Count>2<", b"Count>3<")),
            ("uk_csv", publishers.UK_CSV[:-40]),
            ("eu_csv", publishers.EU_CSV.replace(b"Bank of Velero;;;", b"Bank of Velero;;;;;;")),
            ("own_csv", b"name,birth_date\n,1960\n"),
            ("own_csv", b"name\n"),
            ("own_csv", b"something,else\n1,2\n"),
            ("own_csv", b'name\n"never closed\n'),
            ("own_csv", b"name\nA\0B\n"),
            ("sdn_csv", publishers.SDN),
            ("page_xml", b"<html/>"),
            ("empty_xml", b""),
            (
                "laughs_xml",
                b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><export>&b;</export>',
            ),
            (
                "outside_xml",
                b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><export>&a;</export>',
            ),
            ("ladder_xml", b"<export>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</export>"),
        ],
    )
    def test_the_whole_file(self, tmp_path: Path, name: str, content: bytes) -> None:
        with pytest.raises(ListNotReadable):
            read(tmp_path, **{name: content})

    def test_tables_of_two_days(self, tmp_path: Path) -> None:
        with pytest.raises(ListNotReadable):
            read(
                tmp_path,
                sdn_csv=publishers.SDN,
                alt_csv=publishers.ALT.replace(b"2674", b"9999"),
                add_csv=publishers.ADD,
            )

    def test_what_is_too_large(self, tmp_path: Path) -> None:
        path = tmp_path / "eu.xml"
        with path.open("wb") as file:
            file.truncate(folder.LARGEST + 1)

        with pytest.raises(ListNotReadable):
            folder.read(folder.Found((path,)))

    def test_what_is_gone_or_may_not_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(ListNotReadable):
            folder.read(folder.Found((tmp_path / "eu.xml",)))

    def test_a_count_that_is_no_number(self, tmp_path: Path) -> None:
        assert publishers.SDN_XML.count(b"<Record_Count>2<") == 1
        with pytest.raises(ListNotReadable):
            read(
                tmp_path,
                sdn_xml=publishers.SDN_XML.replace(b"<Record_Count>2<", b"<Record_Count>two<"),
            )


class TestWords:
    @pytest.mark.parametrize(
        ("text", "first", "last", "circa"),
        [
            ("DOB 12 Mar 1960", date(1960, 3, 12), date(1960, 3, 12), False),
            ("Mar 1960", date(1960, 3, 1), date(1960, 3, 31), False),
            ("circa 1960", date(1960, 1, 1), date(1960, 12, 31), True),
            ("1958 to 1960", date(1958, 1, 1), date(1960, 12, 31), False),
            ("00/00/1960", date(1960, 1, 1), date(1960, 12, 31), False),
            ("00/02/1960", date(1960, 2, 1), date(1960, 2, 29), False),
            ("1960-03-12T00:00:00", date(1960, 3, 12), date(1960, 3, 12), False),
        ],
    )
    def test_births(self, text: str, first: date, last: date, circa: bool) -> None:
        assert birth_in_words(text) == Birth(first, last, circa)

    @pytest.mark.parametrize("text", ["", "unknown", "31/02/1960", "12/13/1960", "0000"])
    def test_what_is_no_birth(self, text: str) -> None:
        assert birth_in_words(text) is None

    def test_countries(self) -> None:
        said = ["KE", "ke", "Kenya", "Korea, North", "Iran, Islamic Republic of", "Nowhere", "QQ"]
        assert [country_code(name) for name in said] == ["KE", "KE", "KE", "KP", "IR", None, None]
