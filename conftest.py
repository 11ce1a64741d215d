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
Settings of all tests.

pytest names a test module after its folders: for `embedded_ros/test` it would take the folder
`embedded_ros` for the package of that name, were the package not imported before.
"""
import contextlib
import signal

import hypothesis

with contextlib.suppress(ImportError):  # where there is a real ROS 2
    import embedded_ros.activation  # noqa: F401

# A background job of a shell inherits SIGINT as ignored, and so would the tests' processes.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile('default', hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile('default')


def pytest_addoption(parser):
    parser.addoption(
        '--soak', action='store_true', help='run test/soak at full length: about an hour')
