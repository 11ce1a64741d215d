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

"""The user's pictures: read one at a time, the bad ones named, none too large."""

import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from mtperception.sim.looks.backgrounds import BackgroundError, read_backgrounds


def gradient(width, height):
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[..., 0] = np.linspace(0, 255, width).astype(np.uint8)
    picture[..., 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
    picture[..., 2] = 40
    return picture


def write(path, rgb):
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, rgb[..., ::-1])
    assert done
    path.write_bytes(bytes(data))


def png_bomb(side):
    """Return a small PNG file of so many pixels a side."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack(
            '>I', zlib.crc32(kind + data))

    header = struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)
    squeeze = zlib.compressobj(9)
    rows = b''.join(squeeze.compress(bytes(3 * side + 1)) for _ in range(side)) + squeeze.flush()
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', rows) + chunk(
        b'IEND', b'')


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.JPEG'])
@pytest.mark.parametrize('size', [(640, 480), (90, 200), (5000, 3000)])
def test_a_tile_is_the_middle_square_mirrored(tmp_path, suffix, size):
    write(tmp_path / f'a{suffix}', gradient(*size))
    backgrounds = read_backgrounds(tmp_path)
    tile = backgrounds.tile(0, 256)
    assert tile.shape == (256, 256, 3) and len(backgrounds) == 1 and not backgrounds.skipped
    quarter = tile[:128, :128]
    np.testing.assert_array_equal(tile[:128, 128:], quarter[:, ::-1])
    np.testing.assert_array_equal(tile[128:], tile[:128][::-1])
    width, height = size
    side = min(size)
    row, column = 100, 20
    x, y = (width - side) / 2 + side * column / 128, (height - side) / 2 + side * row / 128
    expected = (255 * x / width, 255 * y / height, 40)
    assert quarter[row, column].astype(float) == pytest.approx(expected, abs=6)


def test_bad_files_are_left_out_and_named(tmp_path):
    write(tmp_path / 'deep' / 'good.png', gradient(100, 100))
    whole = (tmp_path / 'deep' / 'good.png').read_bytes()
    (tmp_path / 'empty.jpg').write_bytes(b'')
    (tmp_path / 'text.png').write_bytes(b'not a picture')
    (tmp_path / 'header.png').write_bytes(whole[:30])
    (tmp_path / 'noise.jpg').write_bytes(b'\xff\xd8' + bytes(range(256)))
    (tmp_path / 'bomb.png').write_bytes(png_bomb(11_000))
    (tmp_path / 'folder.png').mkdir()
    (tmp_path / 'notes.txt').write_text('not looked at')
    write(tmp_path / 'dot.png', gradient(4, 4))
    backgrounds = read_backgrounds(tmp_path)
    assert [path.name for path in backgrounds.paths] == ['good.png']
    assert set(backgrounds.skipped) == {
        'empty.jpg', 'text.png', 'header.png', 'noise.jpg', 'bomb.png', 'dot.png'}


def test_a_picture_too_large_takes_no_memory(tmp_path):
    (tmp_path / 'bomb.png').write_bytes(png_bomb(11_000))
    write(tmp_path / 'good.png', gradient(64, 64))
    script = (
        'import resource, sys\n'
        'from mtperception.sim.looks.backgrounds import read_backgrounds\n'
        'before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n'
        'assert len(read_backgrounds(sys.argv[1])) == 1\n'
        'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n')
    done = subprocess.run(
        [sys.executable, '-c', script, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100_000


def test_a_folder_without_pictures_is_one_line(tmp_path):
    with pytest.raises(BackgroundError, match='holds no JPEG or PNG'):
        read_backgrounds(tmp_path)
    (tmp_path / 'bad.png').write_bytes(b'')
    with pytest.raises(BackgroundError, match=r'bad\.png cannot'):
        read_backgrounds(tmp_path)
    with pytest.raises(BackgroundError, match='not a folder'):
        read_backgrounds(tmp_path / 'missing')


def test_a_picture_that_is_gone_is_named(tmp_path):
    write(tmp_path / 'a.png', gradient(64, 64))
    backgrounds = read_backgrounds(tmp_path)
    (tmp_path / 'a.png').unlink()
    with pytest.raises(BackgroundError, match=r'a\.png'):
        backgrounds.tile(0, 128)


def test_the_hash_is_of_the_bytes(tmp_path):
    write(tmp_path / 'one' / 'a.png', gradient(64, 64))
    write(tmp_path / 'two' / 'b.png', gradient(64, 64))
    write(tmp_path / 'three' / 'a.png', gradient(64, 65))
    one, two, three = (
        read_backgrounds(tmp_path / name).sha256 for name in ('one', 'two', 'three'))
    assert one == two != three
