"""A listening socket that lets nobody in any more, before it is closed.

Closing it at once resets the connections that were made but not accepted yet: their clients may
have sent a request. Linux has a way to refuse only new ones: a filter on the socket.
"""

import ctypes
import socket
import struct
import sys

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of <asm-generic/socket.h>
# Of each packet from its TCP header on, as <linux/filter.h> writes programs: what begins a
# connection (SYN) is dropped, and its client tries again; all else passes.
_DROP_SYN = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte of the flags
        (0x45, 0, 1, 0x02),  # is SYN among them?
        (0x06, 0, 0, 0),  # yes: keep nothing
        (0x06, 0, 0, 0xFFFFFFFF),  # no: keep all
    )
)


def shut(listener: socket.socket) -> None:
    """Let no new connection begin; those that wait can still be accepted.

    Does nothing where the system is not Linux.
    """
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(_DROP_SYN)
    program = struct.pack("HP", len(_DROP_SYN) // struct.calcsize("HBBI"), ctypes.addressof(code))
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
