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

"""Random looks of colour pictures, so that a network never sees one twice."""

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]


def random_look(image: Image, rng: np.random.Generator) -> Image:
    """Change colours, contrast, brightness, sharpness and noise as other cameras might."""
    gain = rng.uniform(0.65, 1.3) * rng.uniform(0.85, 1.15, 3)
    light = (np.arange(256) / 255) ** np.exp(rng.uniform(-0.3, 0.3))
    tables = light[:, None] * gain + rng.uniform(-0.08, 0.08)
    result = cv2.LUT(image, np.clip(255 * tables + 0.5, 0, 255).astype(np.uint8)[:, None])
    if rng.random() < 0.15:
        grey = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)
        result = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    if rng.random() < 0.2:
        result = cv2.GaussianBlur(result, (0, 0), rng.uniform(0.3, 1.0))
    if rng.random() < 0.3:
        noise = rng.standard_normal(result.shape, dtype=np.float32)
        noisy = result + noise * np.float32(rng.uniform(1, 6)) + np.float32(0.5)
        result = np.clip(noisy, 0, 255).astype(np.uint8)
    return np.asarray(result, dtype=np.uint8)
