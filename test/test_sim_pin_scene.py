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

"""The pin scene: labels against what is drawn, determinism, and what an empty frame is."""

import contextlib
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera, PosedCamera
from mtperception.sim.pin.fixture import draw_fixture, draw_view, MAX_PINS
from mtperception.sim.pin.labels import PinLabel
from mtperception.sim.pin.scene import LiveFixture, PinScene
from mtperception.sim.pin.stage import PinStage
from mtperception.sim.pin.turned_parts import Pin, pin_triangles

SEED = 20


@pytest.fixture(scope='module')
def scene():
    with PinScene() as made:
        yield made


@pytest.fixture(scope='module')
def stage():
    with contextlib.closing(PinStage(612, 512)) as made:
        yield made


def shown(stage, seed, pins=MAX_PINS):
    """Put a random fixture on the stage; return it with its labels and the plate's mask."""
    rng = np.random.default_rng(seed)
    fixture = draw_fixture(rng, draw_view(rng, 612, 512), pins)
    stage.put(fixture)
    labels, plate = stage.labels(fixture)
    return fixture, labels, plate


def enlarged(view, label, scale, size):
    """Return the same camera with a lens so many times as long, the label in the middle."""
    camera = view.camera
    x0, y0 = label.x - size / scale / 2, label.y - size / scale / 2
    close = PinholeCamera(
        size, size, camera.fx * scale, camera.fy * scale,
        (camera.cx - x0) * scale - 0.5, (camera.cy - y0) * scale - 0.5)
    return PosedCamera(close, view.rotation, view.position)


def drawn_alone(stage, index, view):
    """Return the identities and the depth of one pin without anything else."""
    geom = stage._geoms[f'pin{index}']
    stage._model.geom_group[geom] = 2
    drawn = stage._renderer.identities(view, groups=(2,))
    stage._model.geom_group[geom] = 1
    return drawn


def near(pin, label):
    return abs(label.x - pin[0]) < 1e-6 and abs(label.y - pin[1]) < 1e-6


@pytest.mark.parametrize('seed', range(6))
def test_labels_agree_with_the_top_face_drawn_alone(stage, seed):
    fixture, labels, _ = shown(stage, seed)
    view = fixture.view
    for label in labels:
        index, = (
            i for i, pin in enumerate(fixture.pins) if near(view.project(pin.top)[0], label))
        pin = fixture.pins[index]
        close = enlarged(view, label, 8, 500)
        geoms, depth = drawn_alone(stage, index, close)
        rows, columns = np.nonzero(geoms >= 0)
        # Back into the world by the depth: which of the pin's pixels show its top face?
        rays = close.camera.rays(np.column_stack((columns, rows)))
        world = close.position + (rays * depth[rows, columns][:, None]) @ close.rotation.T
        along = (world - pin.seat) @ pin.axis
        top = along > pin.height - 2e-5
        face = close.on_plane(np.column_stack((columns, rows))[top], pin.top, pin.axis)
        assert len(face) > 500
        # Its centroid in its own plane, projected: free of perspective.
        u, v = view.project(face.mean(axis=0))[0]
        assert (u, v) == pytest.approx((label.x, label.y), abs=0.1)


@pytest.mark.parametrize('seed', range(6))
def test_diameters_and_boxes_are_those_of_what_is_drawn(stage, seed):
    fixture, labels, _ = shown(stage, seed)
    view = fixture.view
    for label in labels:
        index, = (
            i for i, pin in enumerate(fixture.pins) if near(view.project(pin.top)[0], label))
        pin = fixture.pins[index]
        angles = np.linspace(0, 2 * np.pi, 720)[:, None]
        rim = pin.top + pin.radius * (
            np.cos(angles) * pin.rotation[:, 0] + np.sin(angles) * pin.rotation[:, 1])
        ellipse = view.project(rim)
        opposite = np.linalg.norm(ellipse[:360] - ellipse[360:], axis=1)
        assert label.diameter == pytest.approx(opposite.max(), rel=0.01)
        geoms, _ = drawn_alone(stage, index, enlarged(view, label, 3, 600))
        rows, columns = np.nonzero(geoms >= 0)
        found = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
        corner = np.array([label.x, label.y] * 2) - 100
        assert label.box == pytest.approx((found + 0.5) / 3 + corner, abs=0.5)


def test_hidden_and_outside_parts_count_as_not_visible(stage):
    fixture, labels, _ = shown(stage, 3)
    view, label = fixture.view, labels[0]
    assert max(other.visible for other in labels) == 1.0
    middle = (label.box[0] + label.box[2]) / 2
    # The same camera with its sensor cut off through the middle of the pin.
    camera = view.camera
    cut = PinholeCamera(
        camera.width, camera.height, camera.fx, camera.fy, camera.cx - middle, camera.cy)
    moved = type(fixture)(PosedCamera(cut, view.rotation, view.position), fixture.pins,
                          fixture.meshes)
    halved, _ = stage.labels(moved)
    half = min(halved, key=lambda other: abs(other.y - label.y))
    assert half.x == pytest.approx(label.x - middle)
    assert 0.2 < half.visible < 0.8
    assert half.box[0] < 0 < half.box[2]


def test_a_clamp_over_a_pin_hides_it(stage):
    hidden = [
        label for seed in range(40) for label in shown(stage, seed)[1]
        if label.inside(612, 512) and 20 < label.x < 590 and 20 < label.y < 490
        and label.visible < 0.9
    ]
    assert hidden


def test_the_asked_number_of_pins_is_there(scene):
    for count in range(MAX_PINS + 1):
        assert len(scene.sample(SEED, count, pins=count).pins) == count
    numbers = {len(scene.sample(SEED, index).pins) for index in range(24)}
    assert len(numbers) >= 5 and max(numbers) == MAX_PINS
    with pytest.raises(ValueError, match='choose 0 to 6'):
        scene.sample(SEED, 0, pins=7)


def test_an_empty_frame_shows_no_pin_but_everything_else(stage):
    for seed in range(5):
        fixture, labels, plate = shown(stage, seed, pins=0)
        assert labels == ()
        geoms, _ = stage._renderer.identities(fixture.view)
        assert not np.isin(geoms, [stage._geoms[f'pin{i}'] for i in range(MAX_PINS)]).any()
        assert plate.mean() > 0.1
        assert len(np.unique(geoms)) >= 4


def test_pictures_are_grey_varied_and_labelled_within_limits(scene):
    levels = []
    for index in range(30):
        sample = scene.sample(SEED, index)
        assert sample.image.shape == (512, 612) and sample.image.dtype == np.uint8
        assert sample.image.std() > 5
        levels.append(sample.image.mean())
        for pin in sample.pins:
            assert 11 < pin.diameter < 50
            assert 0.0 <= pin.visible <= 1.0
            x0, y0, x1, y1 = pin.box
            assert x0 < pin.x < x1 and y0 < pin.y < y1
    assert np.std(levels) > 15


def test_the_same_seed_and_index_give_the_same_bytes_in_any_order(scene):
    first = {index: scene.sample(SEED, index) for index in (0, 1, 2)}
    scene.sample(SEED + 1, 0, pins=6)
    for index in (2, 0, 1):
        again = scene.sample(SEED, index)
        np.testing.assert_array_equal(again.image, first[index].image)
        assert again.pins == first[index].pins and again.camera == first[index].camera
    assert not np.array_equal(first[0].image, first[1].image)


def test_another_process_gives_the_same_bytes(scene):
    script = (
        'import zlib\n'
        'from mtperception.sim.pin.scene import PinScene\n'
        f'with PinScene() as scene: print(zlib.crc32(scene.sample({SEED}, 2).image.tobytes()))\n')
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120, check=True,
        env=os.environ)
    assert int(done.stdout) == zlib.crc32(scene.sample(SEED, 2).image.tobytes())


def test_other_sizes(scene):
    with PinScene(300, 200) as small:
        sample = small.sample(SEED, 0, pins=2)
        assert sample.image.shape == (200, 300) and len(sample.pins) == 2


def test_a_pin_lies_inside_by_its_centre():
    label = PinLabel(611.4, 0.0, 20.0, (0.0, 0.0, 1.0, 1.0), 0.5)
    assert label.inside(612, 512) and not label.inside(611, 512)


def test_the_live_fixture_changes_its_workpiece_and_replays():
    with contextlib.closing(LiveFixture(4)) as live:
        assert live.step(0.1).pins == ()
        first, later = live.step(1.0), live.step(1.1)
        assert first.pins == later.pins and len(first.pins) >= 1
        assert not np.array_equal(first.image, later.image)
        difference = first.image.astype(int) - later.image
        assert abs(difference.mean()) < 8 and np.abs(difference).mean() < 15
        assert live.step(live.period + 0.1).pins == ()
        second = live.step(live.period + 1.0)
        assert second.pins != first.pins and second.camera == first.camera
        np.testing.assert_array_equal(live.step(1.0).image, first.image)
    with contextlib.closing(LiveFixture(4)) as again:
        np.testing.assert_array_equal(again.step(live.period + 1.0).image, second.image)


def test_a_pin_stands_on_its_seat_and_ends_at_its_top():
    lean = np.array([[0.96, 0.0, 0.28], [0.0, 1.0, 0.0], [-0.28, 0.0, 0.96]])
    for end in ('chamfered', 'rounded', 'domed'):
        pin = Pin(np.array([0.01, 0.02, 0.0]), lean, 0.004, 0.012, 0.006, 0.003, 0.0005, end)
        local = (pin_triangles(pin).points - pin.seat) @ pin.rotation
        assert local[..., 2].min() == pytest.approx(0.0, abs=1e-12)
        assert local[..., 2].max() == pytest.approx(pin.height)
        np.testing.assert_allclose(
            pin.top, pin.seat + pin.height * np.array([0.28, 0.0, 0.96]))
        assert np.hypot(local[..., 0], local[..., 1]).max() == pytest.approx(0.006)
