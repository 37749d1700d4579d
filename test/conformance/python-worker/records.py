"""States as canonical bytes, and back."""

import struct

from derive import Vector, varint


def encoded(value):
    if value is None or isinstance(value, bool):
        return bytes([0 if value is None else 1 + value])
    if isinstance(value, (int, float)):
        if value == int(value) and abs(value) < 2**51 and str(value) != "-0.0":
            i = int(value)
            return b"\x03" + varint(2 * i if i >= 0 else -2 * i - 1)
        return b"\x04" + struct.pack("<d", value)
    if isinstance(value, str):
        return b"\x05" + text(value)
    if isinstance(value, Vector):
        code = "d" if value.wide else "f"
        return bytes([24 if value.wide else 23]) + varint(len(value)) + struct.pack("<%d%s" % (len(value), code), *value)
    if isinstance(value, list):
        return b"\x06" + varint(len(value)) + b"".join(map(encoded, value))
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return b"\x07" + varint(len(value)) + b"".join(text(key) + encoded(value[key]) for key in keys)


def text(value):
    data = value.encode()
    return varint(len(data)) + data


def decoded(data):
    value, at = read(data, 0)
    if at != len(data):
        raise ValueError("bytes after a record")
    return value


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def read_text(data, at):
    n, at = read_varint(data, at)
    return data[at:at + n].decode(), at + n


def read(data, at):
    tag, at = data[at], at + 1
    if tag < 3:
        return (None, False, True)[tag], at
    if tag == 3:
        v, at = read_varint(data, at)
        return (v // 2 if v % 2 == 0 else -(v + 1) // 2), at
    if tag == 4:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if tag == 5:
        return read_text(data, at)
    n, at = read_varint(data, at)
    if tag in (23, 24):
        size = 4 if tag == 23 else 8
        return Vector(struct.unpack_from("<%d%s" % (n, "f" if tag == 23 else "d"), data, at), tag == 24), at + n * size
    if tag == 6:
        items = []
        for _ in range(n):
            item, at = read(data, at)
            items.append(item)
        return items, at
    if tag != 7:
        raise ValueError("tag %d" % tag)
    record = {}
    for _ in range(n):
        key, at = read_text(data, at)
        record[key], at = read(data, at)
    return record, at
