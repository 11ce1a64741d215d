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

import json
import shutil

import cv2
import numpy as np
import pytest

from mtperception import zoo
from mtperception.cli.main import main
from mtperception.sim.pin.scene import PinScene
import mtperception.training.loop  # noqa: F401 - before a renderer; it says why

SETTINGS = """
epochs: 2
samples_per_epoch: 32
batch: 8
cut_side: 96
hard_pictures: 4
validation_share: 0.3
"""


@pytest.fixture(scope='module')
def photographs(tmp_path_factory):
    """Pictures of several sizes, one in colours, labelled with boxes around the top faces."""
    folder = tmp_path_factory.mktemp('photographs')
    images, annotations = [], []
    with PinScene() as scene:
        for index in range(8):
            sample = scene.sample(51, index, pins=0 if index == 6 else 1 + index % 3)
            width, height = 612 - 8 * index, 512 - 16 * index
            picture = sample.image[:height, :width]
            if index == 5:
                picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
            cv2.imwrite(str(folder / f'{index}.png'), picture)
            images.append({'id': index, 'file_name': f'shots/{index}.png', 'width': width,
                           'height': height})
            for pin in sample.pins:
                if pin.visible > 0.95 and 20 < pin.x < width - 20 and 20 < pin.y < height - 20:
                    corner = [pin.x + 0.5 - pin.diameter / 2, pin.y + 0.5 - pin.diameter / 2]
                    annotations.append({
                        'id': len(annotations), 'image_id': index, 'category_id': 4,
                        'bbox': [*corner, pin.diameter, pin.diameter + 1]})
    assert len(annotations) >= 6
    (folder / 'result.json').write_text(json.dumps({
        'images': images, 'annotations': annotations,
        'categories': [{'id': 4, 'name': 'dowel'}, {'id': 5, 'name': 'hole'}]}))
    return folder


def figures(capsys, *arguments):
    assert main([*map(str, arguments), '--json']) == 0
    return json.loads(capsys.readouterr().out)


def test_the_user_s_pictures_train_the_bundled_model_further(tmp_path, photographs, capsys):
    settings, out = tmp_path / 'settings.yaml', tmp_path / 'model'
    settings.write_text(SETTINGS)
    report = figures(capsys, 'train', 'pin', '--out', out, '--data', photographs, '--init', 'pin',
                     '--config', settings)
    assert report['card']['data'] == {
        'sha256': report['card']['data']['sha256'], 'training_pictures': 6,
        'validation_pictures': 2, 'sets': [report['card']['data']['sha256']]}
    training, start = report['card']['training'], zoo.load('pin')
    assert training['start'] == start.sha256
    assert training['learning_rate'] == pytest.approx(4e-4)
    assert report['card']['architecture'] == start.card['architecture']
    assert training['command'] == (f'mtperception train pin --out model --data {photographs.name} '
                                   '--seed 0 --init pin --config settings.yaml')

    model = out / 'pin.safetensors'
    held_out = figures(capsys, 'evaluate', 'pin', '--data', photographs, '--model', model)
    assert held_out['count'] == 2
    assert held_out['frames']['pins'] == report['best']['pins']
    everything = figures(capsys, 'evaluate', 'pin', '--data', photographs, '--model', model,
                         '--all')
    labelled = {row['image_id'] for row in
                json.loads((photographs / 'result.json').read_text())['annotations']}
    assert everything['count'] == 8
    assert everything['empty_frames']['count'] == 8 - len(labelled) > 0
    # After two short epochs it still finds what the bundled model finds.
    assert everything['frames']['missed'] <= 0.3
    assert everything['frames']['error_px']['mean'] < 2
    assert everything['crops']['with_pin'] >= 2
    rendered = figures(capsys, 'evaluate', 'pin', '--count', '2', '--model', model)
    assert rendered.keys() == everything.keys()
    assert all(rendered[key].keys() == everything[key].keys()
               for key in ('crops', 'frames', 'empty_frames', 'calibration'))


def test_the_held_out_part_is_that_of_the_training(photographs, capsys):
    shares = [figures(capsys, 'evaluate', 'pin', '--data', photographs) for _ in range(2)]
    assert [share['count'] for share in shares] == [1, 1]
    assert shares[0]['frames'] == shares[1]['frames']


def test_sets_are_mixed(tmp_path, photographs, capsys):
    assert main(['render', 'pin', '--out', str(tmp_path / 'rendered'), '--count', '4', '--seed',
                 '3', '--workers', '1']) == 0
    settings = tmp_path / 'settings.yaml'
    settings.write_text('{epochs: 1, samples_per_epoch: 8, batch: 4, cut_side: 64, stem: 4, '
                        'width: 8, deep: 8, dilations: [1, 1]}')
    capsys.readouterr()
    card = figures(capsys, 'train', 'pin', '--out', tmp_path / 'model', '--data', photographs,
                   '--data', tmp_path / 'rendered', '--category', 'dowel', '--config',
                   settings)['card']
    assert len(card['data']['sets']) == 2 and card['data']['validation_pictures'] == 2
    assert card['training']['command'].startswith(
        f'mtperception train pin --out model --data {photographs.name} --data rendered '
        '--category dowel')


def test_a_loss_that_is_lost_ends_the_training_with_an_error(tmp_path, photographs, capsys):
    settings, out = tmp_path / 'settings.yaml', tmp_path / 'model'
    settings.write_text(SETTINGS + 'learning_rate: 1.0e+30\n')
    assert main(['train', 'pin', '--out', str(out), '--data', str(photographs), '--init', 'pin',
                 '--config', str(settings)]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert 'in epoch 1, step' in last and 'at learning rates of' in last
    assert 'there is no checkpoint yet' in last
    assert list(out.iterdir()) == []


def test_what_is_wrong_with_the_data_is_said_before_the_training(tmp_path, photographs, capsys):
    data = tmp_path / 'data'
    shutil.copytree(photographs, data)
    document = json.loads((data / 'result.json').read_text())
    document['annotations'][0]['bbox'][0] = 700
    (data / 'result.json').write_text(json.dumps(document))
    for verb in (['train', 'pin', '--out', str(tmp_path / 'model')], ['evaluate', 'pin']):
        assert main([*verb, '--data', str(data)]) == 1
        out, err = capsys.readouterr()
        assert out == '' and len(err.splitlines()) == 1
        assert "annotation 0 ('shots/0.png'): the label at" in err and 'outside' in err
    assert not (tmp_path / 'model').exists()


def test_pins_too_large_for_the_cuts_are_named(tmp_path, capsys):
    for index in range(3):
        cv2.imwrite(str(tmp_path / f'{index}.png'), np.full((400, 400), 9 * index, np.uint8))
    (tmp_path / 'labels.csv').write_text('file,x,y,width,height\n' + ''.join(
        f'{index}.png,100,100,200,220\n' for index in range(3)))
    assert main(['train', 'pin', '--out', str(tmp_path / 'model'), '--data', str(tmp_path)]) == 1
    assert 'more than 200 pixels across, too large for cuts of 160' in capsys.readouterr().err
