"""TensorFlow Datasets: what ``tfds.load`` gives, and how large the image sets are that scripts load most."""

from __future__ import annotations

import re
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Dataset,
    Dict,
    Items,
    Object,
    Origin,
    Scalar,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "TensorFlow Datasets catalogue"


class _Images(NamedTuple):
    """An image set: the shape of a sample, and the samples of its splits."""

    shape: Shape
    splits: dict[str, int]


def _set(shape: Shape = (None, None, 3), **splits: int) -> _Images:
    return _Images(shape, splits)


_IMAGES: dict[str, _Images] = {
    "beans": _set((500, 500, 3), train=1034, validation=133, test=128),
    "caltech101": _set(),
    "caltech_birds2011": _set(),
    "cars196": _set(train=8144, test=8041),
    "cassava": _set(train=5656, validation=1889, test=1885),
    "cats_vs_dogs": _set(train=23262),
    "celeb_a": _set((218, 178, 3), train=162770, validation=19867, test=19962),
    "cifar10": _set((32, 32, 3), train=50000, test=10000),
    "cifar100": _set((32, 32, 3), train=50000, test=10000),
    "coco": _set(),
    "colorectal_histology": _set((150, 150, 3), train=5000),
    "deep_weeds": _set((256, 256, 3), train=17509),
    "emnist": _set((28, 28, 1)),
    "eurosat": _set((64, 64, 3), train=27000),
    "fashion_mnist": _set((28, 28, 1), train=60000, test=10000),
    "food101": _set(train=75750, validation=25250),
    "horses_or_humans": _set((300, 300, 3), train=1027, test=256),
    "imagenet2012": _set(train=1281167, validation=50000),
    "imagenet2012_subset": _set(),
    "imagenet_v2": _set(test=10000),
    "imagenette": _set(),
    "kmnist": _set((28, 28, 1), train=60000, test=10000),
    "malaria": _set(train=27558),
    "mnist": _set((28, 28, 1), train=60000, test=10000),
    "oxford_flowers102": _set(train=1020, validation=1020, test=6149),
    "oxford_iiit_pet": _set(train=3680, test=3669),
    "patch_camelyon": _set((96, 96, 3), train=262144, validation=32768, test=32768),
    "plant_village": _set(train=54303),
    "resisc45": _set((256, 256, 3), train=31500),
    "rock_paper_scissors": _set((300, 300, 3), train=2520, test=372),
    "stanford_dogs": _set(train=12000, test=8580),
    "stl10": _set((96, 96, 3), train=5000, test=8000),
    "svhn_cropped": _set((32, 32, 3), train=73257, test=26032),
    "tf_flowers": _set(train=3670),
    "uc_merced": _set((256, 256, 3), train=2100),
    "voc": _set(),
}
_TOYS = frozenset(
    ["cifar10", "cifar100", "emnist", "fashion_mnist", "imdb_reviews", "iris", "kmnist", "mnist", "titanic"]
)
_SPLIT = re.compile(r"(\w+)(?:\[(?:(\d+)(%?))?:(?:(\d+)(%?))?\])?")


def _load(call: Call, _run: Machine) -> Value:
    """A data set of decoded samples, or one for each split."""
    given = call.const("name")
    name = given.partition("/")[0].partition(":")[0] if isinstance(given, str) else ""
    split = call.arg("split")
    splits: Value
    if isinstance(split, Items) and split.items is not None:
        parts = tuple([_dataset(call, name, const(item)) for item in split.items])
        splits = Items("list", parts, length=len(parts))
    elif split is None or const(split) is None:
        known = _IMAGES[name].splits if name in _IMAGES else {}
        splits = Dict({key: _dataset(call, name, key) for key in known}, _dataset(call, name, None))
    else:
        splits = _dataset(call, name, const(split))
    if call.const("with_info") is True:
        return Items("tuple", (splits, Object("tfds.DatasetInfo", call)), length=2)
    return splits


def _dataset(call: Call, name: str, split: object) -> Dataset:
    images = _IMAGES.get(name)
    origin = Origin(call.node, "read from here")
    image: Value = UNKNOWN
    if images is not None:
        image = Array("tensor", "uint8", shape=images.shape, source="disk", pixels=True, origin=origin)
    element: Value = UNKNOWN
    if call.const("as_supervised") is True:
        element = Items("tuple", (image, Scalar("int") if images is not None else UNKNOWN), length=2)
    elif images is not None:
        element = Dict({"image": image})
    samples = _samples(images, split) if images is not None and isinstance(split, str) else None
    size = call.const("batch_size")
    if call.given("batch_size") and size is not None:
        return Dataset("tfds", call, batch_size=size if isinstance(size, int) else 0, origin=origin)
    return Dataset("tfds", call, None, element, samples, toy=name in _TOYS, origin=origin)


def _samples(images: _Images, split: str) -> int | None:
    """Samples of ``train``, ``train[:80%]`` or ``train[1000:]``."""
    match = _SPLIT.fullmatch(split)
    total = images.splits.get(match.group(1)) if match is not None else None
    if match is None or total is None:
        return None
    ends = []
    for number, percent, default in ((match[2], match[3], 0), (match[4], match[5], total)):
        found = default if number is None else round(int(number) * total / 100) if percent else int(number)
        ends.append(min(found, total))
    return max(ends[1] - ends[0], 0)


def _as_numpy(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Dataset):
        return UNKNOWN
    return Items("generator", None, given.element, given.cardinality, origin=given.origin)


TFDS = table(
    fact("tfds.as_numpy", "dataset", _as_numpy, see=_DOCS),
    fact("tfds.load", "name split data_dir batch_size", _load, see=_DOCS),
)
