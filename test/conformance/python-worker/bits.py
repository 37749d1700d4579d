"""Parts that several payloads are made of: bit fields, sign bits, scales and blocks."""

import numpy as np

from refusals import malformed, not_finite


def pack(bits):
    """Bits (0 or 1) as bytes, the first in bit 0 of byte 0; the last byte is filled with zeros."""
    return np.packbits(np.asarray(bits, dtype=np.uint8), bitorder="little").tobytes()


def unpack(body, count):
    """The first `count` bits of a body that holds these alone."""
    if len(body) != (count + 7) // 8:
        raise malformed(f"{len(body)} bytes for {count} bits")
    bits = np.unpackbits(np.frombuffer(body, dtype=np.uint8), bitorder="little")
    if bits[count:].any():
        raise malformed("bits after the last one")
    return bits[:count]


def pack_fields(fields, width):
    """Numbers below 2^width, the lowest bit of each first."""
    fields = np.asarray(fields, dtype=np.int64)
    return pack((fields[:, None] >> np.arange(width)) & 1)


def unpack_fields(body, count, width):
    bits = unpack(body, count * width).reshape(count, width).astype(np.int64)
    return (bits << np.arange(width)).sum(axis=1)


def signs(x):
    """One bit an entry: 1 where the sign bit is set, that of -0 as well."""
    return pack(np.signbit(x))


def scale_above(measured):
    """The least float32 that is not below the measured number: an entry never exceeds its scale."""
    measured = np.asarray(measured, dtype=np.float64)
    with np.errstate(over="ignore"):
        scale = measured.astype(np.float32)
    scale = np.where(scale.astype(np.float64) < measured, np.nextafter(scale, np.float32(np.inf)), scale).astype(np.float32)
    if not np.isfinite(scale).all():
        raise not_finite("a scale above every float32")
    return scale


def scale_bytes(scales):
    return np.asarray(scales, dtype="<f4").tobytes()


def read_scales(body, count, least=0.0):
    """`count` float32 from the start of a body, as float64: finite and not below `least`."""
    if len(body) < 4 * count:
        raise malformed("scales are missing")
    scales = np.frombuffer(body[: 4 * count], dtype="<f4").astype(np.float64)
    if not np.isfinite(scales).all():
        raise not_finite("a scale that is not finite")
    if (scales < least).any():
        raise malformed("a scale below 0")
    return scales


def exact(body, length):
    """The body, which has to have this length."""
    if len(body) != length:
        raise malformed(f"{len(body)} bytes instead of {length}")
    return body


def block_count(length, block):
    return -(-length // block)


def blocks_of(x, block):
    """The entries as rows of one block each, the last filled with zeros: good for magnitudes, which zeros never lead."""
    filled = np.zeros(block_count(len(x), block) * block)
    filled[: len(x)] = x
    return filled.reshape(-1, block)


def spread(per_block, block, length):
    """A number of each block, repeated for its entries."""
    return np.repeat(per_block, block)[:length]


def levels_of(x, unit, top, fraction):
    """Levels of a grid: |x| / unit, up with the probability of the rest (its coin), with the sign of x; 0 where the unit is 0."""
    used = unit > 0
    inverse = 1.0 / np.where(used, unit, 1.0)
    level = np.floor(np.minimum(np.abs(x) * inverse + fraction, top))
    return np.where(used, np.where(np.signbit(x), -level, level), 0).astype(np.int64)
