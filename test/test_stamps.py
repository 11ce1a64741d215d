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

from hypothesis import given, strategies as st

from mtperception.nodes.stamps import odd_stamp, SECOND, TOLERANCE

NOW = 1_700_000_000 * SECOND
times = st.integers(1, 2 * NOW)


def cause(stamp, previous=None, now=NOW):
    oddity = odd_stamp(stamp, previous, now)
    return oddity.cause if oddity else None


@given(previous=times, step=st.integers(1, SECOND), late=st.integers(-TOLERANCE, 10 * SECOND))
def test_a_stamp_after_the_last_and_not_after_now_is_no_oddity(previous, step, late):
    stamp = previous + step
    assert cause(stamp, previous, now=stamp + late) is None


@given(stamp=times, step=st.integers(1, 10**18), now=times)
def test_back_and_again_are_odd_whatever_the_time(stamp, step, now):
    assert cause(stamp, stamp + step, now) == 'stamp_back'
    assert cause(stamp, stamp, now) == 'stamp_repeated'


@given(now=st.integers(0, NOW), ahead=st.integers(TOLERANCE + 1, 10**18))
def test_the_future_is_odd(now, ahead):
    assert cause(now + ahead, None, now) == 'stamp_future'


def test_zero_is_a_stamp_that_nobody_set():
    assert cause(0) == cause(0, 0) == cause(0, NOW) == 'stamp_zero'


def test_the_sentence_says_how_far():
    assert 'gone back by 1.500 s' in odd_stamp(NOW, NOW + 3 * SECOND // 2, NOW).text
    assert '2.000 s ahead' in odd_stamp(NOW + 2 * SECOND, None, NOW).text
