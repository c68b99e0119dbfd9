"""What leaves as a log line: nothing that was measured of a face, and what operators need."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import structlog

from kit import log
from kit.ids import new_id

TEMPLATE = np.array([0.127441, -0.083313], dtype=np.float32)


@pytest.fixture(autouse=True)
def _configured_as_in_production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = structlog.get_config()
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)  # The test's own handlers stay.
    log.configure("debug")
    yield
    structlog.configure(**before)


def logged(capsys: pytest.CaptureFixture[str], **values: Any) -> dict[str, Any]:
    structlog.get_logger().info("something.happened", **values)
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "values",
    [
        {"template": "f4c1"},
        {"face_distance": 0.4127},
        {"found": {"embedding": [1, 2]}},
        {"found": TEMPLATE},
        {"found": TEMPLATE.tobytes()},
        {"found": TEMPLATE.tolist()},
        {"found": [{"left_eye": (12.5, 88.25)}]},
        {"numbers": {"landmarks": "12 88"}},
    ],
    ids=str,
)
def test_nothing_biometric_is_logged(
    capsys: pytest.CaptureFixture[str], values: dict[str, Any]
) -> None:
    (name,) = values
    said = json.dumps(logged(capsys, **values)[name])

    assert log.MASK in said
    assert not any(trace in said for trace in ("f4c1", "0.4", "0.1", "12", "88", "\\x"))


def test_what_operators_need_stays(capsys: pytest.CaptureFixture[str]) -> None:
    number = str(new_id())

    said = logged(capsys, check="face", pictures=3, seconds=1.5, loan=number, ids=[1, 2])

    del said["timestamp"], said["level"], said["event"]
    assert said == {"check": "face", "pictures": 3, "seconds": 1.5, "loan": number, "ids": [1, 2]}
