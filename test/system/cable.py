"""A cable between this network namespace and another one: an end of it in each.

Usage: cable.py NAMESPACE OUTER INNER (names of the two ends). What it does to packets comes as JSON, one object a line, on
standard input: `delayMs`, `jitterMs`, `loss` (share), `kbitPerSecond`, `cut` (true: nothing passes), `deny` (addresses whose
packets do not reach the other namespace). A setting that is left out does nothing. Prints `ready` once both ends are there.
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
LARGEST_PACKET = 1 << 16
# A queue longer than this loses packets, as that of a router does.
QUEUE_SECONDS = 0.4
# Where the sender's address lies in an Ethernet frame with an IPv4 packet.
TYPE, SOURCE = slice(12, 14), slice(26, 30)
IPV4 = b"\x08\x00"


def end(name):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return descriptor


def end_in(namespace, name):
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET) != 0:
        sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")
    try:
        return end(name)
    finally:
        libc.setns(here, CLONE_NEWNET)


def main():
    namespace, outer_name, inner_name = sys.argv[1:]
    outer, inner = end(outer_name), end_in(namespace, inner_name)
    other = {outer: inner, inner: outer}
    free, last = dict.fromkeys(other, 0.0), dict.fromkeys(other, 0.0)
    draws = random.Random(1)
    settings, denied, queue, count = {}, set(), [], 0
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        wait = max(0.0, queue[0][0] - now) if queue else None
        readable, _, _ = select.select([outer, inner, sys.stdin], [], [], wait)
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            settings = json.loads(line)
            denied = {socket.inet_aton(address) for address in settings.get("deny", [])}
        for source in readable:
            if source is sys.stdin:
                continue
            try:
                packet = os.read(source, LARGEST_PACKET)
            except BlockingIOError:
                continue
            now = time.monotonic()
            if settings.get("cut") or draws.random() < settings.get("loss", 0):
                continue
            if source == outer and packet[TYPE] == IPV4 and packet[SOURCE] in denied:
                continue
            due = now
            if rate := settings.get("kbitPerSecond"):
                start = max(free[source], now)
                if start - now > QUEUE_SECONDS:
                    continue
                due = free[source] = start + len(packet) * 8 / (1000 * rate)
            due += settings.get("delayMs", 0) / 1000
            due += draws.random() * settings.get("jitterMs", 0) / 1000
            # Of one way, in order.
            due = last[source] = max(due, last[source])
            count += 1
            heapq.heappush(queue, (due, count, other[source], packet))
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, _, target, packet = heapq.heappop(queue)
            try:
                os.write(target, packet)
            except (BlockingIOError, OSError):
                pass


main()
