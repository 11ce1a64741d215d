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

"""What `mtperception evaluate pose` prints for a person."""

from typing import Any

Keys = tuple[str, ...]

# Each row's name, where its figures are, and how they are written.
ROWS: tuple[tuple[str, Keys, str], ...] = (
    ('AUC of 800, true translation', ('auc800', 'true_translation'), '{:.0f}'),
    ('AUC of 800, estimated', ('auc800', 'estimated'), '{:.0f}'),
    ('  refined by the picture', ('auc800', 'rgb'), '{:.0f}'),
    ('  distance by depth', ('auc800', 'depth_z'), '{:.0f}'),
    ('  refined by depth', ('auc800', 'depth'), '{:.0f}'),
    ('right by ADD-0.1d, estimated', ('add01d', 'estimated'), '{:.1%}'),
    ('  refined by the picture', ('add01d', 'rgb'), '{:.1%}'),
    ('  refined by depth', ('add01d', 'depth'), '{:.1%}'),
    ('MSSD, MSPD, estimated', ('mssd', 'estimated'), '{:.1%}'),
    ('', ('mspd', 'estimated'), '{:.1%}'),
    ('  refined by the picture', ('mssd', 'rgb'), '{:.1%}'),
    ('', ('mspd', 'rgb'), '{:.1%}'),
    ('  refined by depth', ('mssd', 'depth'), '{:.1%}'),
    ('', ('mspd', 'depth'), '{:.1%}'),
    ('median angle, estimated', ('rotation_deg', 'median'), '{:.1f} degrees'),
    ('  refined by the picture', ('rotation_deg', 'rgb'), '{:.1f} degrees'),
    ('  refined by depth', ('rotation_deg', 'depth'), '{:.1f} degrees'),
    ('median distance, estimated', ('translation_mm', 'median'), '{:.1f} mm'),
    ('  refined by the picture', ('translation_mm', 'rgb'), '{:.1f} mm'),
    ('  refined by depth', ('translation_mm', 'depth'), '{:.1f} mm'),
    ('turned over, estimated', ('flip_rate',), '{:.1%}'),
    ('box IoU', ('box_iou', 'mean'), '{:.3f}'),
    ('found', ('found',), '{:.1%}'),
    ('pictures or objects', ('count',), '{:.0f}'))


def print_figures(report: dict[str, Any]) -> None:
    """Print the figures for a person."""
    from rich.console import Console
    from rich.table import Table

    bins, several = report['by_visibility'], report.get('several')
    columns = {'all': report, **{f'{name} visible': some for name, some in bins.items()}}
    if several:
        columns['several objects'] = {**several, 'count': several['instances']}
    table = Table(
        box=None, pad_edge=False, title_justify='left',
        title=f'{report["model"]} ({report["model_sha256"][:12]}), {report["count"]} pictures, '
              f'seed {report["seed"]}')
    for name in ('', *columns):
        table.add_column(name)
    for label, keys, form in ROWS:
        values = [_at(figures, keys) for figures in columns.values()]
        table.add_row(label, *('-' if value is None else form.format(value) for value in values))
    console = Console()
    console.print(table)
    for name, by in (('rgb', 'the picture'), ('depth', 'depth')):
        sure = report['calibration'][name]
        right = '' if sure['right'] is None else f', {sure["right"]:.1%} of them right'
        console.print(f'refined by {by}: {sure["count"]} score above {sure["above"]}{right}; '
                      f'calibration error {_told(sure["ece"])}', highlight=False)
    if several:
        console.print(f'several objects: precision {_told(several["precision"])}, recall '
                      f'{_told(several["recall"])}', highlight=False)
    console.print(f'{report["seconds"]:.1f} s', highlight=False)


def _told(value: float | None) -> str:
    return '-' if value is None else f'{value:.3f}'


def _at(figures: Any, keys: Keys) -> float | None:
    for key in keys:
        figures = None if figures is None else figures.get(key)
    return figures if figures is None else float(figures)
