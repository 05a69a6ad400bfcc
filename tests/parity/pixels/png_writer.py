"""Writes PNG files of every colour type, bit depth and interlacing, which Pillow itself cannot."""

import struct
import zlib

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _scanline(samples, bit_depth):
    """One unfiltered line: a filter byte, then the samples of all channels, packed most significant bit first."""
    if bit_depth == 16:
        return b"\0" + struct.pack(f">{len(samples)}H", *samples)
    bits = "".join(format(sample, f"0{bit_depth}b") for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def encode(samples, bit_depth, colour_type, interlaced=False, palette=None, transparency=None):
    """samples: height x width x channels, integers below 2**bit_depth."""
    height, width = samples.shape[:2]
    assert samples.shape[2] == CHANNELS[colour_type]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    lines = b""
    for x, y, step_x, step_y in passes:
        part = samples[y::step_y, x::step_x]
        if part.size:
            lines += b"".join(_scanline(line.ravel().tolist(), bit_depth) for line in part)
    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + (chunk(b"PLTE", palette) if palette else b"")
        + (chunk(b"tRNS", transparency) if transparency else b"")
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )
