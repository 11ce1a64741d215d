# Copyright 2026 mtperception developers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""
What a lens and a sensor do to a picture: pure functions on float32 pictures, 0 to 1.

Pictures are grey (H x W) or RGB (H x W x 3).
"""

from dataclasses import dataclass
from typing import cast, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.sim.looks.noise import grain

Picture = NDArray[np.float32]
Pixels = TypeVar('Pixels', NDArray[np.float32], NDArray[np.uint8])


@dataclass(frozen=True)
class Lens:
    """
    A lens and a sensor.

    `vignette` is the share of light lost in the corners, `blur` the standard deviation of the
    defocus in pixels, `gain` and `offset` the sensor's contrast and black level, the noises as
    in `sensed`.
    """

    vignette: float
    blur: float
    gain: float
    offset: float
    read_noise: float
    shot_noise: float


def draw_lens(rng: np.random.Generator) -> Lens:
    """Draw a lens: mostly sharp, one in five out of focus."""
    blur = rng.uniform(0.45, 1.0) if rng.random() < 0.8 else rng.uniform(1.0, 1.4)
    return Lens(
        rng.uniform(0.0, 0.45), blur, rng.uniform(0.8, 1.15), rng.uniform(-0.05, 0.08),
        rng.uniform(0.4, 2.2), rng.uniform(0.5, 4.0))


def photograph(rng: np.random.Generator, picture: Picture, lens: Lens) -> NDArray[np.uint8]:
    """Take a picture of a scene through a lens; the generator makes the noise."""
    seen = defocused(vignetted(picture, lens.vignette), lens.blur)
    light = seen * np.float32(lens.gain) + np.float32(lens.offset)
    return sensed(light, rng, lens.read_noise, lens.shot_noise)


def exposed(picture: Picture, gain: float, gamma: float) -> Picture:
    """Scale by a gain and bend by a gamma."""
    lit = picture * np.float32(gain)
    return np.asarray(cv2.pow(lit, gamma, lit))


def glare(
    picture: Picture, x: float, y: float, sigma_u: float, sigma_v: float, angle: float,
    strength: float, veil: float, where: NDArray[np.bool_] | None = None,
) -> Picture:
    """
    Add the reflection of a lamp, an elliptic spot around pixel (x, y).

    Its standard deviations are sigma_u pixels along a direction `angle` counter-clockwise from x
    and sigma_v across it. It brightens the surface by `strength` in proportion to its own
    brightness and by `veil` whatever that is; only where the mask says so.
    """
    height, width = picture.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None] - np.float32(y)
    columns = np.arange(width, dtype=np.float32)[None] - np.float32(x)
    cosine, sine = np.cos(angle), np.sin(angle)
    u, v = 0.5 / sigma_u**2, 0.5 / sigma_v**2
    # The exponent is a quadratic form in the column and the row.
    exponent = np.float32(2.0 * cosine * sine * (u - v)) * rows * columns
    exponent -= np.float32(u * sine**2 + v * cosine**2) * rows * rows
    exponent -= np.float32(u * cosine**2 + v * sine**2) * columns * columns
    spot = cv2.exp(exponent, exponent)
    if where is not None:
        spot *= where
    lit = picture * np.float32(strength)
    lit += np.float32(veil)
    lit *= _over_channels(spot, picture)
    lit += picture
    return lit


def bloom(picture: Picture, threshold: float, sigma: float, share: float) -> Picture:
    """Let light above a threshold spill over to pixels around."""
    if picture.max() <= threshold:
        return picture
    # Wide blurs are made small and enlarged.
    excess = np.clip(picture, np.float32(threshold), np.float32(np.inf))
    small = cv2.resize(excess, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small -= np.float32(threshold)
    small *= np.float32(share)
    spilt = cv2.resize(
        cv2.GaussianBlur(small, (0, 0), sigma / 4.0), (picture.shape[1], picture.shape[0]))
    spilt += picture
    return np.asarray(spilt)


def compressed(picture: Picture, knee: float) -> Picture:
    """Bend light above the knee towards 1, which it approaches but does not pass."""
    room = 1.0 - knee
    above = np.clip(picture, np.float32(knee), np.float32(np.inf))
    bent = picture - above
    # What is left to 1 falls off exponentially.
    above -= np.float32(knee)
    above *= np.float32(-1.0 / room)
    left = cv2.exp(above, above)
    left *= np.float32(room)
    bent -= left
    bent += np.float32(1.0)
    return np.asarray(bent)


def vignetted(picture: Picture, strength: float) -> Picture:
    """Darken towards the corners, by `strength` there."""
    height, width = picture.shape[:2]
    rows = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None]
    kept = 1.0 - np.float32(strength / 2.0) * (rows * rows + columns * columns)
    return picture * _over_channels(kept, picture)


def _over_channels(factor: Picture, picture: Picture) -> Picture:
    return factor if picture.ndim == 2 else cv2.merge((factor,) * picture.shape[2])


def defocused(picture: Picture, sigma: float) -> Picture:
    """Blur by a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float32)


def blurred(picture: Pixels, sigma: float) -> Pixels:
    """Blur as `defocused` does; wide blurs are made small and enlarged, in a tenth of the time."""
    shrink = 2 ** max(0, int(np.log2(max(sigma, 1e-3) / 1.5)))
    if shrink == 1:
        return cast(Pixels, cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.1)))
    height, width = picture.shape[:2]
    size = (max(1, width // shrink), max(1, height // shrink))
    small = cv2.GaussianBlur(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / shrink)
    return cast(Pixels, cv2.resize(small, (width, height)))


def sensed(
    picture: Picture, rng: np.random.Generator, read_noise: float, shot_noise: float
) -> NDArray[np.uint8]:
    """
    Add noise and quantise to 8 bits.

    `read_noise` is its standard deviation in the dark, `shot_noise` what is added to it at full
    brightness, growing as the square root of the light; both in grey levels.
    """
    light = np.clip(picture, np.float32(0.0), np.float32(1.0))
    noise = cv2.sqrt(light)
    noise *= np.float32(shot_noise)
    noise += np.float32(read_noise)
    noise *= grain(rng, len(picture), picture[0].size).reshape(picture.shape)
    return np.asarray(cv2.addWeighted(light, 255.0, noise, 1.0, 0.0, dtype=cv2.CV_8U))
