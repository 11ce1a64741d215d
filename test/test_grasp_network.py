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

"""The grasp network against torchvision's SSD, its default boxes, and what they tell."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import torch
from torchvision.models.detection import ssd300_vgg16
from torchvision.models.detection.image_list import ImageList

from mtperception.geometry.rectangle import angle_difference, overlap
from mtperception.grasp.default_boxes import box_overlap, decode, encode
from mtperception.grasp.network import GraspArchitecture, GraspNetwork, normalised

PAPER = GraspArchitecture(width=1.0, batch_norm=False, orientations=1)
SMALL = GraspArchitecture(width=0.05)

rectangles = st.tuples(
    st.floats(-20, 320), st.floats(-20, 320), st.floats(4, 120), st.floats(4, 60),
    st.floats(-1.57, 1.57))


@pytest.fixture(scope='module')
def both():
    """Give the full network and torchvision's, with the same random weights."""
    torch.manual_seed(0)
    own = GraspNetwork(PAPER).eval()
    other = ssd300_vgg16(weights=None, weights_backbone=None, num_classes=2).eval()
    mine = [layer for layer in own.modules() if isinstance(layer, torch.nn.Conv2d)]
    theirs = [layer for layer in other.backbone.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert len(theirs) == 23 and len(mine) == 23 + 6
    for one, its in zip(mine, theirs, strict=False):
        one.load_state_dict(its.state_dict())
    return own, other


@torch.inference_mode()
def test_the_full_network_is_torchvisions_ssd(both):
    own, other = both
    pictures = torch.randn(1, 3, 300, 300)
    features = own.features(own.trunk(pictures))
    expected = list(other.backbone(pictures).values())
    for one, its in zip(features, expected, strict=True):
        torch.testing.assert_close(one, its)
    boxes = own(pictures).boxes
    edges = other.anchor_generator(ImageList(pictures, [(300, 300)]), expected)[0]
    sides = edges[:, 2:] - edges[:, :2]
    centres = (edges[:, 2:] + edges[:, :2]) / 2 - 0.5  # pixel (0, 0) is a pixel's centre
    assert boxes.shape == (8732, 5)
    torch.testing.assert_close(boxes[:, :4], torch.cat((centres, sides), dim=1),
                               atol=1e-4, rtol=0)
    assert (boxes[:, 4] == 0).all()


@pytest.mark.parametrize('size', [(300, 300), (480, 640), (200, 330), (64, 64), (301, 77)])
@pytest.mark.parametrize('orientations', [1, 6])
@torch.inference_mode()
def test_any_size_has_a_default_box_for_each_output(size, orientations):
    network = GraspNetwork(GraspArchitecture(0.05, True, orientations)).eval()
    maps = network(torch.zeros(2, 3, *size))
    assert maps.logits.shape == (2, len(maps.boxes), 2)
    assert maps.offsets.shape == (2, len(maps.boxes), 4)
    assert maps.turns.shape == (2, len(maps.boxes), 2)
    x, y = maps.boxes[:, 0], maps.boxes[:, 1]
    assert x.min() >= 0 and y.min() >= 0
    # The last cells of the finer maps may lie beyond a picture that is no multiple of 64.
    assert x.max() < size[1] + 64 and y.max() < size[0] + 64


@torch.inference_mode()
def test_a_batch_of_two_is_two_of_one():
    torch.manual_seed(1)
    network = GraspNetwork(SMALL).eval()
    pictures = torch.randn(2, 3, 120, 150)
    both = network(pictures)
    for index in range(2):
        one = network(pictures[index:index + 1])
        torch.testing.assert_close(both.logits[index], one.logits[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(both.offsets[index], one.offsets[0], atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_cells_of_the_finest_map_lie_where_they_look():
    """What changes at one pixel changes the ten layers around the cells over that pixel."""
    torch.manual_seed(2)
    trunk = GraspNetwork(SMALL).eval().trunk
    before = trunk(torch.zeros(1, 3, 240, 240))
    picture = torch.zeros(1, 3, 240, 240)
    picture[..., 128:136, 64:72] = 1.0  # the pixels of cell (column 8, row 16)
    changed = (trunk(picture) - before).abs().sum(dim=1)[0]
    rows, columns = (changed.sum(dim=side) > 0 for side in (1, 0))
    index = torch.arange(30.0)
    assert float(index[rows].mean()) == pytest.approx(16, abs=0.6)
    assert float(index[columns].mean()) == pytest.approx(8, abs=0.6)


def test_pictures_are_normalised_to_the_middle():
    assert normalised(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1.0, 1.0]


@given(rectangles, rectangles)
def test_a_box_tells_any_rectangle(rectangle, box):
    there = torch.tensor(rectangle, dtype=torch.float64)
    default = torch.tensor(box, dtype=torch.float64)
    back = decode(*encode(there, default), default)
    np.testing.assert_allclose(back[:4], there[:4], atol=1e-6)
    assert angle_difference(float(back[4]), rectangle[4]) < 1e-6


@given(rectangles, st.floats(-30, 30), st.floats(-30, 30), st.floats(4, 120), st.floats(4, 60))
@settings(max_examples=50)
def test_boxes_at_the_same_angle_overlap_as_rectangles_do(rectangle, dx, dy, opening, jaw):
    x, y, _, _, theta = rectangle
    other = (x + dx, y + dy, opening, jaw, theta)
    found = box_overlap(torch.tensor(rectangle, dtype=torch.float64),
                        torch.tensor(other, dtype=torch.float64))
    # Corners that are as near as 1e-8 of a side to a border count as on it there.
    assert float(found) == pytest.approx(overlap(rectangle, other)[0, 0], abs=1e-7)
