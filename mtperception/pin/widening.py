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

"""Give a trained network more channels without changing what it computes."""

import numpy as np
import torch
from torch import nn

from mtperception import zoo


def widen_from(network: nn.Module, tensors: zoo.Tensors, where: str) -> None:
    """
    Give a fresh network the weights of a narrower one of the same layers.

    The old channels see none of the new ones, so that the maps are at first those of the narrower
    network; the new channels keep their random kernels and join by training (as in Net2Net, Chen
    et al., 2016, but with new channels in place of copies). ``where`` names the narrower model in
    zoo.ModelError, raised where its layers are others or wider.
    """
    state = network.state_dict()
    fits = all(name in state and old.ndim == state[name].ndim
               and (np.array(old.shape) <= state[name].shape).all()
               for name, old in tensors.items())
    counters = {name for name in state if name.endswith('num_batches_tracked')}
    if not fits or state.keys() - counters != tensors.keys():
        raise zoo.ModelError(f'{where}: this model cannot be widened to the settings: its layers '
                             'are others, or wider')
    with torch.no_grad():
        for name, old in tensors.items():
            new = state[name]
            if old.ndim > 1:
                new[:len(old)] = 0
            new[tuple(slice(size) for size in old.shape)] = torch.from_numpy(old).float()
