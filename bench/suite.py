"""The benchmarks by name. Each has a full size and a tiny one that only shows that it works."""

import importlib

from bench.report import Report, machine

BENCHES = {
    "bot": "updates through the webhook against a bare echo bot",
    "day-close": "the end of the day, for many days and for many loans",
    "decision": "a whole credit decision",
    "face": "our comparison of faces against bare face_recognition",
    "kyc": "documents read, faces recognized, living persons told from films of them",
    "postings": "entries of the ledger against plain rows",
    "quotes": "quotes against numpy-financial",
    "replay": "the life of one loan, told again from 100 events",
    "schedules": "schedules one by one and many at once, and an offer screen",
    "scoring": "risk models against five others: ranking, calibration, what it is worth, latency",
    "screening": "names against sanctions lists: time, strangers hit, listed people found",
}


def run(name: str, *, tiny: bool = False) -> Report:
    # Imported when asked for: each one needs other heavy libraries.
    bench = importlib.import_module(f"bench.{name.replace('-', '_')}")
    before = machine()
    lines = bench.lines(tiny=tiny)
    return Report(name, lines, before, machine())
