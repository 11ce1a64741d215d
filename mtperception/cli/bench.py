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

"""`mtperception bench`: speed, as ratios within one run."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
import json
import os
import statistics
import time
from typing import Any, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mtperception.pin.predictor import PinDetector


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'bench', help='speed, as ratios within the run',
        description='Measure speed as ratios within one run; the convolution and copy rates of '
                    'the machine are measured beside.')
    parser.add_argument(
        'what', choices=['render', 'pin', 'grasp', 'pose', 'nodes', 'dds'],
        help='render: labelled pictures against bare drawing; pin: detection against the bare '
             'network; grasp: features of shapes against the bare network; pose: a picture to '
             'one pose, refined or not, and the codebook against reading it once; nodes: the node '
             'against the library; dds: VGA images (bgr8) at 30 Hz against a plain socket, and '
             'an idle node')
    parser.add_argument('--seconds', type=float, default=10.0, help='time for each stream (10)')
    parser.add_argument('--threads', type=int, default=1, help='threads of the network (1)')
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import torch

    from mtperception.nn.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    figures = {'threads': arguments.threads, **machine()}
    figures |= {
        'render': render, 'pin': pin, 'grasp': grasp, 'pose': pose, 'nodes': nodes, 'dds': dds,
    }[arguments.what](arguments)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in flat(figures):
            print(f'{name:32} {value:.4g}')
    return 0


def flat(figures: dict[str, Any], prefix: str = '') -> list[tuple[str, float]]:
    rows = []
    for name, value in figures.items():
        if isinstance(value, dict):
            rows += flat(value, f'{prefix}{name}.')
        else:
            rows.append((prefix + name, value))
    return rows


def median_ms(function: Callable[[], object], seconds: float = 3.0) -> float:
    """Time a function again and again, after a warm-up; give the median in milliseconds."""
    for _ in range(3):
        function()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def machine() -> dict[str, float]:
    """Measure the rates that everything else rests on: convolution (GFLOP/s), copy (GB/s)."""
    import torch

    convolution = torch.nn.Conv2d(64, 64, 3, padding=1)
    picture = torch.rand(1, 64, 128, 128)
    flops = 2 * 64 * 64 * 9 * 128 * 128
    buffer = np.ones(64 * 2**20, np.uint8)
    target = np.empty_like(buffer)
    with torch.inference_mode():
        convolution_ms = median_ms(lambda: convolution(picture), 1.0)
    return {
        'convolution_gflops': flops / convolution_ms / 1e6,
        'copy_gb_s': buffer.nbytes / median_ms(lambda: np.copyto(target, buffer), 1.0) / 1e6,
    }


def frames() -> list[npt.NDArray[np.uint8]]:
    from mtperception.sim.pin.scene import PinScene

    with PinScene() as scene:
        return [scene.sample(seed=7, index=index, pins=index % 7).image for index in range(7)]


def detection_ms(
    detector: 'PinDetector', images: Sequence[npt.NDArray[np.uint8]]
) -> float:
    """Time picture in to detections out, over pictures with none to six pins."""
    return statistics.median(
        median_ms(partial(detector.detect, image), 1.0) for image in images)


def render(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare labelled pictures on the disk with bare drawing."""
    from mtperception.cli.bench_render import figures

    return figures(arguments.seconds)


def pin(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare picture in to detections out with the bare forward pass."""
    from mtperception.pin.predictor import PinDetector

    detector = PinDetector.load('pin')
    images = frames()
    forward = detector.bare_forward(images[0])
    detect_ms = detection_ms(detector, images)
    forward_ms = median_ms(forward)
    return {'pin': {
        'detect_ms': detect_ms, 'forward_ms': forward_ms, 'ratio': detect_ms / forward_ms}}


def grasp(_arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare features of shapes with the bare forward pass, and windows with autograd."""
    from mtperception.cli.bench_grasp import figures
    from mtperception.grasp.descriptor.describer import Describer
    from mtperception.grasp.predictor import GraspDetector
    from mtperception.sim.grasp.scene import GraspScene, HEIGHT, WIDTH

    def picture(width: int, height: int) -> npt.NDArray[np.uint8]:
        with GraspScene(width=width, height=height) as scene:
            return np.ascontiguousarray(scene.sample(seed=7, index=0).image[..., ::-1])

    return figures(GraspDetector.load('grasp'), Describer.load(), picture(WIDTH, HEIGHT),
                   picture(640, 480))


def pose(_arguments: argparse.Namespace) -> dict[str, Any]:
    """Time a picture to one pose, refined or not, and the codebook against reading it once."""
    from mtperception.cli.bench_pose import figures
    from mtperception.cli.evaluate_poses import opened

    return figures(opened('hammer'))


def nodes(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare published to received with the library's detect; flood the node at 60 Hz."""
    from mtperception.nodes.benchmark import pin_detector_streams
    from mtperception.pin.predictor import PinDetector

    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    images = frames()
    detector = PinDetector.load('pin')
    detect_ms = detection_ms(detector, images)
    calm, flood = pin_detector_streams(
        images, (15.0, 60.0), arguments.seconds, arguments.threads)
    latency_ms = 1e3 * statistics.median(calm.latencies)
    return {'nodes': {'pin': {
        'detect_ms': detect_ms,
        'latency_ms': latency_ms,
        'latency_ratio': latency_ms / detect_ms,
        'overhead_ms': latency_ms - detect_ms,
        'lost_at_15_hz': calm.published - len(calm.latencies),
        'rate': len(flood.latencies) / arguments.seconds,
        'flood': {
            'published': flood.published,
            'detected': len(flood.latencies),
            'dropped': flood.dropped,
            'latency_ms': 1e3 * statistics.median(flood.latencies),
        },
    }}}


def dds(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare images between two processes with the same bytes through a socket."""
    from mtperception.nodes import dds_benchmark

    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    idle = dds_benchmark.measure_idle_node(arguments.seconds)
    images, plain, lossless_rate = dds_benchmark.measure_images(
        30.0, arguments.seconds, search_seconds=arguments.seconds / 5)
    figures: dict[str, Any] = {
        'image_bytes': dds_benchmark.IMAGE_BYTES,
        'rate_hz': 30.0,
        'lost': images.lost,
        **quantiles('latency', images.latencies),
        **quantiles('socket', plain.latencies),
        'lossless_rate_hz': lossless_rate,
    }
    figures['latency_ratio'] = figures['latency_ms'] / figures['socket_ms']
    if idle is not None:
        figures |= {
            'idle_cpu_percent': 100 * idle.cpu_share,
            'idle_rss_mb': idle.resident / 1e6,
            'idle_pss_mb': idle.proportional / 1e6,
        }
    return {'dds': figures}


def quantiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """Give median and 95th percentile in milliseconds."""
    if not seconds:
        raise RuntimeError(f'no {name} to measure: nothing arrived')
    median, p95 = np.percentile(seconds, [50, 95])
    return {f'{name}_ms': 1e3 * float(median), f'{name}_p95_ms': 1e3 * float(p95)}
