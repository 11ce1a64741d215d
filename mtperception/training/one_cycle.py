"""The one-cycle learning rate (Smith and Topin, 2018), as a function of the step alone."""

import math

WARM_UP = 0.15
START, END = 1 / 25, 1e-3


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Give the rate of a step: up along a cosine to ``peak``, then down to nearly nothing."""
    turn = max(1.0, WARM_UP * steps)
    if step < turn:
        return _cosine(peak * START, peak, step / turn)
    return _cosine(peak, peak * END, (step - turn) / max(1.0, steps - turn))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2
