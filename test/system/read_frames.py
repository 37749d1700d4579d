"""Reads test/vectors/frames.json with nothing but the wire format's text: the view of a worker in another language."""

import json
import struct
import sys
import zlib

LOSSES = [None, "crashed", "dropped", "late", "rejected", "aborted"]


def party(number):
    return "coordinator" if number == -1 else number


def check(vector):
    header = bytes.fromhex(vector["header"].replace(" ", ""))
    body = bytes.fromhex(vector["body"].replace(" ", ""))
    assert len(header) == 48 and header[0] == 1
    kind, round_, step, attempt = struct.unpack_from("<HIII", header, 2)
    sender, receiver, arrives, messages, length, checksum, stream = struct.unpack_from("<iidIIII", header, 16)
    got = {
        "kindIndex": kind,
        "round": round_,
        "step": step,
        "attempt": attempt,
        "from": party(sender),
        "to": party(receiver),
        "arrivesAtMs": arrives,
        "lost": LOSSES[header[1]],
        "messageCount": messages,
    }
    for key, value in got.items():
        assert vector["frame"][key] == value, (vector["name"], key, vector["frame"][key], value)
    assert length == len(body), vector["name"]
    if stream == 0:
        assert zlib.crc32(body) == checksum, vector["name"]


vectors = json.load(open(sys.argv[1]))["frames"]
for each in vectors:
    check(each)
print(len(vectors))
