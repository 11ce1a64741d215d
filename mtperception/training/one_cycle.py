"""The one-cycle learning rate (Smith and Topin, 2018), as a function of the step alone."""

import math

WARM_UP = 0.1
START, END = 1 / 25, 1e-3


def one_cycle(step: int, steps: int) -> float:
    """Give a step's share of the peak rate: up along a cosine to 1, then down to nearly 0."""
    turn = max(1.0, WARM_UP * steps)
    if step < turn:
        return _cosine(START, 1, step / turn)
    return _cosine(1, END, (step - turn) / max(1.0, steps - turn))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2
