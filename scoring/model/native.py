"""LightGBM's C library for prediction alone.

Importing the `lightgbm` package takes seconds (it looks for scikit-learn, pandas and matplotlib);
serving needs four functions of its shared library.
"""

import ctypes
import importlib.util
import weakref
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NORMAL, _RAW_SCORE, _CONTRIBUTIONS = 0, 1, 3
_FLOAT64 = 1
_ROW_MAJOR = 1
_ONE_THREAD = b"num_threads=1"


class NativeFailure(Exception):
    """The library refused a call: the text is not a model, or the row has the wrong length."""


def library_version() -> str:
    return version("lightgbm")


class Booster:
    """A LightGBM text model. Rows are scored with one thread: a request is never worth more."""

    def __init__(self, text: str) -> None:
        self._handle = ctypes.c_void_p()
        rounds = ctypes.c_int()
        _call(
            "LGBM_BoosterLoadModelFromString",
            text.encode(),
            ctypes.byref(rounds),
            ctypes.byref(self._handle),
        )
        width = ctypes.c_int()
        _call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(width))
        self.width = width.value
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle)

    def raw_scores(self, rows: Floats) -> Floats:
        """Log-odds, one per row."""
        return self._predict(rows, _RAW_SCORE, 1)[:, 0]

    def contributions(self, rows: Floats) -> Floats:
        """Per row: each feature's share of the log-odds, then the expected value."""
        return self._predict(rows, _CONTRIBUTIONS, self.width + 1)

    def _predict(self, rows: Floats, kind: int, columns: int) -> Floats:
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise NativeFailure(f"rows of {self.width} values expected, not {rows.shape}")
        matrix = np.ascontiguousarray(rows, dtype=np.float64)
        out = np.empty((len(matrix), columns), dtype=np.float64)
        written = ctypes.c_int64()
        _call(
            "LGBM_BoosterPredictForMat",
            self._handle,
            matrix.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(_FLOAT64),
            ctypes.c_int32(len(matrix)),
            ctypes.c_int32(self.width),
            ctypes.c_int(_ROW_MAJOR),
            ctypes.c_int(kind),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            ctypes.c_char_p(_ONE_THREAD),
            ctypes.byref(written),
            out.ctypes.data_as(ctypes.c_void_p),
        )
        assert written.value == out.size
        return out


def _call(name: str, *arguments: object) -> None:
    library = _library()
    if getattr(library, name)(*arguments) != 0:
        raise NativeFailure(library.LGBM_GetLastError().decode(errors="replace"))


@cache
def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("lightgbm")
    assert spec is not None
    assert spec.origin is not None
    found = sorted(Path(spec.origin).parent.rglob("lib_lightgbm.*"))
    library = ctypes.CDLL(str(found[0]))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library
