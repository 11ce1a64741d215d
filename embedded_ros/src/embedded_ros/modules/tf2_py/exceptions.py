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
"""Why a transform cannot be told."""


class TransformException(Exception):  # noqa: N818
    """What all failures of a lookup have in common."""


class ConnectivityException(TransformException):
    """Both frames are known, but no chain of transforms connects them."""


class ExtrapolationException(TransformException):
    """The time asked for lies outside of what the buffer holds."""


class InvalidArgumentException(TransformException):
    """A frame's name is not one that can be."""


class LookupException(TransformException):
    """A frame is not known, or the frames form a loop."""


class TimeoutException(TransformException):
    """The time to wait is over."""
