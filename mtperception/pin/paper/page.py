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

"""The reproduction's report as a page of Markdown, the paper's figures beside ours."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtperception.pin.paper.figures import MIDDLE
from mtperception.pin.paper.reproduction import HEAT_MAP, LOSS_1, LOSS_2, NEW_SEED, SAME_SEED
from mtperception.report.markdown import filled, minutes, table

# The files that the page shows, beside it.
LOSS_CHARTS = {LOSS_1: 'loss-1.svg', LOSS_2: 'loss-2.svg'}
SHEETS = {NEW_SEED: 'new-seed.jpg', SAME_SEED: 'same-seed.jpg'}

INTRODUCTION = """\
The paper (Mathematics 11 (2023), 1205) trains one small network to say of a crop of 100 x 100
pixels whether a pin is in it and where, with two losses. Here the same network ({parameters:,}
parameters) is trained with both, and beside it the heat-map model of this package, all three on
the same {count:,} crops an epoch, of {seed_images} rendered seed images, for {epochs} epochs
({iterations:,} iterations of {batch}). Made by `{command}`.
"""

# Said where the heat map is not ten times better than both on new seed images.
WHY_NOT_TEN = """\
That is not ten times less than both, and the same model shows why on other crops of the training's
seed images: {same:.2f} px, {ratio:.0f} times less than loss 2, {accuracy} classified rightly.
{seed_images} workpieces are too few to learn what pins and what else may look like: on new ones
positions are less sure (the median is {median:.2f} px), and a few are of something else, which
makes the mean. The bundled model has seen more pictures; `mtperception evaluate pin` measures it.
"""

LOSSES_SAY = """\
Loss 1 has to say (0, 0) where there is no pin: where it is in doubt it says a place between the
pin and that corner. Loss 2 is asked for places of pins alone, and says one near the middle where
there is none. Both always say a place: the paper's weakness (its images 816 and 836).
"""

DIFFERENCES = """\
- **Seed images.** The paper's are photographs, its figures show one kind of surroundings. Ours
  are rendered, each of another workpiece with other screws, nuts, holes and marks, in other light
  and from elsewhere: more to tell a pin from, and nothing that is the same in the next image.
  Seeds are the first {seed_images} pictures whose one pin is at least 60 % visible and 35 pixels
  inside; the next {seed_images} are the new ones.
- **Validation.** The paper validates on other crops of the training's seed images (`same-seed`).
  New seed images (`new-seed`) are what counts for a user, and come first here.
- **Targets.** The centre pixel of a rectangle drawn by hand there, the exact projected centre of
  the pin's top face here.
- **Crops.** The paper can be read as if training crops were cut once. Then this network learns
  them by heart: within 1,100 iterations its training losses fall to 1 and its validation losses
  stay near 60. The paper's are alike to the end (Table 3: 2.11 and 1.87), so each
  copy of a seed image is cut anew in each epoch here. Validation crops stay the same. Exactly
  half of the crops of an epoch, and of each validation set, have a pin; their places are uniform
  in [25, 74], where all printed targets lie in [25, 66]. Pixel (0, 0) is the first one here,
  MATLAB counts from 1.
- **Input.** Values in [0, 1] without further normalisation; equation 5 clipped to that.
- **MATLAB and PyTorch.** Weights are Glorot-uniform and "same" padding at stride 2 is at the
  bottom and on the right alone, as in MATLAB. Running statistics of batch normalisation are
  PyTorch's (a tenth of each mini-batch, the unbiased variance). The probability under a logarithm
  is clamped at 2^-52 in the tables, not in the gradient. Arithmetic is in single precision.
- **Image 357.** Its cross-entropy of 36.044 in Table 4 alone would make the mean over 972
  validation images 0.037; Table 3 prints 2e-4. Table 6 prints a probability of 0.009 for it,
  which would be a cross-entropy of 4.7 and not 35.736.
- **Averages.** Table 3's regression loss is over all images, Table 5's over those with a pin
  alone (4.497 = 8.431 x 32 / 60): they do not compare. Both averages of both losses are given
  here. Validation losses are averaged over images.
- **Heat map.** It has the crops, the mini-batches and the iterations of the others, its own loss,
  optimisers, schedule and running average, and is taught each pin's diameter, too. It gives a
  position only where it sees a pin, so that it has no regression loss over all images; over pin
  images its highest peak counts, recognised or not.
"""


def page(report: Mapping[str, Any]) -> str:
    """Write the page."""
    words = {**report, 'parameters': report['training'][LOSS_1]['parameters']}
    parts = [
        "# The paper's pin network, reproduced", filled(INTRODUCTION.format(**words)),
        filled(summary(report)), filled(LOSSES_SAY),
        '## On new seed images (`new-seed`)', model_table(report, NEW_SEED),
        "## On other crops of the training's seed images (`same-seed`, as in the paper)",
        model_table(report, SAME_SEED),
        '## Tables 3 and 5: after the last epoch', training_table(report),
        'A dash is what the paper does not print.',
        '## Figures 2 and 4: the losses', *(
            f'![{model}]({file})' for model, file in LOSS_CHARTS.items()),
        '## Figures 3 and 5: ten images at random',
        filled('The red cross is the true centre, the blue one the prediction; a yellow frame is '
               'a wrong class. The heat-map model says no position where it sees no pin.'),
        *(f'{split}:\n\n![{split}]({file})' for split, file in SHEETS.items()),
        '## Tables 4 and 6: ten images at random',
        *(image_table(f'{name}, {model}', rows)
          for name, tables in report['images'].items() for model, rows in tables.items()),
        '## Where the protocol differs', DIFFERENCES.format(**report),
        '## Time', times(report),
    ]
    return '\n\n'.join(part.strip() for part in parts) + '\n'


def summary(report: Mapping[str, Any]) -> str:
    """Say in a few lines how the models compare on new seed images."""
    new = report['crops'][NEW_SEED]
    first, second, heat, knows_nothing = (
        new[model]['error_px']['mean'] for model in (LOSS_1, LOSS_2, HEAT_MAP, MIDDLE))
    better, worse = ('2', '1') if second <= first else ('1', '2')
    same = report['crops'][SAME_SEED]
    why = '' if 10 * heat <= min(first, second) else ' ' + WHY_NOT_TEN.format(
        same=same[HEAT_MAP]['error_px']['mean'], accuracy=_share(same[HEAT_MAP]['accuracy']),
        ratio=same[LOSS_2]['error_px']['mean'] / same[HEAT_MAP]['error_px']['mean'],
        median=new[HEAT_MAP]['error_px']['median'], seed_images=report['seed_images'])
    return (
        f'On crops of seed images that no training has seen, the mean error on pin images is '
        f'{first:.2f} px with loss 1, {second:.2f} px with loss 2 and **{heat:.2f} px** with the '
        f'heat map, {first / heat:.0f} and {second / heat:.0f} times less; to answer the middle '
        f'whatever the crop is worth {knows_nothing:.2f} px. Loss {better} beats loss {worse} '
        f'there. Of {new[HEAT_MAP]["count"]} crops {_share(new[LOSS_1]["accuracy"])} are '
        f'classified rightly with loss 1, {_share(new[LOSS_2]["accuracy"])} with loss 2 and '
        f'{_share(new[HEAT_MAP]["accuracy"])} with the heat map.{why}')


def model_table(report: Mapping[str, Any], split: str) -> str:
    """Compare the models on one set of crops, with the paper where it has the figure."""
    crops = report['crops'][split]
    heads, columns = [], []
    for model in (LOSS_1, LOSS_2, HEAT_MAP, MIDDLE):
        if split == SAME_SEED and model in report['paper']:
            printed = report['paper'][model]['validation'][SAME_SEED]
            pins = printed['pins_half_mse']
            heads.append(f'{model}, paper')
            columns.append([
                '-', '-', '-', _number(printed['cross_entropy']), _number(printed['half_mse']),
                _number(pins), _number(None if pins is None else (2 * pins) ** 0.5), *'----'])
        heads.append(model)
        measured = crops[model]
        known = 'accuracy' in measured
        columns.append([
            *([_share(measured['accuracy']), str(measured['missed']), str(measured['false']),
               _number(measured['cross_entropy']), _number(measured['half_mse'])]
              if known else ['-'] * 5),
            _number(measured['pins_half_mse']),
            *(_number(measured['error_px'][name]) for name in ('rms', 'mean', 'median', 'p95')),
            _number(measured.get('recognised_error_px'))])
    count, pins = crops[LOSS_1]['count'], crops[LOSS_1]['with_pin']
    names = ['classified rightly', f'missed, of {pins}', f'false, of {count - pins}',
             'cross-entropy', 'half MSE, all images', 'half MSE, pin images',
             'error on pin images, root mean square (px)', 'mean (px)', 'median (px)',
             '95th percentile (px)', 'mean where the pin is recognised (px)']
    return table(['', *heads], [[name, *(column[place] for column in columns)]
                                for place, name in enumerate(names)])


def training_table(report: Mapping[str, Any]) -> str:
    """Set Tables 3 and 5 beside ours."""
    heads, columns = [], []
    for model in (LOSS_1, LOSS_2):
        for whose, run, epochs, iterations in (
                ('paper', report['paper'][model], 200, 5400),
                ('ours', report['training'][model], report['epochs'], report['iterations'])):
            heads.append(f'{model}, {whose}')
            validation = run['validation']
            columns.append([str(epochs), str(iterations), minutes(run['seconds']),
                            *_losses(run['last_batch']), *_losses(validation[SAME_SEED]),
                            *_losses(validation.get(NEW_SEED, {}))])
    names = ['epoch', 'iteration', 'training time']
    for prefix, suffix in (('', ' (last mini-batch)'), ('validation ', ', same-seed'),
                           ('validation ', ', new-seed')):
        names += [f'{prefix}{name}{suffix}' for name in (
            'loss', 'classification loss', 'regression loss, all images',
            'regression loss, pin images')]
    return table(['', *heads], [[name, *(column[place] for column in columns)]
                                for place, name in enumerate(names)])


def image_table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Set the rows of Table 4 or 6."""
    return f'**{title}**\n\n' + table(
        ['image', 'pin', 'probability of a pin', 'true x, y', 'predicted x, y', 'loss',
         'classification', 'regression'],
        [[str(row['image']), 'yes' if row['with_pin'] else 'no', _number(row['probability']),
          _place(row['target']), _place(row['position']), _number(row['loss']),
          _number(row['cross_entropy']), _number(row['half_squared_error'])] for row in rows])


def times(report: Mapping[str, Any]) -> str:
    """Say how long the trainings of the paper's network took, and on what."""
    machine, lines = report['machine'], []
    for model in (LOSS_1, LOSS_2):
        run = report['training'][model]
        lines.append(f'- {model}: {report["iterations"]:,} iterations in '
                     f'{minutes(run["seconds"])}, {minutes(run["cpu_seconds"])} of processor '
                     'time; validation is not counted')
    lines += ['', filled(
        f'Each training used {machine["threads"]} of {machine["cores"]} cores. When the report '
        f'was written, a convolution ran at {machine["convolution_gflops"]:.0f} GFLOP/s, and '
        f'memory was copied at {machine["copy_gb_s"]:.1f} GB/s. Where other programs ran beside, '
        'it is processor time that compares.')]
    return '\n'.join(lines)


def _losses(row: Mapping[str, float | None]) -> list[str]:
    return [_number(row.get(name))
            for name in ('total', 'cross_entropy', 'half_mse', 'pins_half_mse')]


def _number(value: float | None) -> str:
    """Print as the paper does: what is smaller than 1e-4 is 0."""
    if value is None:
        return '-'
    if abs(value) < 1e-4:
        return '0'
    return f'{value:.1e}' if abs(value) < 1e-2 else f'{value:.3f}' if abs(value) < 100 \
        else f'{value:.1f}'


def _share(value: float) -> str:
    return f'{100 * value:.1f} %'


def _place(point: Sequence[float] | None) -> str:
    return '-' if point is None else f'{point[0]:.2f}, {point[1]:.2f}'
