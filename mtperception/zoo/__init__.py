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
Bundled models by name: the tensors' file, its hash, its card.

A model is two files side by side, ``NAME.safetensors`` and ``NAME.json``; the second is the card,
which says what the first is and carries its SHA-256. No architecture is known here. Models of
the user's own objects go by name, too.
"""

from mtperception.zoo.bundle import (
    Bundle,
    check_task,
    load,
    ModelError,
    names,
    save,
    Tensors,
    threshold,
)

__all__ = [
    'Bundle', 'ModelError', 'Tensors', 'check_task', 'load', 'names', 'save', 'threshold']
