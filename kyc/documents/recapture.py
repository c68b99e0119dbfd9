"""Was this photographed from a screen or a print? A grid of dots shows as peaks in the spectrum."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kyc.images import Pixels

_PATCH = 256
_PATCHES = 3
"""Looked at along each side of the picture: the grid of a screen is everywhere."""
_FINEST, _COARSEST = 0.48, 0.1
"""Cycles a pixel. Coarser than this are letters and guilloches."""
_JPEG = 8
"""JPEG's blocks make peaks at multiples of an eighth, along the axes."""


def grid(pixels: Pixels) -> float:
    """How far the strongest lone peak stands above the noise around it, in the typical patch.

    Noise alone gives about 4.
    """
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    if min(gray.shape) < _PATCH:
        return 0.0
    places = [
        np.linspace(0, length - _PATCH, _PATCHES).astype(int).tolist() for length in gray.shape
    ]
    peaks = [
        _peak(gray[top : top + _PATCH, left : left + _PATCH])
        for top in places[0]
        for left in places[1]
    ]
    return round(float(np.median(peaks)), 1)


def _peak(patch: NDArray[np.float32]) -> float:
    window = np.hanning(_PATCH)
    smooth = cv2.GaussianBlur(patch, (0, 0), 4)
    spectrum = np.fft.fftshift(np.abs(np.fft.fft2((patch - smooth) * np.outer(window, window))))
    strength = spectrum.astype(np.float32)
    around = cv2.blur(strength, (15, 15))
    ratio = np.where(_looked_at(), strength / np.maximum(around, 1e-3), 0)
    return float(ratio.max())


def _looked_at() -> NDArray[np.bool_]:
    frequency = np.fft.fftshift(np.fft.fftfreq(_PATCH))
    across, down = np.meshgrid(frequency, frequency)
    radius = np.hypot(across, down)
    near_axis = np.minimum(np.abs(across), np.abs(down)) <= 1.5 / _PATCH
    eighths = np.maximum(np.abs(across), np.abs(down)) * _JPEG
    blocks = near_axis & (np.abs(eighths - np.rint(eighths)) <= 2.5 * _JPEG / _PATCH)
    return np.asarray((radius >= _COARSEST) & (radius <= _FINEST) & ~blocks, dtype=np.bool_)
