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

"""The user's labelled pictures on the command line of `train` and `evaluate`."""

import argparse
from pathlib import Path
import sys

FORMATS = """
labelled pictures (--data):
  a folder with pictures, anywhere in it, and with labels of one of these kinds, or the label file
    COCO           annotations.json as `mtperception render pin` writes it, or what CVAT, Label
                   Studio, Roboflow, labelme2coco and others export
    labelme        a .json file a picture: a rectangle, circle or polygon for each pin; without
                   any, there is no pin
    labels.csv     the line file,x,y,width,height (x, y: left and top edge), then a line for each
                   pin; one with the file alone says that there is no pin
  A pin is the rectangle drawn around it: the centre is where it is, the smaller side its diameter,
  unless COCO has a key point for the centre, or COCO or the table diameter and visible (the share
  that can be seen). Lengths are in pixels, 0 being the outer edge of the first one. A picture may
  have any number of pins, a pin one label. Colours turn grey. A tenth of the pictures, chosen by
  their contents, is held out of the training.
"""


def add_arguments(parser: argparse.ArgumentParser, data_help: str) -> None:
    """Add --data and --category; FORMATS is for the parser's epilog."""
    parser.add_argument('--data', type=Path, metavar='DIR|FILE', action='append', help=data_help)
    parser.add_argument('--category', metavar='NAME',
                        help='what the labels call a pin, where that is not "pin"')


def warn(line: str) -> None:
    """Print a line about what looks wrong in a data set."""
    print(f'mtperception: {line}', file=sys.stderr)
