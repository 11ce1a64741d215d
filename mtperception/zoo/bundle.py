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

"""Read and write models: safetensors and a JSON card."""

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
from importlib import resources
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors, save as save_tensors

from mtperception.zoo.own_models import own_model, own_names

Tensors = Mapping[str, npt.NDArray[Any]]


class ModelError(ValueError):
    """A model cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Bundle:
    """A model as it lies on disk: its name, the SHA-256 of its tensors, its card, its tensors."""

    name: str
    sha256: str
    card: Mapping[str, Any]
    tensors: Tensors


def names() -> list[str]:
    """List the bundled models."""
    return sorted(file.name.removesuffix('.safetensors') for file in _shelf().iterdir()
                  if file.name.endswith('.safetensors'))


def load(name_or_path: str | Path) -> Bundle:
    """
    Read a model by its name, or any by the path of its ``.safetensors`` file.

    Names are those of the bundled models and of the user's own objects. ModelError is raised when
    there is no such model, or a file of it is missing, damaged, or of another format.
    """
    text = os.fspath(name_or_path)
    if text.endswith('.safetensors') or len(Path(text).parts) != 1:
        path = Path(text)
        if path.suffix != '.safetensors':
            raise ModelError(f'{text}: a model is named by its .safetensors file, whose card '
                             '(.json) lies beside it')
        return _read(path.stem, _bytes(path), _bytes(path.with_suffix('.json')), text)
    if text not in names():
        own = own_model(text)
        if own is not None:
            return _read(text, _bytes(own), _bytes(own.with_suffix('.json')), str(own))
        known = ', '.join((*names(), *own_names())) or 'none'
        raise ModelError(f'no bundled model is called {text!r}; there are: {known}. A model of '
                         'your own is named by the path of its .safetensors file')
    shelf = _shelf()
    where = f'bundled model {text!r}'
    card = shelf / f'{text}.json'
    if not card.is_file():
        raise ModelError(f'{where}: its card {text}.json is missing; install the package again')
    return _read(text, (shelf / f'{text}.safetensors').read_bytes(), card.read_bytes(), where)


def save(path: Path, tensors: Tensors, card: Mapping[str, Any]) -> Bundle:
    """
    Write a model to ``path`` (``.safetensors``) and its card beside it; return it as a bundle.

    The card is completed with ``sha256``. Each file is written whole or not at all; if the second
    is not, the hash in an older card refuses the pair.
    """
    if path.suffix != '.safetensors':
        raise ModelError(f'{path}: a model file ends in .safetensors')
    data = save_tensors({name: np.ascontiguousarray(value) for name, value in tensors.items()})
    sha256 = hashlib.sha256(data).hexdigest()
    full_card = {**card, 'sha256': sha256}
    _write_whole(path, data)
    _write_whole(path.with_suffix('.json'), (json.dumps(full_card, indent=2) + '\n').encode())
    return Bundle(path.stem, sha256, full_card, tensors)


def check_task(bundle: Bundle, task: str, where: str) -> None:
    """Refuse a model that is for another task; ``where`` names it in ModelError."""
    if bundle.card.get('task') != task:
        raise ModelError(f'{where}: this is a model for {bundle.card.get("task")!r}, not for '
                         f'{task!r}')


def threshold(bundle: Bundle, default: float, where: str) -> float:
    """Return the score from which on a model's detections are believed, by its card."""
    value = bundle.card.get('threshold', default)
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ModelError(f'{where}: the threshold of its card is {value!r}; it is a number from '
                         '0 to 1')
    return float(value)


def _shelf() -> Any:
    return resources.files('mtperception.zoo') / 'models'


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        part = ('its card is missing; copy it with the model, both are one'
                if path.suffix == '.json' else 'there is no such model file')
        raise ModelError(f'{path}: {part}') from None
    except OSError as error:
        raise ModelError(f'{path}: the model cannot be read: {error.strerror}') from None


def _read(name: str, data: bytes, card_data: bytes, where: str) -> Bundle:
    try:
        card = json.loads(card_data)
        expected = card['sha256']
    except (ValueError, KeyError, TypeError):
        raise ModelError(f'{where}: its card is damaged (no JSON object with a sha256); copy the '
                         'model again') from None
    _check_format(data, where)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != expected:
        raise ModelError(f'{where}: the tensors are not those of the card (SHA-256 {sha256[:12]} '
                         f'instead of {str(expected)[:12]}); copy both files again')
    try:
        tensors = load_tensors(data)
    except SafetensorError as error:
        raise ModelError(f'{where}: not a valid safetensors file ({error})') from None
    return Bundle(name, sha256, card, tensors)


def _check_format(data: bytes, where: str) -> None:
    # A safetensors file begins with the length of its header, whose bytes may be those, too.
    if data[8:9] != b'{' and (data[:1] == b'\x80' or data[:2] == b'PK'):
        raise ModelError(f'{where}: this is a pickle or a PyTorch archive, which could run code; '
                         'only safetensors files are read')
    header_end = 8 + int.from_bytes(data[:8], 'little')
    try:
        if header_end > len(data):
            raise EOFError
        header = json.loads(data[8:header_end])
        ends = [entry['data_offsets'][1] for key, entry in header.items()
                if key != '__metadata__']
    except EOFError:
        raise ModelError(f'{where}: truncated, or not a safetensors file; copy the model '
                         'again') from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ModelError(f'{where}: not a safetensors file; only such files are read') from None
    if len(data) < header_end + max(ends, default=0):
        raise ModelError(f'{where}: truncated ({len(data)} bytes of '
                         f'{header_end + max(ends)}); copy the model again')


def _write_whole(path: Path, data: bytes) -> None:
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
