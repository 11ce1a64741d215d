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

"""Messages as YAML, and YAML as messages."""

from ros2cli.message_text import field_of, message_from_yaml, message_to_yaml, Shortening
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose
import yaml


def test_yaml_of_messages():
    detections = Detection2DArray(header=Header(frame_id='camera'))
    detection = Detection2D(results=[ObjectHypothesisWithPose()])
    detection.results[0].hypothesis.class_id = 'p' * 200
    detections.detections = [detection]
    plain = yaml.safe_load(message_to_yaml(detections, Shortening()))
    shown = plain['detections'][0]['results'][0]
    assert shown['hypothesis']['class_id'] == 'p' * 128 + '...'
    assert shown['pose']['covariance'] == [0.0] * 36
    full = yaml.safe_load(message_to_yaml(detections, Shortening(length=None)))
    assert full['detections'][0]['results'][0]['hypothesis']['class_id'] == 'p' * 200
    hidden = yaml.safe_load(message_to_yaml(CameraInfo(), Shortening(arrays=False, strings=False)))
    assert hidden['d'] == '<sequence type: double, length: 0>'
    assert hidden['k'] == '<array type: double[9]>'
    assert hidden['distortion_model'] == '<string length: <0>>'
    assert field_of(detections, 'detections[0].results[0].hypothesis.score') == 0.0


def test_messages_from_yaml_and_back():
    text = """
        header: {stamp: {sec: 3}, frame_id: camera}
        detections:
        - results: [{hypothesis: {class_id: pin, score: 1}}]
          bbox: {center: {position: {x: 1.5, y: 2}}, size_x: 3}
    """
    message = message_from_yaml(Detection2DArray, text)
    assert message.header.stamp.sec == 3
    assert message.detections[0].results[0].hypothesis.score == 1.0
    again = message_from_yaml(
        Detection2DArray, message_to_yaml(message, Shortening(length=None)))
    assert again == message
    image = message_from_yaml(Image, '{data: [1, 2], width: 2}')
    assert list(image.data) == [1, 2]
    camera = message_from_yaml(CameraInfo, '{d: [0, 1], k: [1, 0, 0, 0, 1, 0, 0, 0, 1]}')
    assert camera.d.tolist() == [0.0, 1.0]
    assert camera.k.tolist() == [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
