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
The C functions of Cyclone DDS that its Python package does not offer in the form needed here.

The package's own `DataWriter.write` holds the interpreter's lock while a slow reliable reader
blocks it, and its `take` goes through a Python type. Called through ctypes, the same library
blocks only the calling thread and hands over the received bytes themselves. Nothing outside
this file touches a private name of the package.
"""
from __future__ import annotations

from collections.abc import Iterator
import ctypes as ct
import os
from typing import Any
import weakref

from cyclonedds.core import DDSException, Entity
from cyclonedds.internal import DDS, dds_c_t
import numpy as np

INFINITY = 2**63 - 1
OK = 0
TIMEOUT = DDSException.DDS_RETCODE_TIMEOUT

_ANY_STATE = 0x7F
_ZEROS = np.zeros(4, np.uint8)
_library = DDS._dll_handle
_SampleInfo = dds_c_t.sample_info


if hasattr(os, 'register_at_fork'):
    # A forked child has none of the library's threads: deleting something would wait for ever.
    os.register_at_fork(after_in_child=Entity._entities.clear)


class DdsError(RuntimeError):
    """A call into the middleware failed."""

    def __init__(self, code: int, doing: str) -> None:
        reason = str(DDSException(code)).split('] ')[-1].strip()
        super().__init__(f'cannot {doing}: {reason[:1].lower()}{reason[1:]}')
        self.code = code


class _Sample(ct.Structure):
    _fields_ = [('data', ct.c_void_p), ('size', ct.c_size_t)]


class _IoVector(ct.Structure):
    _fields_ = [('base', ct.c_void_p), ('size', ct.c_size_t)]


def _function(name: str, result: Any, *arguments: Any) -> Any:
    # A prototype of its own: setting argtypes on the library's attribute would change the
    # package's calls too.
    return ct.CFUNCTYPE(result, *arguments)((name, _library))


_entity = ct.c_int32
_dds_write = _function('dds_write', ct.c_int32, _entity, ct.POINTER(_Sample))
_dds_takecdr = _function(
    'dds_takecdr', ct.c_int32, _entity, ct.POINTER(ct.c_void_p), ct.c_uint32,
    ct.POINTER(_SampleInfo), ct.c_uint32)
_serdata_size = _function('ddsi_serdata_size', ct.c_uint32, ct.c_void_p)
_serdata_borrow = _function(
    'ddsi_serdata_to_ser_ref', ct.c_void_p, ct.c_void_p, ct.c_size_t, ct.c_size_t,
    ct.POINTER(_IoVector))
_serdata_return = _function(
    'ddsi_serdata_to_ser_unref', None, ct.c_void_p, ct.POINTER(_IoVector))
_serdata_unref = _function('ddsi_serdata_unref', None, ct.c_void_p)
_create_waitset = _function('dds_create_waitset', ct.c_int32, _entity)
_waitset_attach = _function('dds_waitset_attach', ct.c_int32, _entity, _entity, ct.c_void_p)
_waitset_detach = _function('dds_waitset_detach', ct.c_int32, _entity, _entity)
_waitset_wait = _function(
    'dds_waitset_wait', ct.c_int32, _entity, ct.POINTER(ct.c_void_p), ct.c_size_t, ct.c_int64)
_create_guard = _function('dds_create_guardcondition', ct.c_int32, _entity)
_set_guard = _function('dds_set_guardcondition', ct.c_int32, _entity, ct.c_bool)
_take_guard = _function('dds_take_guardcondition', ct.c_int32, _entity, ct.POINTER(ct.c_bool))
_create_readcondition = _function('dds_create_readcondition', ct.c_int32, _entity, ct.c_uint32)
_get_instance_handle = _function(
    'dds_get_instance_handle', ct.c_int32, _entity, ct.POINTER(ct.c_uint64))
_wait_for_acks = _function('dds_wait_for_acks', ct.c_int32, _entity, ct.c_int64)
_handles = ct.POINTER(ct.c_uint64)
_get_readers = _function(
    'dds_get_matched_subscriptions', ct.c_int32, _entity, _handles, ct.c_size_t)
_get_writers = _function(
    'dds_get_matched_publications', ct.c_int32, _entity, _handles, ct.c_size_t)
_get_guid = _function('dds_get_guid', ct.c_int32, _entity, ct.c_char * 16)
_dds_delete = _function('dds_delete', ct.c_int32, _entity)


def checked(code: int, doing: str) -> int:
    """Return a call's result, or raise DdsError, saying what could not be done."""
    if code < 0:
        raise DdsError(code, doing)
    return code


def handle(entity: Any) -> int:
    """Return the number by which the library knows an object of the package."""
    return int(entity._ref)


def write(writer: int, data: bytes | bytearray | memoryview) -> int:
    """
    Send CDR bytes, the four-byte header included; return the middleware's code.

    The bytes are copied once. Only the calling thread waits for a slow reliable reader.
    """
    view = np.frombuffer(data, np.uint8)
    if excess := view.nbytes % 4:
        # Whole words go out: filled up here, since the library takes what lies in memory there.
        view = np.concatenate([view, _ZEROS[excess:]])
    sample = _Sample(view.__array_interface__['data'][0], view.nbytes)
    return int(_dds_write(writer, ct.byref(sample)))


def wait_for_acknowledgements(writer: int, timeout_ns: int) -> bool:
    """Wait until all reliable readers have everything; False after the time."""
    code = _wait_for_acks(writer, timeout_ns)
    return code != TIMEOUT and checked(code, 'wait for acknowledgements') == OK


def matched_readers(writer: int) -> list[int]:
    """Return the instance handles of a writer's readers, none for a deleted one."""
    return _matched(_get_readers, writer)


def matched_writers(reader: int) -> list[int]:
    """Return the instance handles of a reader's writers, none for a deleted one."""
    return _matched(_get_writers, reader)


def _matched(get: Any, endpoint: int) -> list[int]:
    # The package's own functions fail where a peer comes between counting and collecting.
    limit = 8
    while True:
        found = (ct.c_uint64 * limit)()
        count = get(endpoint, found, limit)
        if count <= limit:
            return list(found[:max(0, count)])
        limit = count


def take(reader: int, limit: int) -> Iterator[tuple[memoryview, Any]]:
    """
    Take up to that many samples, oldest first: read-only CDR bytes and their sample info.

    The bytes are the middleware's own; they live as long as anything refers to them.
    """
    samples = (ct.c_void_p * limit)()
    infos = (_SampleInfo * limit)()
    count = checked(
        _dds_takecdr(reader, samples, limit, infos, _ANY_STATE), 'take from a reader')
    for sample, info in zip(samples[:count], infos[:count], strict=True):
        if info.valid_data:
            yield _borrowed(sample), info
        else:
            _serdata_unref(sample)


def _borrowed(sample: Any) -> memoryview:
    size = _serdata_size(sample)
    vector = _IoVector()
    loan = _serdata_borrow(sample, 0, size, ct.byref(vector))
    _serdata_unref(sample)
    buffer = (ct.c_char * size).from_address(vector.base)
    # At interpreter exit the whole library goes; returning loans then would come too late.
    weakref.finalize(buffer, _serdata_return, loan, ct.byref(vector)).atexit = False
    return memoryview(buffer).cast('B').toreadonly()


def create_waitset(participant: int) -> int:
    return checked(_create_waitset(participant), 'create a wait set')


def attach(waitset: int, condition: int, token: int) -> bool:
    """
    Let the wait set report `token` (positive) when the condition holds.

    False where one of the two was deleted meanwhile.
    """
    return bool(_waitset_attach(waitset, condition, token) == OK)


def detach(waitset: int, condition: int) -> None:
    """Forget the condition; a deleted one has left the wait set already."""
    _waitset_detach(waitset, condition)


def wait(waitset: int, timeout_ns: int, limit: int) -> list[int]:
    """Wait until a condition holds; the tokens of those that do, none after the time-out."""
    tokens = (ct.c_void_p * limit)()
    count = _waitset_wait(waitset, tokens, limit, timeout_ns)
    return [token for token in tokens[:max(0, min(count, limit))] if token]


def create_guard(participant: int) -> int:
    return checked(_create_guard(participant), 'create a guard condition')


def trigger_guard(guard: int) -> None:
    """Let the guard's condition hold; nothing happens where the guard was deleted."""
    _set_guard(guard, True)


def reset_guard(guard: int) -> None:
    _take_guard(guard, ct.byref(ct.c_bool()))


def create_data_condition(reader: int) -> int:
    """Create a condition that holds while the reader has samples to take."""
    return checked(_create_readcondition(reader, _ANY_STATE), 'create a read condition')


def instance_handle(entity: int) -> int:
    handle = ct.c_uint64()
    checked(_get_instance_handle(entity, ct.byref(handle)), 'look up an entity')
    return handle.value


def guid(entity: int) -> bytes:
    """Return the 16 bytes that name an entity in its domain."""
    buffer = (ct.c_char * 16)()
    checked(_get_guid(entity, buffer), 'look up an entity')
    return bytes(buffer.raw)


def delete(entity: int) -> None:
    """Delete an entity and all that belongs to it; a deleted one stays deleted."""
    _dds_delete(entity)
