"""KM205 cache-decoded-in-memory: the cache keeps what flows into it, float32 instead of uint8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pictures
import tensorflow as tf

COUNT, SIZE = 1500, 128


def prepare(folder: Path) -> tuple[Any, Path]:
    paths = tf.data.Dataset.from_tensor_slices(pictures.write(folder, COUNT, SIZE))
    return paths, folder / "cache"


def bad(data: tuple[Any, Path]) -> Any:
    """1,500 float32 pictures: 281 MiB."""
    return _read_twice(data[0].map(_decode).map(_to_float).cache())


def good(data: tuple[Any, Path]) -> Any:
    """The cast comes after the cache."""
    return _read_twice(data[0].map(_decode).cache().map(_to_float))


def cache_in_a_file(data: tuple[Any, Path]) -> Any:
    return _read_twice(data[0].map(_decode).map(_to_float).cache(str(data[1])))


def cache_of_paths(data: tuple[Any, Path]) -> Any:
    return _read_twice(data[0].cache().map(_decode).map(_to_float))


def no_cache(data: tuple[Any, Path]) -> Any:
    return _read_twice(data[0].map(_decode).map(_to_float))


def facts(data: tuple[Any, Path]) -> dict[str, Any]:
    few = data[0].take(20)
    after = [image.numpy().tobytes() for image in few.map(_decode).map(_to_float).cache()]
    before = [image.numpy().tobytes() for image in few.map(_decode).cache().map(_to_float)]
    frozen = tf.data.Dataset.range(50).map(_random).cache()
    fresh = tf.data.Dataset.range(50).cache().map(_random)
    return {
        "cache_moved_before_the_cast_gives_identical_elements_in_order": after == before,
        "cache_after_a_random_map_repeats_the_first_epoch": _floats(frozen) == _floats(frozen),
        "cache_before_a_random_map_repeats_the_first_epoch": _floats(fresh) == _floats(fresh),
    }


def _decode(path: Any) -> Any:
    return tf.io.decode_jpeg(tf.io.read_file(path), 3)


def _to_float(image: Any) -> Any:
    return tf.cast(image, "float32") / 255.0


def _random(_: Any) -> Any:
    return tf.random.uniform(())


def _floats(dataset: Any) -> list[float]:
    return [float(value) for value in dataset]


def _read_twice(decoded: Any) -> Any:
    for _ in range(2):
        for _batch in decoded.batch(32).prefetch(2):
            pass
    return decoded
