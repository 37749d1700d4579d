"""msgpack as the protocol takes it: no extension types, nothing after the message, no deep nesting."""

import msgpack

from refusals import Breach

_DEEPEST = 32


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def unpack(data):
    """The one value of these bytes; raises Breach."""
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=True, ext_hook=_no_extension)
    except Breach:
        raise
    except Exception as error:  # the library has many, also ValueError and its own for bytes that are missing
        raise Breach(f"no msgpack: {error}") from error
    _check(value, 1)
    return value


def _no_extension(code, data):
    raise Breach(f"msgpack extension {code}")


def _check(value, level):
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return
    if level > _DEEPEST:
        raise Breach("msgpack that is nested too deep")
    if isinstance(value, list):
        for entry in value:
            _check(entry, level + 1)
    elif isinstance(value, dict):
        for entry in value.values():
            _check(entry, level + 1)
    else:
        raise Breach("a msgpack timestamp")
