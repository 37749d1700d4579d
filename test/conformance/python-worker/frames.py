"""Messages of the frame socket: headers, chunks and packed messages.

`Packet` is what is sent, a header's fields and a body; a link cuts it into websocket messages with its own numbers of chunk streams.
`Assembler` makes the same of the messages that come, one link's after the other.
"""

import math
import struct
import zlib
from dataclasses import dataclass, replace

import packing
import shapes
from refusals import Breach

CHUNK = 1 << 20
LARGEST_BODY = 1 << 30
MOST_MESSAGES = 1 << 20
LOST = (None, "crashed", "dropped", "late", "rejected", "aborted")
FRAME, CHUNK_TYPE, PACKED = 1, 2, 3
_HEADER = struct.Struct("<BBHIIIiidIIII")
_CHUNK_HEADER = struct.Struct("<BxxxIdII")


@dataclass(frozen=True)
class Packet:
    """A frame (type 1) or a packed message (type 3). Parties are numbers here, the coordinator is -1."""

    type: int
    body: bytes = b""
    lost: str | None = None
    kind: int = 0
    round: int = 0
    step: int = 0
    attempt: int = 0
    sender: int = 0
    receiver: int = 0
    arrives: float = 0.0
    count: int = 0

    def _header(self, checksum, stream):
        return _HEADER.pack(
            self.type, LOST.index(self.lost), self.kind, self.round, self.step, self.attempt, self.sender, self.receiver,
            self.arrives, self.count, len(self.body), checksum, stream,
        )

    def messages(self, next_stream):
        """The websocket messages; `next_stream` gives the number of a chunk stream where one is needed."""
        checksum = zlib.crc32(self.body)
        if len(self.body) <= CHUNK:
            return [self._header(checksum, 0) + self.body]
        stream, out = next_stream(), []
        out.append(self._header(0, stream))
        for start in range(0, len(self.body), CHUNK):
            part = self.body[start : start + CHUNK]
            last = start + len(part) == len(self.body)
            out.append(_CHUNK_HEADER.pack(CHUNK_TYPE, stream, start, len(part), checksum if last else 0) + part)
        return out

    def wire_bytes(self):
        """Bytes of the websocket messages with their framing, each masked, as every message of the end that opened the connection."""
        if len(self.body) <= CHUNK:
            return _framed(48 + len(self.body))
        whole, rest = divmod(len(self.body), CHUNK)
        return _framed(48) + whole * _framed(24 + CHUNK) + (_framed(24 + rest) if rest else 0)

    def delayed(self, ms):
        """The same frame, arriving later."""
        return replace(self, arrives=self.arrives + ms)


def _framed(size):
    return size + (2 if size < 126 else 4 if size < 65536 else 10) + 4


def packed(content):
    return Packet(PACKED, packing.pack(content))


def _parse(message):
    if len(message) < 48:
        raise Breach(f"a header of {len(message)} bytes")
    kind = message[0]
    if kind not in (FRAME, PACKED):
        raise Breach(f"a message of type {kind}")
    type_, lost, kind, round_, step, attempt, sender, receiver, arrives, count, size, checksum, stream = _HEADER.unpack_from(message)
    if lost >= len(LOST):
        raise Breach(f"unknown loss {lost}")
    if lost and (size or count or stream):
        raise Breach("a lost frame with a body")
    if not math.isfinite(arrives) or arrives < 0:
        raise Breach(f"an arrival at {arrives}")
    if count > MOST_MESSAGES or size > LARGEST_BODY:
        raise Breach("a frame beyond every limit")
    packet = Packet(type_, b"", LOST[lost], kind, round_, step, attempt, sender, receiver, arrives, count)
    return packet, size, checksum, stream


class Assembler:
    """Puts packets together. A body that does not match its checksum makes a frame lost, `rejected`; other faults are breaches."""

    def __init__(self, accepts):
        """`accepts(packet)` raises Breach for a header that this connection may not bring: before its body is waited for."""
        self._accepts = accepts
        self._open = None

    def take(self, message):
        """The packet that this message ends, or None where chunks are to come."""
        if not message:
            raise Breach("an empty message")
        if message[0] == CHUNK_TYPE:
            return self._chunk(message)
        if self._open is not None:
            raise Breach("a header between chunks")
        packet, size, checksum, stream = _parse(message)
        if packet.type == FRAME:
            self._accepts(packet)
        if stream:
            if len(message) != 48 or size == 0:
                raise Breach("a header with a stream of chunks and a body")
            self._open = (packet, size, stream, bytearray())
            return None
        if len(message) != 48 + size:
            raise Breach(f"a body of {len(message) - 48} bytes instead of {size}")
        return self._whole(packet, bytes(message[48:]), checksum)

    def _chunk(self, message):
        if len(message) < 24:
            raise Breach("a chunk without a header")
        _, stream, offset, size, checksum = _CHUNK_HEADER.unpack_from(message)
        if self._open is None or stream != self._open[2]:
            raise Breach("a chunk that was not announced")
        packet, total, _, body = self._open
        if offset != len(body) or size != len(message) - 24 or size == 0 or offset + size > total:
            raise Breach("a chunk that does not follow")
        body += message[24:]
        if len(body) < total:
            return None
        self._open = None
        return self._whole(packet, bytes(body), checksum)

    def _whole(self, packet, body, checksum):
        if packet.lost is None and zlib.crc32(body) != checksum:
            if packet.type == PACKED:
                raise Breach("a packed message with a wrong checksum")
            return replace(packet, lost="rejected", count=0)
        return replace(packet, body=body)


def packed_content(packet):
    """(type, content) of a packed message."""
    content = packing.unpack(packet.body)
    kind = content.get("type") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in shapes.PACKED:
        raise Breach("a packed message of a type that is none")
    return kind, shapes.PACKED[kind](content)
