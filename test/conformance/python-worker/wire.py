"""Frames and packed messages of docs/protocol.md as websocket messages, and back."""

import math
import struct
import zlib

import msgpack

from shapes import packed

LOSSES = [None, "crashed", "dropped", "late", "rejected", "aborted"]
CHUNK = 1048576


def number_of(party):
    return -1 if party == "coordinator" else party


def party_of(number):
    return "coordinator" if number == -1 else number


def wire_size(message):
    """Bytes of a message that a client sends: framing, mask and the message."""
    n = len(message)
    return n + (2 if n < 126 else 4 if n < 65536 else 10) + 4


def body_of(fields, messages):
    """fields: {vectors: [name], scalars: [name]}; the methods here have no others. A vector is (numbers, data)."""
    result = bytearray()
    for message in messages:
        for field in fields["vectors"]:
            numbers, data = message[field]
            result += struct.pack("<II", numbers, len(data))
        for field in fields["scalars"]:
            result += struct.pack("<d", message[field])
        for field in fields["vectors"]:
            data = message[field][1]
            result += data + bytes(-len(data) % 8)
    return bytes(result)


def messages_of(fields, body, count, dimension, decode):
    """The messages, or None where lengths or numbers are wrong. `decode`: of the length of a vector and its data."""
    messages, at = [], 0
    try:
        for _ in range(count):
            fixed, message = [], {}
            for _ in fields["vectors"]:
                fixed.append(struct.unpack_from("<II", body, at))
                at += 8
            for field in fields["scalars"]:
                (message[field],) = struct.unpack_from("<d", body, at)
                at += 8
            for field, (numbers, length) in zip(fields["vectors"], fixed):
                if numbers != dimension or at + length > len(body):
                    return None
                message[field] = decode(numbers, body[at:at + length])
                at += length + -length % 8
            messages.append(message)
    except (struct.error, ValueError):
        return None
    return messages if at == len(body) else None


class Sender:
    """Cuts bodies into websocket messages."""

    def __init__(self):
        self.streams = 0

    def messages(self, kind, header, body):
        """kind 1 with the frame's header fields (bytes 1 to 35), or 3 with none."""
        inline = len(body) <= CHUNK
        self.streams += 0 if inline else 1
        start = bytes([kind]) + header.ljust(35, b"\0")
        if inline:
            return [start + struct.pack("<III", len(body), zlib.crc32(body), 0) + body]
        result = [start + struct.pack("<III", len(body), 0, self.streams)]
        for offset in range(0, len(body), CHUNK):
            part = body[offset:offset + CHUNK]
            checksum = zlib.crc32(body) if offset + len(part) == len(body) else 0
            result.append(struct.pack("<B3xIdII", 2, self.streams, offset, len(part), checksum) + part)
        return result

    def frame(self, frame, body, count):
        header = struct.pack("<BHIIIiidI", 0, frame["kind"], frame["round"], frame["step"], frame["attempt"],
                             number_of(frame["from"]), number_of(frame["to"]), frame["arrivesAtMs"], count)
        return self.messages(1, header, body)

    def packed(self, content):
        return self.messages(3, b"", msgpack.packb(content))


class Bounds:
    """Of a run: what a header may say."""

    def __init__(self, clients, kinds, dimension):
        self.clients, self.kinds = clients, kinds
        self.body = min(1 << 30, (4 << 20) + 64 * 8 * dimension)
        self.packed = min(1 << 30, (16 << 20) + (64 + 4 * clients) * 8 * dimension)


class Receiver:
    """Joins chunks. Gives ('frame', frame, body) and ('packed', content, None); ValueError closes the connection."""

    def __init__(self, bounds):
        self.bounds = bounds
        self.header = None
        self.body = b""

    def read(self, message):
        kind = message[0] if message else None
        if kind in (1, 3) and self.header is None:
            if len(message) < 48:
                raise ValueError("a header of %d bytes" % len(message))
            length, checksum, stream = struct.unpack_from("<III", message, 36)
            self.check(message, length)
            if stream:
                if len(message) != 48:
                    raise ValueError("a body beside a stream")
                self.header, self.body = message[:48], bytearray()
                return None
            if len(message) != 48 + length:
                raise ValueError("length of a frame")
            return self.whole(message[:48], message[48:], checksum)
        if kind != 2 or self.header is None or len(message) < 24:
            raise ValueError("type of a frame")
        stream, offset, length, checksum = struct.unpack_from("<IdII", message, 4)
        expected, _, own = struct.unpack_from("<III", self.header, 36)
        if stream != own or offset != len(self.body) or length != len(message) - 24 or len(self.body) + length > expected:
            raise ValueError("chunk of a frame")
        self.body += message[24:]
        if len(self.body) < expected:
            return None
        header, self.header = self.header, None
        return self.whole(header, bytes(self.body), checksum)

    def check(self, message, length):
        bounds = self.bounds
        if message[0] == 3:
            if length > bounds.packed:
                raise ValueError("a packed message of %d bytes" % length)
            return
        kind, _, _, _, sender, to, arrives, count = struct.unpack_from("<HIIIiidI", message, 2)
        right = (message[1] < len(LOSSES) and kind < bounds.kinds and -1 <= sender < bounds.clients and -1 <= to < bounds.clients
                 and math.isfinite(arrives) and arrives >= 0 and count <= 1048576 and length <= bounds.body
                 and (message[1] == 0 or length == 0))
        if not right:
            raise ValueError("header of a frame")

    def whole(self, header, body, checksum):
        right = zlib.crc32(body) == checksum
        if header[0] == 3:
            if not right:
                raise ValueError("checksum of a packed message")
            return "packed", packed(msgpack.unpackb(body)), None
        kind, round_, step, attempt, sender, to, arrives, count = struct.unpack_from("<HIIIiidI", header, 2)
        lost = LOSSES[header[1]] or (None if right else "rejected")
        return "frame", {"kind": kind, "round": round_, "step": step, "attempt": attempt, "from": party_of(sender),
                         "to": party_of(to), "arrivesAtMs": arrives, "lost": lost, "count": count}, body
