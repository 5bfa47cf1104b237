"""Images that are small files and large pictures."""

import struct

from .valid import jpeg, png, tiff

SIDE = 30_000


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
    yield "large.jpeg", jpeg(SIDE), ["too_large"]
    yield "large-head.jpeg", jpeg(SIDE)[:400], ["too_large"]
    yield "large.tiff", tiff(SIDE), ["too_large"]
    yield "large-head.tiff", tiff(SIDE, deflated=False), ["too_large"]
    yield "loop.tiff", tiff_loop(), large
    yield "large-head.webp", webp(), large
    yield "empty.webp", b"RIFF\x04\0\0\0WEBP", ["damaged"]
