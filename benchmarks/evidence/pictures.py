"""Writes small JPEG files for the scripts that need a folder of pictures."""

from __future__ import annotations

from pathlib import Path

DISTINCT = 50


def write(folder: Path, count: int, size: int = 128) -> list[str]:
    """Paths of `count` square RGB pictures: 50 distinct files, named again and again."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0)
    paths = []
    for number in range(min(count, DISTINCT)):
        coarse = noise.integers(0, 256, (size // 8, size // 8, 3), dtype="uint8")
        path = folder / f"{number:03}.jpg"
        Image.fromarray(coarse).resize((size, size)).save(path)
        paths.append(str(path))
    return [paths[number % len(paths)] for number in range(count)]
