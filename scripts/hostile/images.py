"""Images that are small files and large pictures."""

import struct
import zlib

from .valid import png

SIDE = 30_000


def jpeg():
    """A whole one of that size: every block repeats the one before, six bits of it, so the file has 10 MB."""
    out = b"\xff\xd8"
    out += b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\x01" * 64
    out += b"\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, SIDE, SIDE, 1, 1, 0x11, 0)
    # One code of two bits for "no difference", one of four for "nothing more in this block".
    lengths = [0, 1] + [0] * 14
    out += b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + bytes(lengths) + b"\x00"
    lengths = [0, 0, 0, 1] + [0] * 12
    out += b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes(lengths) + b"\x00"
    out += b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0x00, 0, 63, 0)
    blocks = (SIDE // 8) ** 2
    return out + bytes(blocks * 6 // 8) + b"\xff\xd9"


def tiff(deflated=True):
    packer, packed = zlib.compressobj(9), []
    if deflated:
        for _ in range(SIDE):
            packed.append(packer.compress(b"\xff" * (SIDE // 8)))
    data = b"".join(packed) + packer.flush()
    tags = [
        (256, 4, SIDE), (257, 4, SIDE), (258, 3, 1), (259, 3, 8), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, SIDE), (279, 4, len(data)),
    ]
    out = b"II*\0" + struct.pack("<I", 8 + len(data) + len(data) % 2) + data + b"\0" * (len(data) % 2)
    out += struct.pack("<H", len(tags))
    for tag, kind, value in tags:
        out += struct.pack("<HHII", tag, kind, 1, value)
    return out + struct.pack("<I", 0)


def tiff_loop():
    """Its list of pictures leads back to itself."""
    out = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1)
    return out + struct.pack("<HHII", 256, 4, 1, 10) + struct.pack("<I", 8)


def webp():
    canvas = struct.pack("<I", SIDE - 1)[:3]
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def files():
    large = ["too_large", "damaged"]
    yield "large.png", png(SIDE, SIDE), ["too_large"]
    yield "large-head.png", png(SIDE, SIDE, rows=b""), ["too_large"]
    yield "huge-head.png", png(2**31 - 1, 2**31 - 1, rows=b""), large
    yield "large.jpeg", jpeg(), ["too_large"]
    yield "large-head.jpeg", jpeg()[:400], ["too_large"]
    yield "large.tiff", tiff(), ["too_large"]
    yield "large-head.tiff", tiff(deflated=False), ["too_large"]
    yield "loop.tiff", tiff_loop(), large
    yield "large-head.webp", webp(), large
    yield "empty.webp", b"RIFF\x04\0\0\0WEBP", ["damaged"]
