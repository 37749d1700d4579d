"""Values as canonical bytes: equal values have equal bytes, so that a digest can cover them."""

import math
import struct

import numpy as np

from refusals import Breach

_ARRAYS = {16: "i1", 17: "u1", 18: "u1", 19: "<i2", 20: "<u2", 21: "<i4", 22: "<u4", 23: "<f4", 24: "<f8", 25: "<i8", 26: "<u8"}
_TAGS = {np.dtype(name): tag for tag, name in sorted(_ARRAYS.items(), reverse=True)}
_DEEPEST = 64


def encode(value):
    """The bytes of null, booleans, numbers, texts, lists, records (dict) and typed arrays (numpy)."""
    out = bytearray()
    _write(out, value, 1)
    return bytes(out)


def _varint(out, number):
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _write_text(out, text):
    data = text.encode("utf-8")
    _varint(out, len(data))
    out += data


def _write(out, value, level):
    if level > _DEEPEST:
        raise ValueError("a value that is nested too deep")
    if value is None or isinstance(value, (bool, np.bool_)):
        out.append(0 if value is None else 2 if value else 1)
    elif isinstance(value, (int, float, np.integer, np.floating)):
        _write_number(out, value)
    elif isinstance(value, str):
        out.append(5)
        _write_text(out, value)
    elif isinstance(value, (list, tuple)):
        out.append(6)
        _varint(out, len(value))
        for entry in value:
            _write(out, entry, level + 1)
    elif isinstance(value, dict):
        out.append(7)
        _varint(out, len(value))
        for key in sorted(value, key=lambda key: key.encode("utf-16-be")):
            _write_text(out, key)
            _write(out, value[key], level + 1)
    else:
        out.append(_TAGS[value.dtype])
        _varint(out, len(value))
        out += value.tobytes()


def _write_number(out, value):
    number = float(value)
    if number.is_integer() and abs(number) < 2**51 and not (number == 0 and math.copysign(1, number) < 0):
        out.append(3)
        whole = int(number)
        _varint(out, 2 * whole if whole >= 0 else -2 * whole - 1)
    else:
        out.append(4)
        out += bytes.fromhex("000000000000f87f") if math.isnan(number) else struct.pack("<d", number)


class _Reader:
    def __init__(self, data):
        self._data, self._at = data, 0

    def take(self, count):
        if self._at + count > len(self._data):
            raise Breach("a record that ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def varint(self):
        number, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
            if shift > 63:
                raise Breach("a record with a number that is too long")

    def text(self):
        try:
            return self.take(self.varint()).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Breach("a record with a text that is none") from error

    def value(self, level=1):
        if level > _DEEPEST:
            raise Breach("a record that is nested too deep")
        tag = self.take(1)[0]
        if tag <= 2:
            return (None, False, True)[tag]
        if tag == 3:
            number = self.varint()
            return -(number + 1) // 2 if number & 1 else number // 2
        if tag == 4:
            return struct.unpack("<d", self.take(8))[0]
        if tag == 5:
            return self.text()
        if tag == 6:
            return [self.value(level + 1) for _ in range(self.varint())]
        if tag == 7:
            return {self.text(): self.value(level + 1) for _ in range(self.varint())}
        if tag in _ARRAYS:
            kind = np.dtype(_ARRAYS[tag])
            count = self.varint()
            return np.frombuffer(self.take(count * kind.itemsize), dtype=kind).copy()
        raise Breach(f"a record with the tag {tag}")

    def end(self):
        if self._at != len(self._data):
            raise Breach("bytes after a record")


def decode(data):
    """The value of canonical bytes."""
    reader = _Reader(data)
    value = reader.value()
    reader.end()
    return value
