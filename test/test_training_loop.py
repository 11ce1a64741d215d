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

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import torch

from mtperception.pin.network import PinArchitecture, PinNetwork
from mtperception.training.checkpoint import CheckpointError, read_checkpoint
from mtperception.training.loop import fit, Schedule, Task, TrainingError
from mtperception.training.muon import is_for_muon, orthogonal
from mtperception.training.one_cycle import one_cycle

SCHEDULE = Schedule(epochs=4, steps_per_epoch=10, kernel_rate=0.02, rate=0.02, weight_decay=1e-3,
                    largest_gradient=5.0, averaging=0.9)


def task(loss=torch.nn.functional.mse_loss):
    """Learn a plane through noisy points, with layers for both optimisers."""
    torch.manual_seed(3)
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 8), torch.nn.Unflatten(1, (8, 1, 1)), torch.nn.Conv2d(8, 8, 1),
        torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 1))
    offset = [0.0]

    def prepare(epoch, average):
        offset[0] = 0.1 * average(torch.ones(2, 2)).mean().item() * epoch

    def batch(epoch, step):
        points = np.random.default_rng((epoch, step)).normal(size=(32, 2)).astype(np.float32)
        points += np.float32(offset[0])
        return torch.from_numpy(points), torch.from_numpy(points @ np.float32([[1.0], [-2.0]]))

    return Task(network, batch, lambda model, data: loss(model(data[0]), data[1]), prepare)


def test_training_reduces_the_loss(tmp_path):
    losses = []
    fit(task(), SCHEDULE, checkpoint=tmp_path / 'c.safetensors', run={},
        after_step=lambda _, loss: losses.append(loss))
    assert len(losses) == 40
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


@pytest.mark.parametrize('stop_after', [1, 3])
def test_a_resumed_run_ends_as_an_uninterrupted_one(tmp_path, stop_after):
    run = {'seed': 1}
    whole = fit(task(), SCHEDULE, checkpoint=tmp_path / 'whole.safetensors', run=run)

    def stop(epoch, _):
        if epoch == stop_after:
            raise KeyboardInterrupt

    broken = tmp_path / 'broken.safetensors'
    with pytest.raises(KeyboardInterrupt):
        fit(task(), SCHEDULE, checkpoint=broken, run=run, after_epoch=stop)
    steps = []
    resumed = fit(task(), SCHEDULE, checkpoint=broken, run=run, resume=True,
                  after_step=lambda done, _: steps.append(done))
    assert steps[0] == 10 * stop_after + 1
    expected = whole.state_dict()
    for name, value in resumed.state_dict().items():
        assert torch.equal(value, expected[name]), name
    last, expected = (read_checkpoint(path, run).tensors
                      for path in (broken, tmp_path / 'whole.safetensors'))
    assert last.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in last.items())


def lost(value, found):
    return value * float('nan')


def without_gradient(value, found):
    """Add a finite value whose gradient is infinite times 0."""
    return value + torch.sqrt(0 * found.sum())


@pytest.mark.parametrize(('fault', 'step'), [(lost, 13), (without_gradient, 13),
                                             (without_gradient, 20)])
def test_a_loss_that_is_not_finite_stops_the_training(tmp_path, fault, step):
    calls = []

    def loss(found, wanted):
        calls.append(1)
        value = torch.nn.functional.mse_loss(found, wanted)
        return fault(value, found) if len(calls) == step else value

    checkpoint = tmp_path / 'c.safetensors'
    with pytest.raises(TrainingError, match=f'became nan in epoch 2, step {step - 10}') as caught:
        fit(task(loss), SCHEDULE, checkpoint=checkpoint, run={})
    assert 'learning rates of 0.0' in str(caught.value)
    assert f'{checkpoint} is of epoch 1' in str(caught.value)
    kept = read_checkpoint(checkpoint, {})
    assert kept.epochs_done == 1
    assert all(torch.isfinite(value).all() for value in kept.tensors.values())


def test_checkpoints_of_another_run_are_refused(tmp_path):
    checkpoint = tmp_path / 'c.safetensors'
    fit(task(), SCHEDULE, checkpoint=checkpoint, run={'seed': 1, 'width': (1, 2)})
    assert read_checkpoint(checkpoint, {'seed': 1, 'width': (1, 2)}).epochs_done == 4
    with pytest.raises(CheckpointError, match='another seed;'):
        fit(task(), SCHEDULE, checkpoint=checkpoint, run={'seed': 2, 'width': (1, 2)}, resume=True)


def test_missing_and_damaged_checkpoints_are_named(tmp_path):
    checkpoint = tmp_path / 'c.safetensors'
    with pytest.raises(CheckpointError, match='no checkpoint to resume from'):
        read_checkpoint(checkpoint, {})
    fit(task(), SCHEDULE, checkpoint=checkpoint, run={})
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    with pytest.raises(CheckpointError, match='damaged'):
        read_checkpoint(checkpoint, {})


def test_an_interrupted_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    checkpoint = tmp_path / 'c.safetensors'
    fit(task(), SCHEDULE, checkpoint=checkpoint, run={})
    before = checkpoint.read_bytes()

    def full(*_):
        raise OSError('no space left')

    monkeypatch.setattr('os.replace', full)
    with pytest.raises(OSError, match='no space'):
        fit(task(), SCHEDULE, checkpoint=checkpoint, run={})
    assert [file.name for file in tmp_path.iterdir()] == ['c.safetensors']
    assert checkpoint.read_bytes() == before


def test_the_rate_rises_and_falls_once():
    rates = [one_cycle(step, 200) for step in range(200)]
    top = int(np.argmax(rates))
    assert rates[top] == pytest.approx(1)
    assert (np.diff(rates[:top + 1]) > 0).all() and (np.diff(rates[top:]) < 0).all()
    assert rates[-1] < 0.01 < rates[0] < 0.1


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), seed=st.integers(0, 99))
@settings(deadline=None)
def test_orthogonal_keeps_directions_and_evens_out_their_lengths(rows, columns, seed):
    matrix = torch.from_numpy(np.random.default_rng(seed).normal(size=(rows, columns)))
    left, lengths, right = torch.linalg.svd(matrix, full_matrices=False)
    kept = lengths > 0.1 * lengths.max()
    found = torch.diag(left.T @ orthogonal(matrix) @ right.T)[kept]
    assert (found > 0.5).all() and (found < 1.3).all()


def test_muon_takes_hidden_kernels_alone():
    network = PinNetwork(PinArchitecture())
    kept = {name for name, value in network.named_parameters() if not is_for_muon(value)}
    assert {'stem.0.weight', 'head.weight', 'head.bias', 'stem.1.weight'} <= kept
    assert 'stem.3.weight' not in kept and 'joined.first.0.weight' not in kept
