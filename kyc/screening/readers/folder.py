"""A folder of lists: which file is whose by what is in it, and each publisher's list read whole."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kyc.screening.entries import Listing, ListNotReadable
from kyc.screening.readers import eu, ofac, ofac_advanced, plain, tables, trees, uk, un

LARGEST = 200 * 2**20
"""The largest list, OFAC's advanced XML, is about 120 MB."""
_OFAC_TABLES = {
    ("sdn.csv", "alt.csv", "add.csv"): ofac.SDN,
    ("cons_prim.csv", "cons_alt.csv", "cons_add.csv"): ofac.CONSOLIDATED,
}
_ENDED = "ArrayOfFinancialSanctionsTarget"
"""The root of the Treasury's `ConList.xml`."""
_BY_ROOT: dict[str, Callable[[bytes], Listing]] = {
    "sdnList": ofac.from_xml,
    "Sanctions": ofac_advanced.from_xml,
    "export": eu.from_xml,
    "CONSOLIDATED_LIST": un.from_xml,
    "Designations": uk.from_xml,
}


@dataclass(frozen=True)
class Found:
    """A list in the folder: one file, or the three tables of OFAC."""

    paths: tuple[Path, ...]

    @property
    def label(self) -> str:
        return "+".join(path.name for path in self.paths)


def found_in(folder: Path) -> list[Found]:
    files = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_file()}
    lists = [
        Found(tuple(files.pop(name) for name in names if name in files))
        for names in _OFAC_TABLES
        if names[0] in files
    ]
    ours = (path for name, path in files.items() if name.endswith((".csv", ".xml")))
    return [*lists, *(Found((path,)) for path in ours)]


def read(found: Found) -> tuple[Listing, str]:
    """The list and the hash of its files. Run it in a worker: the files come from outside."""
    try:
        contents = [_content(path) for path in found.paths]
        digest = hashlib.sha256(b"\0".join(contents)).hexdigest()
        return _listing(found, contents), digest
    except OSError:
        raise ListNotReadable(why="the file cannot be opened") from None
    except (KeyError, ValueError):
        raise ListNotReadable(why="a column is missing, or words where a number belongs") from None


def _content(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise ListNotReadable(why=f"{path.name} is larger than {LARGEST // 2**20} MB")
    return path.read_bytes()


def _listing(found: Found, contents: list[bytes]) -> Listing:
    names = tuple(path.name.lower() for path in found.paths)
    for group, publisher in _OFAC_TABLES.items():
        if names[0] == group[0]:
            if names != group:
                raise ListNotReadable(why=f"{' and '.join(group[1:])} belong to it")
            return ofac.from_csv(publisher, *contents)
    (path,), (content,) = found.paths, contents
    if path.suffix.lower() == ".xml":
        return _from_xml(path, content)
    return _from_csv(path, content)


def _from_xml(path: Path, content: bytes) -> Listing:
    root = trees.local(trees.root_of(content))
    if root == _ENDED:
        raise ListNotReadable(why="this list ended in January 2026, take the UK Sanctions List")
    if root not in _BY_ROOT:
        raise ListNotReadable(why=f"no publisher's list begins with {root[:40]}")
    if root == "sdnList" and path.name.lower().startswith("cons"):
        return ofac.from_xml(content, ofac.CONSOLIDATED)
    return _BY_ROOT[root](content)


def _from_csv(path: Path, content: bytes) -> Listing:
    first = next(_lines(content), "").lower()
    if first.startswith(uk.STARTS):
        return uk.from_csv(content)
    if "entity_logicalid" in first:
        return eu.from_csv(content)
    if "name" in first.split(","):
        return plain.from_csv(path, content)
    raise ListNotReadable(why="its first line is of no list that is known")


def _lines(content: bytes) -> Iterator[str]:
    yield tables.text_of(content[:4_000]).partition("\n")[0].strip().replace('"', "")
