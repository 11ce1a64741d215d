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

"""Between the weights of a network and the tensors of a model."""

from typing import Any

import numpy as np
import torch
from torch import nn

from mtperception import zoo


def restore(network: nn.Module, tensors: zoo.Tensors, where: str) -> None:
    """Give a network the weights of a model; ``where`` names the model in errors."""
    state = {key: torch.from_numpy(value).float() for key, value in tensors.items()}
    counters = {key: value for key, value in network.state_dict().items()
                if key.endswith('num_batches_tracked')}
    try:
        network.load_state_dict(state | counters)
    except RuntimeError:
        raise zoo.ModelError(f'{where}: the tensors are not those of the network that is '
                             'described; train it again') from None


def half_precision(network: nn.Module) -> dict[str, Any]:
    """Take the network's tensors as numpy: kernels in half precision, all else in single."""
    return {name: value.numpy().astype(np.float16 if value.ndim > 1 else np.float32)
            for name, value in network.state_dict().items() if value.is_floating_point()}
