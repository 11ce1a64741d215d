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

"""
A table of labels, labels.csv: one row a pin, `file,x,y,width,height`.

`x` and `y` are the left and top edge of a rectangle around the pin, in pixels from the outer edge
of the first one. A row with nothing but the file says that there is no pin in it. Columns
`diameter` and `visible` may be added.
"""

import csv
from pathlib import Path

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.labels import LabelledFile
from mtperception.datasets.picture_search import PictureSearch
from mtperception.pin.data.labels import box_label, Label

TABLE = 'labels.csv'
_BOX = ('x', 'y', 'width', 'height')
_MORE = ('diameter', 'visible')


def read_csv(path: Path) -> list[LabelledFile[Label]]:
    """Read the labels of all pictures."""
    try:
        lines = path.read_bytes().decode('utf-8-sig').splitlines()
    except OSError as error:
        raise DatasetError(f'{path}: {error.strerror}') from None
    except UnicodeDecodeError:
        raise DatasetError(f'{path}: not UTF-8 text; save the table as such') from None
    # Spreadsheets of some languages separate by something else.
    separator = max(',;\t', key=lines[0].count) if lines else ','
    reader = csv.DictReader(lines, delimiter=separator, restval='')
    reader.fieldnames = [name.strip().casefold() for name in reader.fieldnames or ()]
    missing = [name for name in ('file', *_BOX) if name not in reader.fieldnames]
    if missing:
        raise DatasetError(f'{path}: the first line lacks {", ".join(missing)}; it is to be '
                           'file,x,y,width,height')
    pictures = PictureSearch(path.parent)
    labels: dict[Path, list[Label]] = {}
    try:
        for row in reader:
            where = f'{path}, line {reader.line_num}'
            if None in row:
                raise DatasetError(f'{where}: more columns than the first line has')
            values = {name: row.get(name, '').strip() for name in ('file', *_BOX, *_MORE)}
            if not values['file']:
                raise DatasetError(f'{where}: no file is named')
            found = labels.setdefault(pictures.find(values['file'], where), [])
            if any(values[name] for name in (*_BOX, *_MORE)):
                diameter, visible = (values[name] or None for name in _MORE)
                found.append(box_label(where, *(values[name] for name in _BOX),
                                       diameter=diameter, visible=visible))
    except csv.Error as error:
        raise DatasetError(f'{path}, after line {reader.line_num}: {error}') from None
    return [LabelledFile(file, tuple(found)) for file, found in labels.items()]
