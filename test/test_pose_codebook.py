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

"""The codebook: what is most like a code, kept whole on the disk or made again."""

import cv2
import numpy as np
import pytest
import torch

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.rotations import angle_between, random_rotations
from mtperception.objects import known
from mtperception.objects.symmetry import is_own_mirror_image
from mtperception.pose.codebook import build, Codebook, read_codebook, write_codebook
from mtperception.pose.network import PoseArchitecture, PoseNetwork
from mtperception.pose.predictor import PoseEstimator
from mtperception.pose.quarter_turns import quarter_turned
from mtperception.sim.pose.codebook_views import canonical_camera, view_rotations, views
from mtperception.sim.shapes.parts import PARTS

CAMERA = PinholeCamera(512, 512, 443.0, 443.0, 255.5, 255.5)


def codebook(count=500, latent=16, seed=0):
    torch.manual_seed(seed)
    codes = torch.nn.functional.normalize(torch.randn(count, latent), dim=1)
    return Codebook(codes.to(torch.bfloat16), random_rotations(np.random.default_rng(seed), count),
                    np.tile((1.0, 2.0, 3.0, 4.0), (count, 1)), CAMERA, 0.9)


def test_the_nearest_entry_is_that_of_plain_cosines():
    book = codebook()
    wanted = torch.randn(40, 16, generator=torch.Generator().manual_seed(3))
    cosines = torch.nn.functional.normalize(wanted, dim=1) @ book.codes.float().T
    for entry, row in zip(book.nearest(wanted[:, None]), cosines, strict=True):
        # Entries that are alike to half the precision may change places.
        assert row[entry.number] >= row.max() - 0.01
        assert entry.likeness == pytest.approx(float(row[entry.number]), abs=0.01)


def test_how_long_a_code_is_means_nothing():
    book = codebook()
    code = torch.randn(1, 1, 16, generator=torch.Generator().manual_seed(4))
    assert book.nearest(code)[0].number == book.nearest(100 * code)[0].number


def test_distinct_entries_are_apart_and_the_most_alike_first():
    book = codebook(2000)
    code = torch.randn(1, 16, generator=torch.Generator().manual_seed(5))
    entries = book.distinct(code, 8, np.radians(15.0))
    assert len(entries) == 8
    assert entries[0].number == book.nearest(code[None])[0].number
    assert [entry.likeness for entry in entries] == sorted(
        (entry.likeness for entry in entries), reverse=True)
    rotations = book.rotations[[entry.number for entry in entries]]
    apart = angle_between(rotations[:, None], rotations[None])
    assert apart[~np.eye(8, dtype=bool)].min() >= np.radians(15.0)


def test_turned_crops_are_looked_up_where_their_circle_is_turned():
    """A view's own code and those of its quarter turns tell of the same entry."""
    part = PARTS['hammer']()

    def encode(crops):
        small = np.stack([cv2.resize(crop, (16, 16), interpolation=cv2.INTER_AREA)
                          for crop in crops]).reshape(len(crops), -1)
        return torch.from_numpy(small - 20.0).float()

    drawn = list(views(part, 12, 8, workers=1))
    book = build(drawn, encode, *canonical_camera(part), 8)
    crops = np.concatenate([some.rgb for some in drawn])
    codes = encode(quarter_turned(crops, book.quarters)).view(len(book), 4, -1)
    together = book.likeness(codes)
    own = together.diagonal()
    assert own.numpy() == pytest.approx(1.0, abs=0.02)
    assert (own >= together.max(dim=1).values - 0.01).all()
    # In a circle that is turned the wrong way round they tell of different entries.
    wrong = book.likeness(codes[:, [0, 3, 2, 1]]).diagonal()
    assert wrong.median() < 0.93


def test_a_codebook_is_read_as_it_was_written(tmp_path):
    book, path = codebook(), tmp_path / 'deep' / 'book.safetensors'
    write_codebook(path, book, 'this')
    again = read_codebook(path, 'this')
    assert torch.equal(again.codes, book.codes)
    assert again.rotations == pytest.approx(book.rotations, abs=1e-6)
    assert again.boxes == pytest.approx(book.boxes, abs=1e-4)
    assert (again.camera, again.distance, again.turns) == (book.camera, book.distance, 1)
    assert [file.name for file in path.parent.iterdir()] == ['book.safetensors']


def test_one_of_something_else_or_a_damaged_one_is_none(tmp_path):
    path = tmp_path / 'book.safetensors'
    assert read_codebook(path, 'this') is None
    write_codebook(path, codebook(), 'this')
    assert read_codebook(path, 'that') is None
    whole = path.read_bytes()
    for damaged in (b'', whole[:100], whole[:-50], b'\x80\x04' + whole):
        path.write_bytes(damaged)
        assert read_codebook(path, 'this') is None


@pytest.fixture
def estimator():
    torch.manual_seed(0)
    return PoseEstimator(PoseNetwork(PoseArchitecture(4, 16)), label='hammer', model_name='none',
                         sha256='0')


def test_every_view_finds_itself(estimator):
    """What the codebook is made of, seen again, has the code and the rotation it was given."""
    part = PARTS['hammer']()
    book = known.make_codebook(estimator, part, 12, 4, workers=1)
    assert book.rotations == pytest.approx(view_rotations(12, 4))
    seen = {}

    def encode(crops):
        codes = estimator.codes(crops)
        for crop, code in zip(crops, codes, strict=True):
            seen.setdefault(crop.tobytes(), code)
        return codes

    again = build(views(part, 12, 4, workers=1), encode, *canonical_camera(part), 4)
    assert torch.equal(again.codes, book.codes)
    entries = book.nearest(torch.stack(list(seen.values()))[:, None])
    assert min(entry.likeness for entry in entries) > 0.98


def test_a_codebook_is_made_once_and_kept(tmp_path, monkeypatch):
    from mtperception import zoo
    from mtperception.nn.weights import half_precision

    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    torch.manual_seed(0)
    model = tmp_path / 'model.safetensors'
    zoo.save(model, half_precision(PoseNetwork(PoseArchitecture(4, 16))), {
        'task': 'pose', 'object': 'hammer', 'architecture': {'width': 4, 'latent': 16}})
    told = []

    def opened(**more):
        return known.open_estimator(model, directions=12, turns=4, workers=1,
                                    progress=lambda *done: told.append(done), **more)

    first = opened()
    assert told[-1] == (48, 48)
    told.clear()
    assert torch.equal(opened().codebook.codes, first.codebook.codes)
    assert told == []
    file, = (tmp_path / 'mtperception' / 'codebooks').iterdir()
    file.write_bytes(file.read_bytes()[:200])
    assert torch.equal(opened().codebook.codes, first.codebook.codes)
    assert told[-1] == (48, 48)


def test_an_object_that_nobody_knows_is_named():
    from mtperception import zoo

    with pytest.raises(zoo.ModelError, match="no object is called 'spanner'; there are: cyl"):
        known.part_of('spanner')


@pytest.mark.parametrize(('name', 'expected'), [
    ('hammer', True), ('cylinder', True), ('l', True), ('ring', True)])
def test_what_is_its_own_mirror_image(name, expected):
    assert is_own_mirror_image(PARTS[name]().mesh) is expected


def test_a_screw_is_not_its_own_mirror_image():
    import trimesh

    arms = [trimesh.creation.box((0.1, 0.02, 0.02))]
    for shift, extents in (((0.04, 0.04, 0.0), (0.02, 0.08, 0.02)),
                           ((-0.04, 0.0, 0.04), (0.02, 0.02, 0.08))):
        arm = trimesh.creation.box(extents)
        arm.apply_translation(shift)
        arms.append(arm)
    assert not is_own_mirror_image(trimesh.util.concatenate(arms))
