"""Stand-in data for the capture study: what scripts download is made up here. Python imports this by itself at its start.

Nothing of it is in the product. The shapes and types are those of the real data; the amounts are small.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Callable
from typing import Any

IMAGES = {
    "mnist": ((28, 28), 10),
    "fashion_mnist": ((28, 28), 10),
    "cifar10": ((32, 32, 3), 10),
    "cifar100": ((32, 32, 3), 100),
}
REAL = {
    "mnist": (60000, 10000),
    "fashion_mnist": (60000, 10000),
    "cifar10": (50000, 10000),
    "cifar100": (50000, 10000),
}


def _images(name: str) -> Callable[..., Any]:
    def load_data(*_arguments: Any, **_options: Any) -> Any:
        import numpy as np

        shape, classes = IMAGES[name]
        random = np.random.default_rng(0)

        def part(count: int) -> Any:
            x = random.integers(0, 256, (count, *shape), dtype=np.uint8)
            y = np.arange(count, dtype=np.uint8) % classes
            return x, y if len(shape) == 2 else y[:, None]

        return part(REAL[name][0]), part(REAL[name][1])

    return load_data


def _sequences(words: int, classes: int) -> Callable[..., Any]:
    def load_data(
        *_arguments: Any, num_words: int | None = None, maxlen: int | None = None, **_options: Any
    ) -> Any:
        import numpy as np

        random = np.random.default_rng(0)

        def part(count: int) -> Any:
            x = np.empty(count, dtype=object)
            for row in range(count):
                x[row] = random.integers(1, num_words or words, random.integers(20, maxlen or 400)).tolist()
            return x, np.arange(count) % classes

        return (part(25000), part(25000)) if classes == 2 else (part(8982), part(2246))

    return load_data


def _housing(columns: int) -> Callable[..., Any]:
    def load_data(*_arguments: Any, **_options: Any) -> Any:
        import numpy as np

        random = np.random.default_rng(0)
        return tuple(
            (random.random((n, columns), dtype="float32"), random.random(n, dtype="float32"))
            for n in (404, 102)
        )

    return load_data


def _words() -> dict[str, int]:
    return {f"word{number}": number for number in range(1, 20000)}


def _datasets(name: str) -> Callable[[Any], None]:
    def replace(module: Any) -> None:
        if name in IMAGES:
            module.load_data = _images(name)
        elif name == "imdb":
            module.load_data, module.get_word_index = _sequences(20000, 2), _words
        elif name == "reuters":
            module.load_data, module.get_word_index = _sequences(20000, 46), _words
        else:
            module.load_data = _housing(13 if name == "boston_housing" else 8)

    return replace


def _get_file(module: Any) -> None:
    import standin_files

    module.get_file = standin_files.get_file


def _load_weights(module: Any) -> None:
    """Pretrained weights are not there: the model keeps those it was made with."""
    original = module.Model.load_weights

    def load_weights(self: Any, filepath: Any, *arguments: Any, **options: Any) -> Any:
        if str(filepath).endswith("standin-weights.h5"):
            return None
        return original(self, filepath, *arguments, **options)

    module.Model.load_weights = load_weights


def _tables(module: Any) -> None:
    import standin_files

    original = module.read_csv

    def read_csv(source: Any, *arguments: Any, **options: Any) -> Any:
        return original(standin_files.table(source), *arguments, **options)

    module.read_csv = read_csv


def _numbers(module: Any) -> None:
    original = module.loadtxt

    def loadtxt(source: Any, *arguments: Any, **options: Any) -> Any:
        if not str(source).startswith("http"):
            return original(source, *arguments, **options)
        table = module.random.default_rng(0).standard_normal((600, 501))  # FordA: a class and 500 readings.
        table[:, 0] = module.arange(600) % 2 * 2 - 1
        return table

    module.loadtxt = loadtxt


def _downloads(module: Any) -> None:
    import standin_files

    def urlretrieve(url: str, filename: Any = None, *_arguments: Any, **_options: Any) -> Any:
        import shutil

        path = standin_files.get_file(origin=url)
        if filename is None:
            return path, None
        shutil.copy(path, filename)
        return filename, None

    module.urlretrieve = urlretrieve


AFTER: dict[str, Callable[[Any], None]] = {
    **{
        f"{home}.datasets.{name}": _datasets(name)
        for home in ("keras.src", "tf_keras.src")
        for name in (*IMAGES, "imdb", "reuters", "boston_housing", "california_housing")
    },
    "keras.src.utils.file_utils": _get_file,
    "tf_keras.src.utils.data_utils": _get_file,
    "keras.src.models.model": _load_weights,
    "tf_keras.src.engine.training": _load_weights,
    "pandas": _tables,
    "numpy": _numbers,
    "urllib.request": _downloads,
}


def _extend(loader: Any, call: Callable[[Any], None]) -> None:
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        execute(module)
        call(module)

    loader.exec_module = exec_module


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name not in AFTER:
            return None
        for finder in sys.meta_path:
            if (
                isinstance(finder, _Finder)
                or type(finder).__name__ == "Hooks"
                or not hasattr(finder, "find_spec")
            ):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                _extend(spec.loader, AFTER.pop(name))
                return spec
        return None


sys.meta_path.insert(0, _Finder())
