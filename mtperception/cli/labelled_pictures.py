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
from collections.abc import Mapping
from pathlib import Path
import sys
from typing import Any, TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mtperception.datasets.pictures import LabelledPictures

# From fewer pictures, figures say little.
FEW = 20

P = TypeVar('P', bound='LabelledPictures')  # type: ignore[type-arg]

PIN_FORMATS = """
labelled pictures of pins (--data):
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

GRASP_FORMATS = """
labelled pictures of grasps (--data):
  a folder with pictures, in one of these formats, or COCO's label file
    JSON lines     grasps.jsonl as `mtperception render grasp` writes it
    Cornell        pcd0000cpos.txt beside pcd0000r.png: the corners, "x y", of each rectangle, the
                   first two along the opening
    Jacquard       NAME_grasps.txt beside NAME_RGB.png: x;y;degrees;opening;jaw, clockwise
    COCO           with rotated boxes: bbox of five numbers, x and y of the centre, width, height,
                   degrees counter-clockwise (Detectron2); or bbox of four and
                   attributes.rotation, degrees clockwise (CVAT); or segmentation of four corners
  A grasp is a rectangle: the fingers close along its width (of four corners, along the first
  side), and are as wide as its height. Its middle is in the picture. A tenth of the pictures,
  chosen by their contents, is held out of the training.
"""

POSE_FORMATS = """
labelled pictures of poses (--data):
  a folder in the format of the BOP benchmark as `mtperception render pose` writes it: with masks,
  and with each object alone on black. Of several objects --category names the one that counts. A
  twentieth of the pictures, chosen by their contents, is held out of the training.
"""

SHAPE_FORMATS = """
labelled pictures of shapes (--data):
  JSON lines of grasps as `mtperception render grasp --random-parts` writes them, with the outlines
  of parts: things of one name are of one shape, seen in two pictures or more. A twentieth of the
  pictures, chosen by their contents, is held out of the training.
"""

FORMATS = PIN_FORMATS + GRASP_FORMATS + SHAPE_FORMATS + POSE_FORMATS


def add_arguments(parser: argparse.ArgumentParser, data_help: str) -> None:
    """Add --data and --category; FORMATS is for the parser's epilog."""
    parser.add_argument('--data', type=Path, metavar='DIR|FILE', action='append', help=data_help)
    parser.add_argument('--category', metavar='NAME',
                        help='what the labels call a pin or a grasp, where that is not "pin" or '
                             '"grasp"; which of several objects poses are of')


def not_trained_on(pictures: P, arguments: argparse.Namespace, card: Mapping[str, Any],
                   usual_share: float) -> P:
    """
    Leave of the pictures of --data those that the training of a model holds out; all for --all.

    ``usual_share`` is held out where the model's card does not tell.
    """
    from mtperception.datasets.held_out import split

    if not arguments.all:
        share = card.get('training', {}).get('validation_share', usual_share)
        held_out = split(pictures, share)[1]
        if len(held_out) < FEW:
            warn(f'only {len(held_out)} of {len(pictures)} pictures are held out of training, too '
                 f'few for figures to rely on: {FEW} and more; --all takes all, which flatters a '
                 'model that was trained on them')
        return held_out
    if set(pictures.sets) & set(card.get('data', {}).get('sets', ())):
        warn(f'{arguments.model} was trained on some of these pictures; leave out --all for those '
             'that were held out')
    return pictures


def warn(line: str) -> None:
    """Print a line about what looks wrong in a data set."""
    print(f'mtperception: {line}', file=sys.stderr)
