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

"""Rendering a data set: the same data however it is made, and nothing half-written."""

import argparse
from contextlib import contextmanager
from dataclasses import dataclass
import errno
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from mtperception.cli import bench_render, render as verb
from mtperception.pin.data.reading import read_labels
from mtperception.sim.files import writing as files_module
from mtperception.sim.files.coco import ANNOTATIONS
from mtperception.sim.files.data_folder import CARD, OutputError, UNFINISHED
from mtperception.sim.pin.data import PinData
from mtperception.sim.pin.scene import PinScene
from mtperception.sim.render import render, Rendered, Shard

BLOCK = 1000


@dataclass(frozen=True)
class Blocks:
    """A data set that needs no renderer: a block of bytes and a number for each sample."""

    name: str = 'blocks'
    arguments: tuple[str, ...] = ()
    bytes_per_sample: int = 2 * BLOCK
    colour: str = 'red'
    slowly: float = 0.0

    def parameters(self):
        return {'colour': self.colour}

    @contextmanager
    def scene(self):
        yield self

    def sample(self, seed, index):
        time.sleep(self.slowly)
        return np.random.default_rng([seed, index]).bytes(BLOCK)

    def write(self, files, index, sample):
        files.save(f'blocks/{index // 10}/{index:06d}.bin', sample)
        files.save(f'blocks/{index // 10}/{index:06d}.txt', b'second file')
        return {'first': sample[0], 'share': sample[1] / 7}

    def finish(self, files, records, info):
        listed = list(records)
        files.save('labels.json', json.dumps([listed, info]).encode())
        return {'mean': sum(record['first'] for record in listed) / len(listed)}


def command(*words):
    parser = argparse.ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(['render', *map(str, words)])
    return arguments.run(arguments)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*') if path.is_file()
    }


@pytest.fixture(scope='module')
def blocks(tmp_path_factory):
    """Give what is in a folder of thirty samples that were rendered in one go."""
    folder = tmp_path_factory.mktemp('blocks')
    render(Blocks(), folder, 30, 5)
    return contents(folder)


def test_a_data_set_holds_what_the_scene_renders(tmp_path):
    done = []
    rendered = render(
        PinData(), tmp_path / 'set', 4, 5, progress=lambda *counts: done.append(counts))
    assert done == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert rendered == Rendered(made=4, missing=0, figures={})
    with PinScene() as scene:
        for index, file in enumerate(read_labels(tmp_path / 'set')):
            sample = scene.sample(5, index)
            read = cv2.imread(str(file.path), cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(read, sample.image)
            for label, pin in zip(file.labels, sample.pins, strict=True):
                assert (label.pin.x, label.pin.y) == pytest.approx((pin.x, pin.y))


def test_the_number_of_pins_may_be_chosen(tmp_path, capsys):
    assert command('pin', '--out', tmp_path, '--count', 3, '--pins', 1, '--workers', 1) == 0
    assert [len(file.labels) for file in read_labels(tmp_path)] == [1, 1, 1]
    card = json.loads((tmp_path / CARD).read_bytes())
    assert card['command'] == 'mtperception render pin --pins 1 --count 3 --seed 0'
    assert command('pin', '--out', tmp_path, '--count', 3, '--pins', 2) == 1
    assert "parameters {'pins': 1} instead of {'pins': 2}" in capsys.readouterr().err
    assert command('pin', '--out', tmp_path, '--count', 3, '--pins', 99) == 1
    assert '99 pins do not fit' in capsys.readouterr().err
    assert command('grasp', '--out', tmp_path, '--count', 3, '--pins', 2) == 1
    assert '--pins is for pictures of pins' in capsys.readouterr().err


def test_workers_and_shards_do_not_change_the_pictures(tmp_path):
    render(PinData(), tmp_path / 'one', 5, 5)
    render(PinData(), tmp_path / 'two', 5, 5, shard=Shard(2, 3))
    render(PinData(), tmp_path / 'two', 5, 5, workers=2)
    assert contents(tmp_path / 'one') == contents(tmp_path / 'two')


def test_the_card_says_how_to_make_the_data_again(tmp_path, blocks):
    card = json.loads(blocks[CARD])
    assert card['command'] == 'mtperception render blocks --count 30 --seed 5'
    assert card['parameters'] == {'colour': 'red'} and card['mean'] > 0
    assert not any(UNFINISHED in name for name in blocks)
    render(Blocks(), tmp_path, 30, 6)
    assert json.loads((tmp_path / CARD).read_text())['sha256'] != card['sha256']


@pytest.mark.parametrize('order', [(1, 2, 3), (3, 1, 2)])
def test_the_last_shard_in_a_folder_finishes_the_data_set(tmp_path, blocks, order):
    for number in order:
        assert CARD not in contents(tmp_path)
        rendered = render(Blocks(), tmp_path, 30, 5, shard=Shard(number, 3))
        assert rendered.made == 10
    assert rendered.missing == 0 and rendered.figures['mean'] > 0
    assert contents(tmp_path) == blocks


def test_shards_copied_into_one_folder_are_finished_by_the_same_command(tmp_path, blocks):
    for number in (1, 2):
        shard = tmp_path / str(number)
        rendered = render(Blocks(), shard, 30, 5, shard=Shard(number, 2))
        assert (rendered.missing, rendered.figures) == (15, None)
        shutil.copytree(shard, tmp_path / 'all', dirs_exist_ok=True)
    assert render(Blocks(), tmp_path / 'all', 30, 5).made == 0
    assert contents(tmp_path / 'all') == blocks


def test_shards_of_different_data_sets_do_not_mix(tmp_path):
    for number, seed in ((1, 5), (2, 6)):
        shard = tmp_path / str(number)
        render(Blocks(), shard, 30, seed, shard=Shard(number, 2))
        shutil.copytree(shard, tmp_path / 'all', dirs_exist_ok=True)
    with pytest.raises(OutputError, match='of another data set'):
        render(Blocks(), tmp_path / 'all', 30, 6)


def start_job(tmp_path, out, kind, count, workers):
    script = (
        'import sys\n'
        'sys.path.insert(0, sys.argv[1])\n'
        'from test_sim_render import Blocks, PinData, render\n'
        'if __name__ == "__main__":\n'
        f'    render({kind}, {str(out)!r}, {count}, 5, workers={workers})\n')
    (tmp_path / 'job.py').write_text(script)
    return subprocess.Popen(
        [sys.executable, str(tmp_path / 'job.py'), str(Path(__file__).parent)],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize('workers', [1, 2])
def test_a_killed_render_goes_on_to_the_same_files(tmp_path, blocks, workers, wait_for_group):
    out = tmp_path / 'set'
    records = out / UNFINISHED
    for more in (3, 3):
        before = len(list(records.glob('0*.json')))
        job = start_job(tmp_path, out, 'Blocks(slowly=0.05)', 30, workers)
        wait_for(lambda: len(list(records.glob('0*.json'))) >= before + more)  # noqa: B023
        # The parent alone: its workers must not go on without it.
        os.kill(job.pid, signal.SIGKILL)
        job.communicate(timeout=120)
        wait_for_group(job.pid)
        assert CARD not in contents(out)
    left = len(list(records.glob('0*.json')))
    assert 6 <= left < 30
    # What a process killed in the middle of a file leaves.
    (out / 'blocks' / '0' / '.000001.bin.1.part').write_bytes(b'half')
    assert render(Blocks(), out, 30, 5).made == 30 - left
    assert contents(out) == blocks


def test_a_killed_render_of_pins_goes_on_to_the_same_files(tmp_path):
    out = tmp_path / 'set'
    job = start_job(tmp_path, out, 'PinData()', 5, 1)
    wait_for(lambda: len(list(out.glob('images/*.png'))) >= 2)
    os.killpg(job.pid, signal.SIGKILL)
    job.communicate(timeout=120)
    assert ANNOTATIONS not in contents(out)
    render(PinData(), out, 5, 5)
    render(PinData(), tmp_path / 'whole', 5, 5)
    assert contents(out) == contents(tmp_path / 'whole')


def test_an_interrupt_lets_the_samples_in_hand_be_written(tmp_path, wait_for_group):
    out = tmp_path / 'set'
    job = start_job(tmp_path, out, 'Blocks(slowly=0.05)', 1000, 2)
    wait_for(lambda: len(list(out.glob('blocks/*/*.txt'))) >= 3)
    os.killpg(job.pid, signal.SIGINT)
    _, errors = job.communicate(timeout=120)
    assert 'KeyboardInterrupt' in errors
    wait_for_group(job.pid)
    left = contents(out)
    records = [name for name in left if name.startswith(f'{UNFINISHED}/0')]
    assert len(records) == sum(name.endswith('.txt') for name in left) >= 3
    assert not any(name.endswith('.part') for name in left)


def test_a_worker_that_is_killed_is_one_line(tmp_path):
    with pytest.raises(OutputError, match='a worker process was killed'):
        render(Killer(), tmp_path, 30, 5, workers=2)
    assert CARD not in contents(tmp_path)


@dataclass(frozen=True)
class Killer(Blocks):
    def sample(self, seed, index):
        if index == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().sample(seed, index)


def test_a_finished_data_set_is_left_as_it_is(tmp_path, blocks):
    render(Blocks(), tmp_path, 30, 5)
    (tmp_path / UNFINISHED).mkdir()
    rendered = render(Blocks(), tmp_path, 30, 5)
    assert rendered.made == 0 and rendered.figures['mean'] == json.loads(blocks[CARD])['mean']
    assert contents(tmp_path) == blocks and not (tmp_path / UNFINISHED).exists()


@pytest.mark.parametrize(('other', 'named'), [
    ((Blocks(colour='blue'), 30, 5), 'parameters'),
    ((Blocks(), 31, 5), 'count 30 instead of 31'),
    ((Blocks(), 30, 6), 'seed 5 instead of 6'),
    ((PinData(), 30, 5), 'data_set blocks instead of pin'),
])
@pytest.mark.parametrize('shard', [None, Shard(1, 2)])
def test_the_folder_of_another_data_set_is_refused(tmp_path, other, named, shard):
    render(Blocks(), tmp_path, 30, 5, shard=shard)
    before = contents(tmp_path)
    data_set, count, seed = other
    with pytest.raises(OutputError, match=named):
        render(data_set, tmp_path, count, seed)
    assert contents(tmp_path) == before


def test_a_folder_that_nothing_was_written_to_may_become_another_data_set(tmp_path, blocks):
    @dataclass(frozen=True)
    class Broken(Blocks):
        def sample(self, seed, index):
            raise ValueError('this mesh is broken')

    with pytest.raises(ValueError, match='broken'):
        render(Broken(colour='blue'), tmp_path, 30, 5)
    render(Blocks(), tmp_path, 30, 5)
    assert contents(tmp_path) == blocks


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / 'holiday.jpg').write_bytes(b'sun')
    with pytest.raises(OutputError, match=r'holiday\.jpg'):
        render(Blocks(), tmp_path, 1, 0)
    assert contents(tmp_path) == {'holiday.jpg': b'sun'}
    with pytest.raises(OutputError, match='is a file'):
        render(Blocks(), tmp_path / 'holiday.jpg', 1, 0)


@pytest.mark.parametrize('name', [CARD, f'{UNFINISHED}/run.json'])
def test_a_damaged_card_is_one_line(tmp_path, name):
    render(Blocks(), tmp_path, 30, 5, shard=None if name == CARD else Shard(1, 2))
    for damage in (b'{', b'[]', b'{}', b'\xff'):
        (tmp_path / name).write_bytes(damage)
        with pytest.raises(OutputError, match='not readable'):
            render(Blocks(), tmp_path, 30, 5)


def test_a_full_disk_is_refused_first(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: usage)
    with pytest.raises(OutputError, match='are free'):
        render(PinData(), tmp_path / 'set', 10, 0)
    assert list(contents(tmp_path / 'set')) == [f'{UNFINISHED}/run.json']


def test_a_disk_that_fills_up_is_one_line_and_the_render_goes_on_later(
        tmp_path, monkeypatch, blocks):
    room = [25 * BLOCK]
    whole = Path.write_bytes

    def write_bytes(path, data):
        room[0] -= len(data)
        if room[0] < 0:
            whole(path, data[:len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return whole(path, data)

    with monkeypatch.context() as full:
        full.setattr(files_module.Path, 'write_bytes', write_bytes)
        with pytest.raises(OutputError, match=r'No space left.* same command again') as caught:
            render(Blocks(), tmp_path, 30, 5)
    assert '\n' not in str(caught.value)
    assert not any(name.endswith('.part') for name in contents(tmp_path))
    render(Blocks(), tmp_path, 30, 5)
    assert contents(tmp_path) == blocks


@pytest.mark.parametrize(('words', 'reason'), [
    (('--count', 0), 'ask for 1 or more'),
    (('--count', 1, '--seed', -1), 'give 0 or more'),
    (('--count', 1, '--workers', 0), '0 workers'),
])
def test_bad_arguments_are_one_line(tmp_path, capfd, words, reason):
    assert command('pin', '--out', tmp_path / 'set', *words) == 1
    captured = capfd.readouterr()
    line = captured.err.strip().splitlines()[-1]
    assert line.startswith('mtperception render: ') and reason in line
    assert captured.out == '' and 'Traceback' not in captured.err
    assert not (tmp_path / 'set').exists()


@pytest.mark.parametrize('shard', ['0/2', '3/2', '2', 'a/b', '1/0', '-1/-1'])
def test_a_shard_that_there_is_not_is_refused(tmp_path, capfd, shard):
    with pytest.raises(SystemExit) as left:
        command('pin', '--out', tmp_path / 'set', '--count', 1, f'--shard={shard}')
    assert left.value.code == 2 and '--shard' in capfd.readouterr().err


def test_the_command_prints_one_json_object(tmp_path, capfd):
    out = tmp_path / 'set'
    assert command('pin', '--out', out, '--count', 2, '--seed', 3, '--workers', 1, '--json') == 0
    captured = capfd.readouterr()
    figures = json.loads(captured.out)
    assert (figures['count'], figures['seed'], figures['made']) == (2, 3, 2)
    assert figures['rate'] == pytest.approx(2 / figures['seconds'])
    assert len(read_labels(out)) == 2
    assert command('pin', '--out', out, '--count', 2, '--json') == 1
    captured = capfd.readouterr()
    assert captured.out == '' and 'already holds a data set' in captured.err


def test_the_users_pictures_lie_under_the_parts(tmp_path, capfd):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for name in ('a.png', 'b.jpg'):
        cv2.imwrite(str(folder / name), np.full((64, 64, 3), 128, np.uint8))
    (folder / 'bad.jpg').write_bytes(b'not a picture')
    words = ('grasp', '--count', 2, '--seed', 3, '--workers', 1, '--json')
    out = tmp_path / 'set'
    assert command(*words, '--out', out, '--backgrounds', folder) == 0
    captured = capfd.readouterr()
    assert 'bad.jpg' in captured.err and json.loads(captured.out)['made'] == 2
    card = json.loads((out / CARD).read_text())
    assert f'--backgrounds {folder}' in card['command']
    # Other pictures make other data.
    (folder / 'b.jpg').unlink()
    assert command(*words, '--out', out, '--backgrounds', folder) == 1
    assert 'parameters' in capfd.readouterr().err


@pytest.mark.parametrize(('words', 'reason'), [
    (('pin', '--backgrounds', '.'), 'without --meshes and --backgrounds'),
    (('grasp', '--backgrounds', 'missing'), 'not a folder of pictures'),
    (('grasp', '--meshes', 'missing'), 'not a folder of meshes'),
    (('pose', '--meshes', '.'), 'holds no OBJ'),
])
def test_files_that_cannot_be_used_are_one_line(tmp_path, monkeypatch, capfd, words, reason):
    monkeypatch.chdir(tmp_path)
    assert command(*words, '--out', 'set', '--count', 1, '--workers', 1) == 1
    captured = capfd.readouterr()
    assert reason in captured.err and 'Traceback' not in captured.err
    assert not (tmp_path / 'set').exists()


def test_the_benchmark_compares_with_bare_drawing():
    figures = bench_render.measured(PinData(), 0.5)
    assert 0.1 < figures['ratio'] < 1.0
    assert figures['rate'] == pytest.approx(figures['ratio'] * figures['bare_rate'])
