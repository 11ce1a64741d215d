"""What the pin detector finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PinDetection:
    """
    One pin in one picture.

    ``x`` and ``y`` are the centre of the pin's top face in pixels of the picture, (0, 0) being
    the centre of its first pixel; ``diameter`` is the pin's in pixels at the top face; ``score``
    is in [0, 1].
    """

    x: float
    y: float
    diameter: float
    score: float
