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

"""Training in several processes: one share of each batch a process, under `torchrun`."""

from collections.abc import Iterator
import contextlib
import os

import torch.distributed as dist


@contextlib.contextmanager
def joined_processes() -> Iterator[None]:
    """Join the processes that `torchrun` has started; alone, nothing is joined."""
    if int(os.environ.get('WORLD_SIZE', '1')) < 2:
        yield
        return
    dist.init_process_group('gloo')
    try:
        yield
    finally:
        dist.destroy_process_group()


def rank() -> int:
    """Give the number of this process; 0 is the one that writes and reports."""
    return dist.get_rank() if dist.is_initialized() else 0


def count() -> int:
    """Give the number of processes that train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def wait_for_all() -> None:
    """Go on when all processes have come here."""
    if dist.is_initialized():
        dist.barrier()
