"""The people who hold the phones."""

import re

from pydantic import BaseModel, Field, field_validator

from sandbox.bus import Bus
from sandbox.store import Store

_PHONE = re.compile(r"\+[1-9]\d{7,14}\Z", re.ASCII)
_FIRST_ID = 71_000_001


class NewPerson(BaseModel):
    first_name: str = Field(min_length=1, max_length=64)
    last_name: str = Field(default="", max_length=64)
    language_code: str = Field(default="en", pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]+)?\z")
    phone: str | None = None
    """Empty takes the next free number that the numbering plan keeps for fiction."""

    @field_validator("phone")
    @classmethod
    def _is_international(cls, phone: str | None) -> str | None:
        if phone is not None and not _PHONE.match(phone):
            raise ValueError("a phone number looks like +12025550104")
        return phone


class Person(BaseModel):
    id: int
    """Telegram user id and private chat id at once, as in Telegram itself."""
    first_name: str
    last_name: str = ""
    username: str
    language_code: str
    phone: str
    account: str
    """The wallet's account number."""


class PhoneTaken(ValueError):
    pass


class NobodyThere(KeyError):
    pass


CAST = (
    NewPerson(first_name="Amina", last_name="Diallo", language_code="en"),
    NewPerson(first_name="Bruno", last_name="Reyes", language_code="es"),
    NewPerson(first_name="Chen", last_name="Wei", language_code="en"),
)


class People:
    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._by_id = {
            person.id: person for person in map(Person.model_validate, store.list("person"))
        }
        if not self._by_id:
            for newcomer in CAST:
                self.add(newcomer)

    def add(self, newcomer: NewPerson) -> Person:
        phone = newcomer.phone or self._free_phone()
        if self.find_by_phone(phone) is not None:
            raise PhoneTaken(f"{phone} belongs to somebody else")
        number = self._store.next_number("person", 0)
        person = Person(
            id=_FIRST_ID + number,
            first_name=newcomer.first_name,
            last_name=newcomer.last_name,
            username=_username(newcomer.first_name, number),
            language_code=newcomer.language_code,
            phone=phone,
            account=phone.removeprefix("+"),
        )
        self._by_id[person.id] = person
        self._store.put("person", person.id, person.model_dump())
        self._bus.publish("people", "added", person=person.model_dump())
        return person

    def list(self) -> list[Person]:
        return list(self._by_id.values())

    def get(self, person_id: int) -> Person:
        try:
            return self._by_id[person_id]
        except KeyError:
            raise NobodyThere(person_id) from None

    def find_by_phone(self, phone: str) -> Person | None:
        return next((person for person in self._by_id.values() if person.phone == phone), None)

    def find_by_account(self, account: str) -> Person | None:
        return next((person for person in self._by_id.values() if person.account == account), None)

    def _free_phone(self) -> str:
        # 555-0100 to 555-0199 are never given to anybody, in any of the area codes.
        for area in ("202", "303", "404", "505", "606", "707", "808"):
            for line in range(101, 200):
                phone = f"+1{area}5550{line}"
                if self.find_by_phone(phone) is None:
                    return phone
        raise PhoneTaken("no fictional number is left: give one")


def _username(first_name: str, number: int) -> str:
    plain = re.sub(r"[^a-z0-9]", "", first_name.lower()) or "phone"
    return f"{plain}_{number + 1:04}"
