"""Harmless files with bytes changed, doubled, cut out and cut off; what is packed is changed inside too."""

import io
import random
import zipfile

from . import valid


def files(count, seed):
    rng = random.Random(seed)
    kinds = list(valid.files().items())
    for at in range(count):
        if at % 20 == 0:
            yield f"random-{at:04}.bin", rng.randbytes(rng.randrange(1, 20_000)), None
            continue
        name, data = rng.choice(kinds)
        if data.startswith(b"PK") and rng.random() < 0.8:
            data = inside(data, rng)
        else:
            data = mutated(data, rng)
        yield f"mutated-{at:04}-{name}", data, None


def inside(data, rng):
    """One part of an archive changed, and packed again."""
    packed = zipfile.ZipFile(io.BytesIO(data))
    parts = {entry.filename: packed.read(entry) for entry in packed.infolist()}
    named = [name for name in parts if name not in ("mimetype", "[Content_Types].xml")]
    name = rng.choice(named)
    parts[name] = mutated(parts[name], rng)
    return valid.archive(parts)


def mutated(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if not data:
            break
        at, length = rng.randrange(len(data)), rng.choice((1, 2, 8, 64))
        change = rng.randrange(7)
        if change == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            data[at : at + length] = rng.randbytes(length)
        elif change == 2:
            del data[at : at + length]
        elif change == 3:
            data[at:at] = data[at : at + length] * rng.choice((1, 2, 50))
        elif change == 4:
            data[at : at + length] = rng.choice((b"\0", b"\xff", b"<", b"9")) * length
        elif change == 5:
            other = rng.randrange(len(data))
            data[at : at + length] = data[other : other + length]
        else:
            del data[at:]
    return bytes(data)
