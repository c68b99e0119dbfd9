"""Publishers' files are read whole or refused whole."""

import tracemalloc
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
from kyc.screening.readers import folder, trees
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

    def test_ofac_advanced_xml(self, tmp_path: Path) -> None:
        listing = read(tmp_path, advanced_xml=publishers.ADVANCED_XML)
        person, airline = listing.entries

        assert (listing.publisher, listing.published_on) == ("us_ofac_sdn", date(2026, 8, 28))
        assert (person.uid, person.name) == ("2674", "Bakari ODUMBE")
        assert names(person) == {
            "Bakari ODUMBE": Strength.PRIMARY,
            "بكاري أودومبي": Strength.STRONG,
            "Musa ODUMBE BAKARI": Strength.STRONG,
            "THE CHESS PLAYER": Strength.WEAK,
        }
        assert (person.births, person.countries) == ((DAY,), ("KE", "TZ", "UG"))
        assert (person.program, airline.program) == ("SDGT, SDT", "CUBA")
        assert (airline.kind, airline.name) == (EntryKind.OTHER, "AEROVELERO AIRLINES")

    @pytest.mark.parametrize(
        ("days", "circa", "first", "last"),
        [
            (["1961-01-01"] * 2 + ["1961-12-31"] * 2, True, date(1961, 1, 1), date(1961, 12, 31)),
            (["1968-02-01"] * 2 + ["1968-02-29"] * 2, False, date(1968, 2, 1), date(1968, 2, 29)),
            (
                ["1984-01-01", "1984-12-31", "1986-01-01", "1986-12-31"],
                False, date(1984, 1, 1), date(1986, 12, 31),
            ),
            (["1961-00-00"] * 4, False, date(1961, 1, 1), date(1961, 12, 31)),
        ],
    )  # fmt: skip
    def test_ofacs_births_between_days(
        self, tmp_path: Path, days: list[str], circa: bool, first: date, last: date
    ) -> None:
        party = publishers.advanced_party(
            1,
            publishers.advanced_alias(publishers.advanced_name("ODUMBE"), primary=True),
            features=publishers.advanced_birth(*days, circa=circa),
        )
        content = publishers.advanced_xml(party, publishers.advanced_entry(1))
        [person] = read(tmp_path, advanced_xml=content).entries

        assert person.births == (Birth(first, last, circa),)

    def test_ofacs_consolidated_list_by_the_lists_that_it_names(self, tmp_path: Path) -> None:
        content = publishers.ADVANCED_XML.replace(b'ListID="1550"', b'ListID="1551"')
        listing = read(tmp_path, cons_xml=content)

        assert listing.publisher == "us_ofac_consolidated"

    def test_ofacs_consolidated_list_in_the_plain_xml_by_its_name(self, tmp_path: Path) -> None:
        listing = read(tmp_path, consolidated_xml=publishers.SDN_XML)

        assert listing.publisher == "us_ofac_consolidated"

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

    def test_uk_xml(self, tmp_path: Path) -> None:
        listing = read(tmp_path, uk_xml=publishers.UK_XML)
        person, company = listing.entries

        assert (listing.publisher, listing.published_on) == ("uk", date(2026, 10, 8))
        assert (person.uid, person.name) == ("AFG1", "Bakari Musa ODUMBE")
        assert names(person) == {
            "Bakari Musa ODUMBE": Strength.PRIMARY,
            "BAKO": Strength.WEAK,
            "Bakary ODUMBE": Strength.STRONG,
            "Бакари Одумбе": Strength.STRONG,
        }
        assert person.births == (
            Birth(date(1948, 1, 1), date(1948, 12, 31)),
            Birth(date(1948, 11, 1), date(1948, 11, 30)),
            DAY,
        )
        assert (person.countries, person.program) == (("KE", "SO", "UG"), "Terrorism")
        assert company.kind is EntryKind.OTHER

    def test_a_person_is_what_the_uk_does_not_call_anything_else(self, tmp_path: Path) -> None:
        """Borrowers are compared with persons only."""
        content = publishers.UK_XML.replace(
            b"<IndividualEntityShip>Individual</IndividualEntityShip>", b""
        )

        assert read(tmp_path, uk_xml=content).entries[0].kind is EntryKind.PERSON

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
            ("advanced_xml", publishers.ADVANCED_XML[:-40]),
            ("advanced_xml", publishers.ADVANCED_XML.replace(b'xml version="1.0"', b"xml")),
            ("uk_xml", publishers.UK_XML[:-40]),
            ("uk_xml", publishers.UK_XML.replace(b"<UniqueID>AFG2</UniqueID>", b"")),
            ("uk_xml", publishers.UK_XML.replace(b"AFG2", b"AFG1")),
            ("uk_xml", b"<Designations/>"),
        ],
    )
    def test_the_whole_file(self, tmp_path: Path, name: str, content: bytes) -> None:
        with pytest.raises(ListNotReadable):
            read(tmp_path, **{name: content})

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (publishers.ADVANCED_XML[:-40], "broken or cut off"),
            (publishers.ADVANCED_XML.replace(b'"2674" ListID', b'"2" ListID'), "no party"),
            (publishers.ADVANCED_XML.replace(b'"36"', b'"2674"'), "one number"),
            (
                publishers.ADVANCED_XML.replace(b'<FeatureType ID="8">', b'<FeatureType ID="80">'),
                "does not explain FeatureType 8",
            ),
            (
                publishers.ADVANCED_XML.replace(b"<Year>2026</Year>", b"<Year>MMXXVI</Year>"),
                "words where a number belongs",
            ),
            (publishers.advanced_xml(publishers.AIRLINE, ""), "which list it is"),
            (
                b'<!DOCTYPE x [<!ENTITY a "ha">]><Designations>&a;</Designations>',
                "document types or entities",
            ),
            (b"<ArrayOfFinancialSanctionsTarget/>", "ended in January 2026"),
        ],
    )  # fmt: skip
    def test_with_a_clear_reason(self, tmp_path: Path, content: bytes, why: str) -> None:
        with pytest.raises(ListNotReadable) as refused:
            read(tmp_path, list_xml=content)

        assert why in str(refused.value.params["why"])

    def test_what_is_not_wanted_is_forgotten_while_reading(self) -> None:
        content = b"<list>" + b"<other><word/></other>" * 20_000 + b"<entry/></list>"
        tracemalloc.start()
        try:
            assert [element.tag for element in trees.elements(content, "entry")] == ["entry"]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert peak < 2 * len(content)

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
