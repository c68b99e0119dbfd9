"""National numbers of persons: are they valid, and what do they say of birth date and sex?"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class NationalNumber:
    country: str
    number: str
    birth: date | None
    """None when the number does not say it."""
    sex: str | None


KINDS = {
    "ARG": "ar.dni", "BEL": "be.nn", "BGR": "bg.egn", "BRA": "br.cpf", "CHE": "ch.ssn",
    "CHL": "cl.rut", "CHN": "cn.ric", "CUB": "cu.ni", "CZE": "cz.rc", "DNK": "dk.cpr",
    "DOM": "do.cedula", "ECU": "ec.ci", "ESP": "es.dni", "EST": "ee.ik", "FIN": "fi.hetu",
    "GRC": "gr.amka", "HRV": "hr.oib", "IDN": "id.nik", "IND": "in_.pan", "ISL": "is_.kennitala",
    "ISR": "il.idnr", "ITA": "it.codicefiscale", "KOR": "kr.rrn", "LTU": "lt.asmens",
    "LVA": "lv.pvn", "MEX": "mx.curp", "MYS": "my.nric", "NLD": "nl.bsn",
    "NOR": "no.fodselsnummer", "PAK": "pk.cnic", "PER": "pe.cui", "POL": "pl.pesel",
    "ROU": "ro.cnp", "SVK": "sk.rc", "SVN": "si.emso", "SWE": "se.personnummer",
    "THA": "th.pin", "TUR": "tr.tckimlik", "ZAF": "za.idnr",
}  # fmt: skip
"""Country to the module of python-stdnum that knows the number printed on its identity cards."""

_ODD_IS_MALE = {"CHN": -2, "ROU": 0, "LTU": 0, "DNK": -1, "MYS": -1}
"""The digit that tells the sex, where python-stdnum does not."""


def read(country: str, text: str) -> NationalNumber | None:
    """The number when it is valid in that country; None otherwise, and where no rule is known."""
    if country not in KINDS:
        return None
    kind = importlib.import_module(f"stdnum.{KINDS[country]}")
    try:
        number = str(kind.validate(text))
        birth = _told(kind, "get_birth_date", number)
        return NationalNumber(country, number, birth, _sex(kind, country, number))
    except Exception:
        # Its modules raise whatever they stumble over in digits that are none.
        return None


def _told(kind: Any, question: str, number: str) -> Any:
    ask: Callable[[str], Any] | None = getattr(kind, question, None)
    return ask(number) if ask else None


def _sex(kind: Any, country: str, number: str) -> str | None:
    if country in _ODD_IS_MALE:
        digits = [letter for letter in number[:18] if letter.isalnum()]
        return "M" if int(digits[_ODD_IS_MALE[country]]) % 2 else "F"
    told = _told(kind, "get_gender", number)
    return str(told) if told in ("M", "F") else None
