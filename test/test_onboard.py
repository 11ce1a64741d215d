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

"""A new object from its mesh: the whole way, interrupted and gone on with, and what is refused."""

import json
import signal

import numpy as np
import pytest
import trimesh

from mtperception import zoo
from mtperception.cli import onboard
from mtperception.cli.main import main
from mtperception.cli.stage_progress import StageProgress
from mtperception.objects.known import cache_folder, open_estimator
from mtperception.objects.onboarding_plan import (
    FULL,
    PICTURES,
    Plan,
    QUICK,
    SECONDS,
    STAGES,
    TRAINING,
)
from mtperception.pose.hyper_parameters import HyperParameters
from mtperception.sim.pose.layout import pose_camera
from mtperception.zoo.own_models import own_names

pytestmark = pytest.mark.timeout(1200)

TINY = Plan(6, 2, HyperParameters(
    width=4, latent=8, epochs=2, samples_per_epoch=16, batch=8, validation_share=0.2),
    views=8, directions=12, turns=4)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for name in ('DATA', 'CACHE'):
        monkeypatch.setenv(f'XDG_{name}_HOME', str(tmp_path / name.lower()))
    monkeypatch.setattr(onboard, 'QUICK', TINY)
    monkeypatch.setattr(onboard, 'START', 'none is bundled')
    before = signal.getsignal(signal.SIGINT)
    yield tmp_path
    # A command that ends by Ctrl-C lets no second one disturb it.
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def mesh(tmp_path):
    path = tmp_path / 'peg.stl'
    trimesh.creation.box((80.0, 30.0, 30.0)).export(path)
    return path


def words(mesh, *more):
    return ['onboard', str(mesh), '--name', 'peg', '--units', 'mm', *more]


def test_one_command_makes_an_object_known(home, mesh, pose_model, capsys, monkeypatch):
    work = home / 'work'
    every = words(mesh, '--finish', 'steel', '--init', str(pose_model), '--work', str(work))
    report = StageProgress.report

    def interrupt_at(stage, done):
        def stop(self, at, so_far, total):
            report(self, at, so_far, total)
            if (at, so_far) == (stage, done):
                raise KeyboardInterrupt
        monkeypatch.setattr(StageProgress, 'report', stop)

    # Ctrl-C while it renders, and in the second epoch.
    for more, stage, done in (((), PICTURES, 3), (('--resume',), TRAINING, 3)):
        interrupt_at(stage, done)
        assert main([*every, *more]) == 130
        assert f'{work} has what is done, the same command with --resume goes on' in (
            capsys.readouterr().err)
        assert own_names() == []
    monkeypatch.setattr(StageProgress, 'report', report)
    # Not by mistake, nor as another object.
    assert main(every) == 1
    assert 'go on with --resume, or delete the folder' in capsys.readouterr().err
    assert main([*every, '--resume', '--seed', '5']) == 1
    assert 'begun with another --seed' in capsys.readouterr().err

    assert main([*every, '--resume', '--json']) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told['name'], told['count'], told['seed']) == ('peg', 2, 0)
    # A square bar looks the same after four turns, either end up.
    assert told['object']['symmetries'] == 8 and told['object']['mirrored']
    assert told['object']['finish'] == 'steel'
    assert 'it looks the same after 8 turns' in printed.err and '80 x 30 x 30 mm' in printed.err
    folder = home / 'data' / 'mtperception' / 'objects' / 'peg'
    assert told['folder'] == str(folder)
    card = json.loads((folder / 'pose.json').read_text())
    assert card['object'] == 'peg' and card['test']['count'] == 2
    assert set(card['test']['add01d']) == {'rgb', 'depth'}
    assert card['training']['command'] == (
        'mtperception onboard peg.stl --name peg --units mm --finish steel --init '
        f'{pose_model.name} --seed 0')
    # It went on from a model of another object, gently.
    assert card['architecture'] == {'width': 4, 'latent': 12}
    assert card['training']['start'] == zoo.load(pose_model).sha256
    assert card['training']['kernel_rate'] < HyperParameters().kernel_rate
    # The codebook is there already, and poses are told by the object's name.
    kept, = cache_folder().iterdir()
    estimator = open_estimator('peg', directions=12, turns=4)
    assert len(estimator.codebook) == 48 and [kept] == list(cache_folder().iterdir())
    assert estimator.sha256 == told['model_sha256']
    image = np.zeros((512, 512, 3), np.uint8)
    assert isinstance(estimator.estimate(image, pose_camera(512, 512)), list)
    # A work folder that was named stays; the name is taken.
    assert (work / 'training' / 'pose.safetensors').exists()
    assert main(every) == 1
    assert "an object 'peg' is known already" in capsys.readouterr().err


@pytest.mark.parametrize(('more', 'said'), [
    (('--pictures', '1'), '--pictures is 1; it must be at least 2'),
    (('--epochs', '0'), '--epochs is 0'), (('--seed', '-1'), '--seed is -1'),
    (('--init', 'nosuch'), "no bundled model is called 'nosuch'"),
    (('--init', 'pin'), "for 'pin', not for 'pose'"),
    (('--colour', 'red'), 'six hexadecimal digits'),
    (('--resume',), 'nothing was begun here; leave out --resume')])
def test_what_cannot_be_is_said_before_anything_is_made(home, mesh, more, said, capsys):
    assert main(words(mesh, *more)) == 1
    assert said in capsys.readouterr().err
    assert not (home / 'data').exists() and not (home / 'cache').exists()


def test_a_bad_mesh_and_a_bad_name_are_said(home, mesh, capsys):
    assert main(['onboard', str(mesh), '--name', 'hammer', '--units', 'mm']) == 1
    assert "'hammer' is taken" in capsys.readouterr().err
    assert main(['onboard', str(mesh), '--name', 'peg', '--units', 'm']) == 1
    assert 'its unit may be' in capsys.readouterr().err
    assert main(['onboard', str(home / 'no.stl'), '--name', 'peg', '--units', 'mm']) == 1
    assert 'No such file' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(['onboard', str(mesh), '--name', 'peg'])
    assert '--units' in capsys.readouterr().err


def test_work_is_not_put_among_other_files(home, mesh, capsys):
    (home / 'mine').mkdir()
    (home / 'mine' / 'letter.txt').write_text('keep me')
    assert main(words(mesh, '--work', str(home / 'mine'))) == 1
    assert 'holds other files (letter.txt)' in capsys.readouterr().err
    assert main(words(mesh, '--work', str(mesh))) == 1
    assert 'is a file' in capsys.readouterr().err


def test_the_usual_plan_takes_a_quarter_of_an_hour():
    def minutes(plan):
        return sum(count * SECONDS[stage] for stage, count in plan.amounts().items()) / 60.0

    assert tuple(QUICK.amounts()) == STAGES == tuple(SECONDS)
    assert 8.0 < minutes(QUICK) < 14.0
    assert minutes(FULL) > 3.0 * minutes(QUICK)


def test_the_time_that_remains_follows_what_is_seen(monkeypatch):
    from rich.console import Console

    now = 0.0
    monkeypatch.setattr('mtperception.cli.stage_progress.time.monotonic', lambda: now)
    progress = StageProgress(
        Console(quiet=True), {'a': 100, 'b': 10}, {'a': 1.0, 'b': 20.0})
    progress.report('a', 0, 100)
    assert progress.seconds_left(0, 100, now) == pytest.approx(300.0)
    now = 25.0
    progress.report('a', 50, 100)
    # Twice as fast as was expected; so will be what is to come.
    assert progress.seconds_left(50, 100, now) == pytest.approx(25.0 + 100.0)
    now = 50.0
    progress.report('a', 100, 100)
    progress.report('b', 2, 10)  # two were done before
    assert progress.seconds_left(2, 10, now) == pytest.approx(80.0)
    now = 90.0
    assert progress.seconds_left(6, 10, now) == pytest.approx(40.0)
