"""KM102 float64-normalise: dividing a uint8 array by a Python float makes a float64 array, 8 bytes a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

SHAPE = (2048, 128, 128, 3)


def prepare(folder: Path) -> Any:
    return np.random.default_rng(0).integers(0, 256, SHAPE, dtype="uint8")


def bad(x: Any) -> Any:
    return x / 255.0


def good(x: Any) -> Any:
    x = x.astype("float32")
    x /= 255.0
    return x


def cast_after_dividing(x: Any) -> Any:
    """The float64 temporary and the float32 result coexist."""
    return (x / 255.0).astype("float32")


def cast_then_divide(x: Any) -> Any:
    """One expression: the cast array and the quotient coexist."""
    return x.astype("float32") / 255.0


def divide_in_float32(x: Any) -> Any:
    """One expression without a temporary array: NumPy casts buffer by buffer."""
    return np.divide(x, 255.0, dtype="float32")


def rescaling_layer(x: Any) -> None:
    """The array stays uint8; batches are widened inside the model."""
    scale, pool = keras.layers.Rescaling(1 / 255), keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input(SHAPE[1:]), scale, pool, keras.layers.Dense(1)])
    for start in range(0, len(x), 64):
        model.predict_on_batch(x[start : start + 64])


def facts(_: Any) -> dict[str, Any]:
    pixels = np.arange(256, dtype="uint8")
    wide = np.arange(65536, dtype="uint16")
    integers = np.random.default_rng(0).integers(-(2**24), 2**24, 1_000_000, dtype="int32")
    large = np.random.default_rng(0).integers(2**24, 2**31 - 1, 1_000_000, dtype="int32")
    real = np.random.default_rng(0).random(1_000_000)
    image = np.random.default_rng(1).integers(0, 256, (100, 32, 32, 3), dtype="uint8")
    old, new = (image / 255.0), good(image)
    return {
        "dtype_of_uint8_divided_by_python_float": str((pixels / 255.0).dtype),
        "dtype_of_float32_divided_by_python_float": str((pixels.astype("float32") / 255.0).dtype),
        "dtype_of_int64_divided_by_python_float": str((pixels.astype("int64") / 255.0).dtype),
        "uint8_/255_float32_values_that_differ": _differ(pixels / 255.0, good(pixels)),
        "uint16_/255_float32_values_that_differ": _differ(wide / 255.0, good(wide)),
        "uint8_any_integer_divisor_1_to_65535_values_that_differ": _differ_over_divisors(pixels),
        "uint8_np.divide_dtype_float32_values_that_differ": _differ(
            pixels / 255.0, np.divide(pixels, 255.0, dtype="float32")
        ),
        "uint16_np.divide_dtype_float32_values_that_differ": _differ(
            wide / 255.0, np.divide(wide, 255.0, dtype="float32")
        ),
        "int32_below_2**24_/255_values_that_differ_in_a_million": _differ(integers / 255.0, good(integers)),
        "int32_above_2**24_/255_values_that_differ_in_a_million": _differ(large / 255.0, good(large)),
        "float64_/255_values_that_differ_in_a_million": _differ(real / 255.0, good(real)),
        "uint8_(x-127.5)/127.5_values_that_differ": _differ(
            (pixels - 127.5) / 127.5, (pixels.astype("float32") - np.float32(127.5)) / np.float32(127.5)
        ),
        "uint8_/127.5-1_values_that_differ": _differ(
            pixels / 127.5 - 1.0, pixels.astype("float32") / np.float32(127.5) - np.float32(1.0)
        ),
        "uint8_times_(1/255)_values_that_differ": _differ(
            pixels * (1 / 255), pixels.astype("float32") * (1 / 255)
        ),
        "uint8_/58.395_values_that_differ": _differ(pixels / 58.395, pixels.astype("float32") / 58.395),
        "uint8_minus_mean_pixels_that_differ": _differ(
            image - image.mean(), image.astype("float32") - image.astype("float32").mean()
        ),
        "uint8_minus_mean_taken_before_the_cast_pixels_that_differ": _differ(
            image - image.mean(), image.astype("float32") - image.mean()
        ),
        "dtype_of_float32_minus_float64_mean": str((image.astype("float32") - image.mean()).dtype),
        "pixels_compared_for_the_mean": int(image.size),
        "Rescaling(1/255)_of_256_pixels_that_differ": _differ(
            pixels / 255.0, np.array(keras.layers.Rescaling(1 / 255)(pixels))
        ),
        "training_on_both_arrays_gives_identical_weights": _trained(old) == _trained(new),
        "in_place_division_of_uint8_raises": _in_place_error(),
    }


def _differ(old: Any, new: Any) -> int:
    """How many values differ once fit has cast the old array to float32 itself."""
    return int(np.count_nonzero(old.astype("float32") != new.astype("float32")))


def _differ_over_divisors(pixels: Any) -> int:
    narrow = pixels.astype("float32")
    return sum(_differ(pixels / float(n), narrow / np.float32(n)) for n in range(1, 65536))


def _trained(x: Any) -> list[bytes]:
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(4, 3, strides=2), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile("adam", "mse")
    model.fit(x, np.ones(len(x)), batch_size=10, epochs=2, shuffle=False, verbose=0)
    return [weight.tobytes() for weight in model.get_weights()]


def _in_place_error() -> str:
    from fresh import error_of

    def divide() -> None:
        x = np.zeros(3, "uint8")
        x /= 255.0

    return error_of(divide)
