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

import numpy as np
import pytest
import trimesh

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.geometry.rectangle import angle_difference, corners
from mtperception.geometry.rotations import about_axis, random_rotations
from mtperception.sim.bench.model import bench_spec, Bodies, body_name
from mtperception.sim.grasp.contacts import opposite_contacts, section
from mtperception.sim.grasp.grasps import (
    grasp_labels,
    MAX_GRASPS,
    plan_grasps,
    plans,
    PosedMesh,
)
from mtperception.sim.grasp.gripper import GRIPPER, Gripper
from mtperception.sim.renderer import import_mujoco
from mtperception.sim.shapes.parts import PARTS

NAMES = ('cylinder', 'l', 'star', 't', 'ring')
UP = np.array((0.0, 0.0, 1.0))


def lying(name, turn=0.0, x=0.0, y=0.0):
    """Put a part flat on the bench."""
    mesh = PARTS[name]().mesh
    position = np.array((x, y, -mesh.bounds[0, 2]))
    return PosedMesh(mesh, about_axis(UP, turn), position)


def box(size, x=0.0, y=0.0):
    mesh = trimesh.creation.box(size)
    return PosedMesh(mesh, np.eye(3), np.array((x, y, size[2] / 2)))


@pytest.fixture(scope='module')
def piles():
    """Give parts that have fallen onto each other: a list of scenes."""
    mujoco = import_mujoco()
    parts = [PARTS[name]() for name in NAMES]
    spec = bench_spec(parts, 5)
    for index in range(5):
        spec.add_material(name=body_name(index))
    model = spec.compile()
    bodies = Bodies(model, mujoco.MjData(model), parts, 5)
    rng = np.random.default_rng(11)
    scenes = []
    while len(scenes) < 16:
        bodies.clear()
        kinds = rng.integers(0, len(parts), 5)
        for body, kind in enumerate(kinds):
            bodies.add(body, int(kind))
        bodies.weighed()
        for body in range(5):
            ground = rng.uniform(-0.07, 0.07, 2)
            bodies.place(
                body, np.array((*ground, 0.06 + 0.09 * body)), random_rotations(rng, 1)[0])
        if bodies.settle():
            scenes.append([
                PosedMesh(parts[kind].mesh, *bodies.pose(body))
                for body, kind in enumerate(kinds)])
    return scenes


def test_a_box_is_gripped_on_opposite_sides():
    grasps, = plan_grasps([box((0.09, 0.04, 0.03))], [0])
    assert 2 <= len(grasps) <= MAX_GRASPS
    for grasp in grasps:
        assert grasp.width == pytest.approx(0.04, abs=1e-6)
        assert grasp.opening == pytest.approx(0.052, abs=1e-6)
        assert angle_difference(grasp.closing, np.pi / 2) < 1e-6
        assert grasp.position[1] == pytest.approx(0.0, abs=1e-6)
        # 12 mm below the top of 30 mm, and the tips 3 mm deeper.
        assert grasp.position[2] == pytest.approx(0.015, abs=1e-9)
    assert np.ptp([grasp.position[0] for grasp in grasps]) > 0.02
    assert [grasp.score for grasp in grasps] == sorted(
        (grasp.score for grasp in grasps), reverse=True)
    assert grasps[0].score > 0.95


def test_all_ways_to_grip_are_near_a_grasp_that_is_told():
    """The others fill the places between the best ones, and are right by the same rules."""
    plan, = plans([box((0.14, 0.04, 0.03))], [0])
    assert plan.best == plan_grasps([box((0.14, 0.04, 0.03))], [0])[0]
    assert len(plan.others) > len(plan.best) == MAX_GRASPS
    told = [*plan.best, *plan.others]
    along = np.sort([grasp.position[0] for grasp in told])
    # From one end to the other, as far as jaws touch; contacts are a millimetre apart.
    assert along[0] < -0.055 and along[-1] > 0.055 and np.diff(along).max() < 0.012
    for grasp in plan.others:
        assert grasp.width == pytest.approx(0.04, abs=2e-3)
        assert angle_difference(grasp.closing, np.pi / 2) < np.arctan(0.5)
    for number, one in enumerate(plan.others):
        for other in (*plan.best, *plan.others[:number]):
            near = np.linalg.norm(np.subtract(one.position, other.position)[:2]) < 0.006
            assert not near or angle_difference(one.closing, other.closing) > np.radians(12) - 1e-9
    assert plans([box((0.09, 0.08, 0.03))], [0]) == [((), ())]


def test_what_is_lower_than_the_top_can_be_gripped_as_well():
    """Of an L that stands on its longer leg, that leg can be gripped, too."""
    foot = trimesh.creation.box((0.10, 0.03, 0.03))
    leg = trimesh.creation.box((0.03, 0.03, 0.03))
    foot.apply_translation((0.0, 0.0, 0.015))
    leg.apply_translation((-0.035, 0.0, 0.045))
    standing = PosedMesh(trimesh.util.concatenate([foot, leg]), np.eye(3), np.zeros(3))
    plan, = plans([standing], [0])
    # The best are near the top, and so on the leg.
    assert all(grasp.position[2] > 0.03 for grasp in plan.best)
    assert all(abs(grasp.position[0] + 0.035) < 0.02 for grasp in plan.best)
    low = [grasp for grasp in plan.others if grasp.position[2] < 0.03]
    assert len(low) > 3 and all(grasp.position[2] >= 0.001 for grasp in low)
    assert max(grasp.position[0] for grasp in low) > 0.035
    for grasp in low:
        assert grasp.width == pytest.approx(0.03, abs=2e-3)
    # A taller leg, which ends at -20 mm, is in the way of the palm, 25 mm to each side.
    assert min(grasp.position[0] for grasp in low) < 0.004
    tall = trimesh.creation.box((0.03, 0.03, 0.08))
    tall.apply_translation((-0.035, 0.0, 0.07))
    plan, = plans([PosedMesh(
        trimesh.util.concatenate([foot, tall]), np.eye(3), np.zeros(3))], [0])
    low = [grasp.position[0] for grasp in plan.others if grasp.position[2] < 0.03]
    assert plan.best and low and min(low) > 0.004


@pytest.mark.parametrize('size', [
    (0.09, 0.08, 0.03),  # too large for the gripper
    (0.05, 0.04, 0.003),  # too flat to be touched above the bench
])
def test_what_cannot_be_gripped_has_no_grasps(size):
    assert plan_grasps([box(size)], [0]) == [()]


def test_a_larger_gripper_takes_a_larger_box():
    assert len(plan_grasps([box((0.09, 0.08, 0.03))], [0], Gripper(max_opening=0.1))[0]) >= 2


def test_a_cone_is_too_steep_to_be_gripped():
    def cone(steepness):
        mesh = trimesh.creation.cone(0.03, 0.03 * steepness, sections=64)
        return plan_grasps([PosedMesh(mesh, np.eye(3), np.zeros(3))], [0])[0]
    # The wall's normal leans by atan(1 / steepness), the friction cone by atan(1 / 2).
    assert cone(1.5) == ()
    assert len(cone(3.0)) >= 2


@pytest.mark.parametrize('name', sorted(PARTS))
def test_each_part_that_lies_alone_has_two_to_six_grasps(name):
    for turn in (0.0, 0.4, 2.0):
        grasps, = plan_grasps([lying(name, turn)], [0])
        assert 2 <= len(grasps) <= 6


def test_grasps_turn_and_move_with_the_part():
    rng = np.random.default_rng(0)
    for name in ('l', 't', 'hammer'):
        still, = plan_grasps([lying(name)], [0])
        turn, x, y = rng.uniform(-3, 3), *rng.uniform(-0.3, 0.3, 2)
        moved, = plan_grasps([lying(name, turn, x, y)], [0])
        best = np.array(still[0].position)
        there = about_axis(UP, turn) @ best + (x, y, 0.0)
        near = min(np.linalg.norm(np.array(grasp.position) - there) for grasp in moved)
        # The height map's cells stay where they are.
        assert near < 0.006
        assert moved[0].score == pytest.approx(still[0].score, abs=0.06)


def test_grasps_of_a_part_differ():
    for name in PARTS:
        grasps, = plan_grasps([lying(name, 0.3)], [0])
        for i, one in enumerate(grasps):
            for other in grasps[:i]:
                apart = np.linalg.norm(np.subtract(one.position, other.position))
                turned = angle_difference(one.closing, other.closing)
                assert apart > 0.004 or turned > np.radians(10.0)


def test_a_neighbour_takes_the_room_of_a_finger():
    alone, = plan_grasps([box((0.03, 0.03, 0.03))], [0])
    directions = {round(float(grasp.closing), 3) for grasp in alone}
    assert directions == {0.0, round(np.pi / 2, 3)}
    # 10 mm beside it: a finger and its clearance take 12 mm.
    beside = box((0.03, 0.03, 0.03), x=0.04)
    crowded, = plan_grasps([box((0.03, 0.03, 0.03)), beside], [0])
    assert {round(float(grasp.closing), 3) for grasp in crowded} == {round(np.pi / 2, 3)}
    enclosed = [box((0.03, 0.03, 0.03), x, y) for x, y in (
        (0.0, 0.0), (0.04, 0.0), (-0.04, 0.0), (0.0, 0.04), (0.0, -0.04))]
    assert plan_grasps(enclosed, [0]) == [()]


def test_a_low_neighbour_is_passed_over():
    beside = box((0.03, 0.03, 0.01), x=0.04)
    grasps, = plan_grasps([box((0.03, 0.03, 0.03)), beside], [0])
    assert any(angle_difference(grasp.closing, 0.0) < 0.01 for grasp in grasps)


def test_a_high_neighbour_is_in_the_palms_way():
    tower = box((0.02, 0.02, 0.09), y=0.05)
    grasps, = plan_grasps([box((0.09, 0.03, 0.03)), tower], [0])
    top = np.stack(np.meshgrid(
        np.linspace(-0.01, 0.01, 21), np.linspace(0.04, 0.06, 21)), axis=-1).reshape(-1, 2)
    half = np.array((GRIPPER.palm_length, GRIPPER.palm_width)) / 2
    for grasp in grasps:
        turn = about_axis(UP, grasp.closing)[:2, :2]
        under = (top - grasp.position[:2]) @ turn
        assert not (np.abs(under) < half - 0.0005).all(axis=1).any()
    assert grasps


def test_no_grasp_touches_a_neighbour(piles, finger_touches):
    def hits(scene, place, grasp):
        return sum(
            finger_touches(thing.triangles, grasp, grasp.width)
            for other, thing in enumerate(scene) if other != place)

    planned = careless = 0
    for scene in piles:
        for place, grasps in enumerate(plan_grasps(scene, range(len(scene)))):
            planned += len(grasps)
            assert not any(hits(scene, place, grasp) for grasp in grasps)
            if place == 0:
                blind, = plan_grasps([scene[0]], [0])
                careless += sum(hits(scene, 0, grasp) > 0 for grasp in blind)
    assert planned > 100
    # It could have been otherwise.
    assert careless > 5


def test_open_fingers_do_not_touch_the_part_nor_the_bench(piles, finger_touches):
    for scene in piles:
        for place, grasps in enumerate(plan_grasps(scene, range(len(scene)))):
            for grasp in grasps:
                assert grasp.position[2] >= 0.001
                assert not finger_touches(scene[place].triangles, grasp, grasp.opening)


def test_contacts_are_on_the_surface_within_the_friction_cone(piles):
    cone = np.cos(np.arctan(GRIPPER.friction)) - 1e-9
    for scene in piles[:6]:
        for part in scene:
            height = part.triangles[:, :, 2].max() - 0.012
            outline = section(part.triangles, height)
            closings = opposite_contacts(outline, GRIPPER.friction, 0.073)
            assert (closings.alignment >= cone).all()
            assert (closings.widths <= 0.073).all()
            ends = (
                closings.contacts,
                closings.contacts + closings.widths[:, None] * closings.directions)
            for points in ends:
                assert distance_to(outline, points[::7]).max(initial=0.0) < 1e-9


def distance_to(outline, points):
    """Return how far points are from the nearest segment of an outline."""
    along = outline.ends - outline.starts
    share = np.einsum('nsi,si->ns', points[:, None] - outline.starts, along)
    share = np.clip(share / np.maximum((along**2).sum(axis=1), 1e-18), 0.0, 1.0)
    nearest = outline.starts + share[:, :, None] * along
    return np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1)


@pytest.mark.parametrize('name', NAMES)
def test_a_section_is_that_of_trimesh(name):
    part = PosedMesh(PARTS[name]().mesh, random_rotations(np.random.default_rng(1), 1)[0], 0 * UP)
    outline = section(part.triangles, 0.0031)
    posed = part.mesh.copy()
    matrix = np.eye(4)
    matrix[:3, :3] = part.rotation
    posed.apply_transform(matrix)
    lines = trimesh.intersections.mesh_plane(posed, UP, (0, 0, 0.0031))[:, :, :2]
    length = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum()
    mine = np.linalg.norm(outline.ends - outline.starts, axis=1)
    assert mine.sum() == pytest.approx(length, rel=1e-9)
    # Walking out of any segment along its normal leaves the part.
    np.testing.assert_allclose(np.linalg.norm(outline.normals, axis=1), 1.0, atol=1e-9)
    area = np.einsum(
        's,s->', 0.5 * ((outline.starts + outline.ends) * outline.normals[:, :2]).sum(axis=1)
        / np.maximum(np.linalg.norm(outline.normals[:, :2], axis=1), 1e-12), mine) / 2
    assert area == pytest.approx(enclosed_area(lines), rel=1e-6)


def enclosed_area(lines):
    """Return the area within segments in any order, by counting crossings of scan lines."""
    low, high = lines[:, :, 1].min(), lines[:, :, 1].max()
    rows = np.linspace(low, high, 20001)[:-1] + (high - low) / 40000
    a, b = lines[:, 0], lines[:, 1]
    total = 0.0
    for row in np.array_split(rows, 200):
        crossed = (a[:, 1] <= row[:, None]) != (b[:, 1] <= row[:, None])
        with np.errstate(divide='ignore', invalid='ignore'):
            x = a[:, 0] + (row[:, None] - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        # Every second one leads out again; what is not crossed comes last, far away.
        x = np.sort(np.where(crossed, x, 1e3), axis=1)
        total += (x[:, 1::2] - x[:, :-1:2][:, :x.shape[1] // 2]).sum()
    return total * (high - low) / 20000


def test_a_label_is_where_the_camera_sees_the_fingers(piles):
    camera = PinholeCamera(300, 300, 520.0, 522.0, 148.0, 151.0)
    rng = np.random.default_rng(2)
    for scene in piles[:6]:
        x, y = rng.uniform(-0.2, 0.2, 2)
        view = look_at(camera, (x, y, 0.6), (0.02, 0.01, 0.0), rng.uniform(-3, 3))
        for grasps in plan_grasps(scene, range(len(scene))):
            for grasp in grasps:
                check_label(grasp, grasp_labels([grasp], view)[0], view)


def check_label(grasp, label, view):
    assert -np.pi / 2 < label.theta <= np.pi / 2
    rectangle = corners((label.x, label.y, label.opening, label.jaw, label.theta))[0]
    # The middle, and those of the four sides, laid back onto the plane of the tips.
    pixels = np.stack((
        (label.x, label.y), *(0.5 * (rectangle + np.roll(rectangle, -1, axis=0)))))
    middle, upper, right, lower, left = view.on_plane(pixels, grasp.position, UP)
    np.testing.assert_allclose(middle, grasp.position, atol=1e-9)
    assert np.linalg.norm(right - left) == pytest.approx(grasp.opening, rel=0.02)
    direction = right - left
    assert angle_difference(
        np.arctan2(direction[1], direction[0]), grasp.closing) < np.radians(0.5)
    assert np.linalg.norm(lower - upper) == pytest.approx(grasp.jaw, rel=0.12)
    pose = label.pose
    rotation = view.rotation
    np.testing.assert_allclose(
        rotation @ pose.position + view.position, grasp.position, atol=1e-12)
    np.testing.assert_allclose(rotation @ pose.approach, -UP, atol=1e-12)
    np.testing.assert_allclose(
        rotation @ pose.closing, (np.cos(grasp.closing), np.sin(grasp.closing), 0), atol=1e-12)
    assert pose.opening == grasp.opening
    assert label.score == grasp.score


def test_the_same_scene_has_the_same_grasps(piles):
    for scene in piles[:3]:
        every = plan_grasps(scene, range(5))
        assert plan_grasps(scene, range(5)) == every
        assert plan_grasps(scene, [3]) == [every[3]]
