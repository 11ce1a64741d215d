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
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from mtperception.cli import render as verb
from mtperception.sim.coco import ANNOTATIONS, read_pins
from mtperception.sim.pin_scene import PinScene
from mtperception.sim.render import OutputError, render_pins


def command(*words):
    parser = argparse.ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(['render', 'pin', *map(str, words)])
    return arguments.run(arguments)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*') if path.is_file()
    }


def test_a_data_set_holds_what_the_scene_renders(tmp_path):
    done = []
    render_pins(tmp_path / 'set', 4, 5, done.append)
    assert done == [1, 2, 3, 4]
    with PinScene() as scene:
        for index, (path, pins) in enumerate(read_pins(tmp_path / 'set')):
            sample = scene.sample(5, index)
            read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(read, sample.image)
            assert len(pins) == len(sample.pins)
            for one, other in zip(pins, sample.pins, strict=True):
                assert (one.x, one.y) == pytest.approx((other.x, other.y))


def test_workers_do_not_change_the_data(tmp_path):
    render_pins(tmp_path / 'one', 5, 5)
    render_pins(tmp_path / 'two', 5, 5, workers=2)
    assert contents(tmp_path / 'one') == contents(tmp_path / 'two')


@pytest.mark.parametrize('workers', [1, 2])
def test_an_interrupted_render_leaves_no_data_set_and_can_be_made_again(tmp_path, workers):
    out = tmp_path / 'set'
    script = (
        'import sys\n'
        'from mtperception.cli.render import run\n'
        'import argparse\n'
        'if __name__ == "__main__":\n'
        f'    sys.exit(run(argparse.Namespace(out={str(out)!r}, count=500, seed=5,\n'
        f'        workers={workers}, json=False)))\n')
    (tmp_path / 'job.py').write_text(script)
    job = subprocess.Popen(
        [sys.executable, str(tmp_path / 'job.py')], stderr=subprocess.PIPE, text=True,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(out.glob('images/*.png'))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(job.pid, signal.SIGINT)
    _, errors = job.communicate(timeout=30)
    assert job.returncode == 130, errors
    assert 'unfinished' in errors and 'Traceback' not in errors
    left = contents(out)
    assert len(left) >= 3 and ANNOTATIONS not in left
    for name in left:
        assert name.endswith('.png')
        assert cv2.imread(str(out / name), cv2.IMREAD_UNCHANGED).shape == (512, 612)
    render_pins(out, 2, 6)
    assert len(read_pins(out)) == len(list(out.glob('images/*'))) == 2


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / 'holiday.jpg').write_bytes(b'sun')
    with pytest.raises(OutputError, match=r'holiday\.jpg'):
        render_pins(tmp_path, 1, 0)
    assert contents(tmp_path) == {'holiday.jpg': b'sun'}
    (tmp_path / 'images').mkdir()
    (tmp_path / 'holiday.jpg').rename(tmp_path / 'images' / 'holiday.jpg')
    with pytest.raises(OutputError, match=r'holiday\.jpg'):
        render_pins(tmp_path, 1, 0)
    assert contents(tmp_path) == {'images/holiday.jpg': b'sun'}
    with pytest.raises(OutputError, match='is a file'):
        render_pins(tmp_path / 'images' / 'holiday.jpg', 1, 0)


def test_a_full_disk_is_refused_first(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: usage)
    with pytest.raises(OutputError, match='are free'):
        render_pins(tmp_path / 'set', 10, 0)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(('words', 'reason'), [
    (('--count', 0), 'ask for 1 or more'),
    (('--count', 1, '--seed', -1), 'give 0 or more'),
    (('--count', 1, '--workers', 0), '0 workers'),
])
def test_bad_arguments_are_one_line(tmp_path, capfd, words, reason):
    assert command('--out', tmp_path / 'set', *words) == 1
    captured = capfd.readouterr()
    line = captured.err.strip().splitlines()[-1]
    assert line.startswith('mtperception render: ') and reason in line
    assert captured.out == '' and 'Traceback' not in captured.err
    assert not (tmp_path / 'set').exists()


def test_the_command_prints_one_json_object(tmp_path, capfd):
    out = tmp_path / 'set'
    assert command('--out', out, '--count', 2, '--seed', 3, '--workers', 1, '--json') == 0
    captured = capfd.readouterr()
    figures = json.loads(captured.out)
    assert (figures['count'], figures['seed']) == (2, 3)
    assert figures['rate'] == pytest.approx(2 / figures['seconds'])
    assert len(read_pins(out)) == 2
    assert command('--out', out, '--count', 2, '--json') == 1
    captured = capfd.readouterr()
    assert captured.out == '' and 'already holds a data set' in captured.err
