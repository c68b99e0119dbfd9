"""LightGBM's C library for prediction alone.

Importing the `lightgbm` package takes seconds (it looks for scikit-learn, pandas and matplotlib);
serving needs a few functions of its shared library.
"""

import ctypes
import importlib.util
import threading
import weakref
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RAW_SCORE, _CONTRIBUTIONS = 1, 3
_FLOAT64 = ctypes.c_int(1)
_ROW_MAJOR = ctypes.c_int(1)
_FROM_FIRST, _TO_LAST = ctypes.c_int(0), ctypes.c_int(-1)
_ONE_THREAD = ctypes.c_char_p(b"num_threads=1")
_AGREEMENT = 1e-12


class NativeFailure(Exception):
    """The library refused a call: the text is not a model, or the row has the wrong length."""


def library_version() -> str:
    return version("lightgbm")


class Booster:
    """A LightGBM text model. Rows are scored with one thread: a request is never worth more."""

    def __init__(self, text: str) -> None:
        self._handle = _Handle(text)
        self.width = self._handle.width()
        self._prepared = _Prepared()
        self._check_single_rows()

    def raw_scores(self, rows: Floats) -> Floats:
        """Log-odds, one per row."""
        return self._predict(rows, _RAW_SCORE, 1)[:, 0]

    def contributions(self, rows: Floats) -> Floats:
        """Per row: each feature's share of the log-odds, then the expected value."""
        return self._predict(rows, _CONTRIBUTIONS, self.width + 1)

    def _predict(self, rows: Floats, kind: int, columns: int) -> Floats:
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise NativeFailure(f"rows of {self.width} values expected, not {rows.shape}")
        if len(rows) == 1:
            return self._single_row(kind, columns).predict(rows)
        return self._predict_many(rows, kind, columns)

    def _single_row(self, kind: int, columns: int) -> "_SingleRow":
        own = self._prepared.by_kind
        if kind not in own:
            own[kind] = _SingleRow(self._handle, kind, self.width, columns)
        return own[kind]

    def _predict_many(self, rows: Floats, kind: int, columns: int) -> Floats:
        matrix = np.ascontiguousarray(rows, dtype=np.float64)
        out = np.empty((len(matrix), columns), dtype=np.float64)
        written = ctypes.c_int64()
        _call(
            "LGBM_BoosterPredictForMat",
            self._handle.pointer,
            _pointer(matrix),
            _FLOAT64,
            ctypes.c_int32(len(matrix)),
            ctypes.c_int32(self.width),
            _ROW_MAJOR,
            ctypes.c_int(kind),
            _FROM_FIRST,
            _TO_LAST,
            _ONE_THREAD,
            ctypes.byref(written),
            _pointer(out),
        )
        assert written.value == out.size
        return out

    def _check_single_rows(self) -> None:
        """The quick way for one row must say what the plain way says, on this machine too."""
        row = np.arange(self.width, dtype=np.float64)
        for kind, columns in ((_RAW_SCORE, 1), (_CONTRIBUTIONS, self.width + 1)):
            rows = np.vstack([np.full(self.width, np.nan), -row, row, 100.0 * row])
            plain = self._predict_many(rows, kind, columns)
            quick = [self._predict(rows[n : n + 1], kind, columns)[0] for n in range(len(rows))]
            if not np.allclose(plain, quick, rtol=0, atol=_AGREEMENT):
                raise NativeFailure("one row alone is not scored as among others")


class _Handle:
    """The library's own object. Whoever predicts with it keeps it alive."""

    def __init__(self, text: str) -> None:
        self.pointer = ctypes.c_void_p()
        rounds = ctypes.c_int()
        _call(
            "LGBM_BoosterLoadModelFromString",
            text.encode(),
            ctypes.byref(rounds),
            ctypes.byref(self.pointer),
        )
        weakref.finalize(self, _library().LGBM_BoosterFree, self.pointer)

    def width(self) -> int:
        width = ctypes.c_int()
        _call("LGBM_BoosterGetNumFeature", self.pointer, ctypes.byref(width))
        return width.value


class _SingleRow:
    """Settings read and buffers laid out beforehand: a call does nothing but walk the trees."""

    def __init__(self, handle: _Handle, kind: int, width: int, columns: int) -> None:
        config = ctypes.c_void_p()
        _call(
            "LGBM_BoosterPredictForMatSingleRowFastInit",
            handle.pointer,
            ctypes.c_int(kind),
            _FROM_FIRST,
            _TO_LAST,
            _FLOAT64,
            ctypes.c_int32(width),
            _ONE_THREAD,
            ctypes.byref(config),
        )
        weakref.finalize(self, _free, config, handle)
        self._row = np.empty((1, width))
        self._out = np.empty((1, columns))
        written = ctypes.byref(ctypes.c_int64())
        self._arguments = (config, _pointer(self._row), written, _pointer(self._out))
        self._call = _library().LGBM_BoosterPredictForMatSingleRowFast

    def predict(self, row: Floats) -> Floats:
        self._row[:] = row
        if self._call(*self._arguments) != 0:
            raise NativeFailure(_last_error())
        return self._out.copy()


class _Prepared(threading.local):
    """Each thread has its own: two must not write into the same buffers."""

    def __init__(self) -> None:
        self.by_kind: dict[int, _SingleRow] = {}


def _free(config: ctypes.c_void_p, _handle: _Handle) -> None:
    """Takes the handle so that the library frees the settings before the model they point to."""
    _library().LGBM_FastConfigFree(config)


def _pointer(array: Floats) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _call(name: str, *arguments: object) -> None:
    if getattr(_library(), name)(*arguments) != 0:
        raise NativeFailure(_last_error())


def _last_error() -> str:
    message: bytes = _library().LGBM_GetLastError()
    return message.decode(errors="replace")


@cache
def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("lightgbm")
    assert spec is not None
    assert spec.origin is not None
    found = sorted(Path(spec.origin).parent.rglob("lib_lightgbm.*"))
    library = ctypes.CDLL(str(found[0]))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library
