"""Writes pictures of two kinds and a table of them: make_images.py FOLDER COUNT."""

import csv
import os
import random
import struct
import sys
import zlib


def png(width, height, value):
    """A grey picture; `value(x, y)` is 0...255."""
    rows = b"".join(b"\0" + bytes(value(x, y) for x in range(width)) for y in range(height))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main(folder, count):
    noise = random.Random(7)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "labels.csv"), "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "split"])
        for number in range(count):
            label = ["upright", "level"][number % 2]
            shift = noise.randrange(32)
            name = f"{label}-{number:04}.png"
            picture = png(64, 64, lambda x, y: ((x if number % 2 == 0 else y) * 4 + shift) % 256)
            with open(os.path.join(folder, name), "wb") as image:
                image.write(picture)
            table.writerow([name, label, "valid" if number % 5 == 4 else "train"])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
