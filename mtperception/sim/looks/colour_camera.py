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
A colour camera: from the light of a scene to the picture that software gets.

Pictures are float32 RGB, H x W x 3, 0 to 1 and above, until they are `sensed`. A data set's
pictures are those of a calibrated, rectified camera: whatever the lens does, its pixels are where
the pinhole camera's are. `distorted` makes the picture of a lens that is not corrected.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import distort_pixels, Distortion, undistort_pixels
from mtperception.sim.looks.camera_effects import (
    bloom,
    compressed,
    defocused,
    exposed,
    Picture,
    sensed,
    vignetted,
)

# Pixels between places where a lens's distortion is computed.
_COARSE = 4
# Light above this spills over.
_BLOOMING = 0.95
_LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)


@dataclass(frozen=True)
class ColourCamera:
    """
    A lens, a sensor and what the driver makes of it.

    `level` is how bright the middle half of the picture's light is made, 0 to 1, `contrast` the
    power that it is bent by. `gains` are the white balance's errors by channel, `saturation` is 1
    for true colours and 0 for grey. `vignette` is the share of light lost in the corners, `blur`
    the defocus (standard deviation, pixels), `shake` the way that the picture moved during the
    exposure (pixels) and `shake_angle` its direction. The noises are as in `sensed`. With
    `mosaic`, colours are interpolated from a Bayer pattern; `lens` is what was corrected by
    resampling, `quality` that of JPEG (None: no compression).
    """

    level: float
    contrast: float
    gains: tuple[float, float, float]
    saturation: float
    vignette: float
    bloom: float
    blur: float
    shake: float
    shake_angle: float
    read_noise: float
    shot_noise: float
    mosaic: bool
    lens: Distortion | None
    quality: int | None


def draw_colour_camera(rng: np.random.Generator) -> ColourCamera:
    """Draw a camera: mostly a decent one, now and then each fault."""
    def now_and_then(share: float) -> bool:
        return bool(rng.random() < share)

    cast = 0.14 if now_and_then(0.3) else 0.05
    gains = np.exp(rng.normal(0.0, cast, 3).clip(-2 * cast, 2 * cast))
    gains /= gains.mean()
    noisy = 2.5 if now_and_then(0.25) else 1.0
    k1 = float(rng.uniform(-0.3, 0.0))
    return ColourCamera(
        level=float(rng.uniform(0.28, 0.62)),
        contrast=float(rng.uniform(0.8, 1.25)),
        gains=(float(gains[0]), float(gains[1]), float(gains[2])),
        saturation=float(rng.uniform(0.5, 1.3)) if now_and_then(0.9) else 0.0,
        vignette=float(rng.uniform(0.0, 0.35)),
        bloom=float(rng.uniform(0.0, 0.4)),
        blur=float(rng.uniform(0.8, 1.8) if now_and_then(0.2) else rng.uniform(0.3, 0.8)),
        shake=float(rng.uniform(1.0, 6.0)) if now_and_then(0.12) else 0.0,
        shake_angle=float(rng.uniform(0.0, np.pi)),
        read_noise=float(noisy * rng.uniform(0.3, 2.0)),
        shot_noise=float(noisy * rng.uniform(0.5, 3.5)),
        mosaic=now_and_then(0.75),
        lens=Distortion(
            k1, -0.4 * k1 * float(rng.uniform(0.0, 1.0)), *rng.normal(0, 0.001, 2).tolist())
        if now_and_then(0.3) else None,
        quality=int(rng.integers(50, 97)) if now_and_then(0.6) else None)


def photograph_colour(
    rng: np.random.Generator, light: Picture, camera: ColourCamera, geometry: PinholeCamera,
    gain: float | None = None,
) -> NDArray[np.uint8]:
    """Take a picture of a scene's light: RGB, 8 bits; exposed by a gain or by the light itself."""
    picture = developed(light, camera, gain)
    picture = vignetted(picture, camera.vignette)
    if camera.bloom > 0.0 and picture.max() > _BLOOMING:
        picture = bloom(picture, _BLOOMING, 6.0, camera.bloom)
    if camera.shake > 0.0:
        picture = shaken(picture, camera.shake, camera.shake_angle)
    if camera.blur > 0.0:
        picture = defocused(picture, camera.blur)
    picture = compressed(saturated(picture, camera.saturation), 0.85)
    if camera.mosaic:
        noisy = sensed(mosaicked(picture), rng, camera.read_noise, camera.shot_noise)
        image = demosaicked(noisy)
    else:
        image = sensed(picture, rng, camera.read_noise, camera.shot_noise)
    if camera.lens is not None:
        image = rectified(image, geometry, camera.lens)
    return image if camera.quality is None else recompressed(image, camera.quality)


def photograph_cleanly(light: Picture, camera: ColourCamera, gain: float) -> NDArray[np.uint8]:
    """Take a picture with a camera's exposure and colours, by a gain, but with no other fault."""
    picture = saturated(developed(light, camera, gain), camera.saturation)
    return np.asarray(cv2.convertScaleAbs(compressed(picture, 0.85), alpha=255.0))


def exposure(light: Picture, camera: ColourCamera) -> float:
    """Return the gain that makes the mean of the middle half of the light the camera's level."""
    some = np.ascontiguousarray(light[::3, ::3])
    weights = np.array(camera.gains, dtype=np.float32) * _LUMA
    luma = np.sort(cv2.transform(some, weights[None]), axis=None)
    middle = float(luma[len(luma) // 4:len(luma) - len(luma) // 4].mean())
    bright = float(luma[int(0.98 * (len(luma) - 1))])
    # A picture of dark things may stay dark, and bright spots do not decide.
    gain = min(camera.level / max(middle, 0.03), 0.95 / max(bright, 0.05), 8.0)
    return max(gain, 0.4)


def developed(light: Picture, camera: ColourCamera, gain: float | None = None) -> Picture:
    """Balance colours and expose, by a gain or by the light itself."""
    by = exposure(light, camera) if gain is None else gain
    return exposed(cv2.transform(light, np.diag(camera.gains)), by, camera.contrast)


def saturated(picture: Picture, saturation: float) -> Picture:
    """Draw colours away from grey by a factor; 1 leaves them, 0 is grey. Keeps the brightness."""
    mixed = saturation * np.eye(3) + (1.0 - saturation) * _LUMA
    vivid = cv2.transform(picture, mixed)
    return np.asarray(np.clip(vivid, np.float32(0.0), np.float32(np.inf), out=vivid))


def shaken(picture: Picture, length: float, angle: float) -> Picture:
    """Blur along a line of so many pixels, at an angle counter-clockwise from x."""
    steps = max(2, int(np.ceil(4 * length)))
    along = (np.arange(steps) + 0.5) / steps - 0.5
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=np.float64)
    for x, y in zip(length * np.cos(angle) * along, -length * np.sin(angle) * along, strict=True):
        column, row = int(np.floor(x)), int(np.floor(y))
        right, below = x - column, y - row
        spread = np.outer((1.0 - below, below), (1.0 - right, right))
        kernel[reach + row:reach + row + 2, reach + column:reach + column + 2] += spread
    return np.asarray(
        cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def mosaicked(picture: Picture) -> Picture:
    """Keep one channel a pixel, as behind a Bayer pattern (RGGB): H x W."""
    mosaic = picture[:, :, 1].copy()
    mosaic[::2, ::2] = picture[::2, ::2, 0]
    mosaic[1::2, 1::2] = picture[1::2, 1::2, 2]
    return mosaic


def demosaicked(mosaic: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Interpolate RGB from a Bayer pattern (RGGB)."""
    # OpenCV names the pattern by its second row's second and third pixel.
    return np.asarray(cv2.cvtColor(mosaic, cv2.COLOR_BayerBG2RGB))


def recompressed(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Compress as JPEG and read again."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode('.jpg', bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    read = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB))


def distorted(
    image: NDArray[np.uint8], camera: PinholeCamera, lens: Distortion,
) -> NDArray[np.uint8]:
    """Return what a lens makes of the pinhole picture; the labels go by `distort_pixels`."""
    return _resampled(image, _map(camera, lens, False))


def rectified(
    image: NDArray[np.uint8], camera: PinholeCamera, lens: Distortion,
) -> NDArray[np.uint8]:
    """Distort by a lens and correct it again: nothing moves, but it is resampled twice."""
    return _resampled(distorted(image, camera, lens), _map(camera, lens, True))


def _resampled(image: NDArray[np.uint8], place: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.remap(image, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _map(camera: PinholeCamera, lens: Distortion, correcting: bool) -> NDArray[np.float32]:
    """Return where each pixel of the new picture is in the old one, H x W x 2."""
    wide, high = (-(-size // _COARSE) for size in (camera.width, camera.height))
    # Shifts are computed for every few pixels; they are so even that between those lines will do.
    rows, columns = np.mgrid[-1:high + 1, -1:wide + 1] * float(_COARSE) + (_COARSE - 1) / 2
    grid = np.column_stack((columns.ravel(), rows.ravel()))
    moved = (distort_pixels if correcting else undistort_pixels)(camera, lens, grid)
    shifts = (moved - grid).reshape(high + 2, wide + 2, 2).astype(np.float32)
    every = cv2.resize(shifts, None, fx=_COARSE, fy=_COARSE, interpolation=cv2.INTER_LINEAR)
    place = every[_COARSE:_COARSE + camera.height, _COARSE:_COARSE + camera.width]
    place[..., 0] += np.arange(camera.width, dtype=np.float32)
    place[..., 1] += np.arange(camera.height, dtype=np.float32)[:, None]
    return np.ascontiguousarray(place)
