"""The C library's memory, told to suit training."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
ONE_GIB = 1 << 30


def keep_freed_memory() -> None:
    """
    Have glibc keep large freed blocks instead of returning them to the system.

    Each training step frees and asks again for the same large tensors; without this each is
    mapped and zeroed page by page. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, ONE_GIB)
        mallopt(M_TRIM_THRESHOLD, ONE_GIB)
