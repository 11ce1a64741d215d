"""
Bundled models by name: the tensors' file, its hash, its card.

A model is two files side by side, ``NAME.safetensors`` and ``NAME.json``; the second is the card,
which says what the first is and carries its SHA-256. No architecture is known here.
"""

from mtperception.zoo.bundle import Bundle, load, ModelError, names, save

__all__ = ['Bundle', 'ModelError', 'load', 'names', 'save']
