"""KM602 tells bytes where there is one model, and none where a branch decides which one is trained."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

SCRIPT = """import keras
for fold in range(10):
    {body}
    model = keras.Sequential([body, keras.layers.Dense(10)])
    model.compile("adam", "mse")
    model.fit(x, y)
"""
SMALL = "body = keras.applications.MobileNet(include_top=False, input_shape=(224, 224, 3))"
LARGE = "body = keras.applications.VGG16(include_top=False, input_shape=(224, 224, 3))"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ((LARGE,), True),
        ((LARGE, "body.trainable = False"), True),
        ((LARGE, "if deep:", "    print('deep')"), True),
        ((LARGE, "if frozen:", "    body.trainable = False"), False),
        ((LARGE, "if frozen:", "    for layer in body.layers:", "        layer.trainable = False"), False),
        (("if small:", f"    {SMALL}", "    body.trainable = False", "else:", f"    {LARGE}"), False),
        (("if not small:", f"    {LARGE}", "else:", f"    {SMALL}", "    body.trainable = False"), False),
        (("if small:", f"    {SMALL}", "    body.trainable = False", "else:", "    body = build()"), False),
    ],
)
def test_bytes_are_told_where_the_model_is_known(body: tuple[str, ...], told: bool) -> None:
    source = Source("train.py", SCRIPT.format(body="\n    ".join(body)))
    (found,) = check_source(source, codes={"KM602"}, settings=Settings()).diagnostics
    assert (" MiB" in found.message) == told
    if "else:" in body:
        assert found.severity == "info"


@pytest.mark.parametrize("other", [LARGE, LARGE.replace("include", "weights=None, include")])
@pytest.mark.parametrize("frozen", [(), ("body.trainable = False",)])
def test_the_same_network_in_both_branches_is_one(other: str, frozen: tuple[str, ...]) -> None:
    body = ("if multi:", f"    {LARGE}", "else:", f"    {other}", *frozen)
    source = Source("train.py", SCRIPT.format(body="\n    ".join(body)))
    (found,) = check_source(source, codes={"KM602"}, settings=Settings()).diagnostics
    assert (found.severity, "iB" in found.message) == ("warning", True)


def test_three_branches_of_which_two_are_the_same() -> None:
    for first, second, third in ((SMALL, LARGE, LARGE), (LARGE, SMALL, LARGE), (LARGE, LARGE, SMALL)):
        body = ("if one:", f"    {first}", "elif two:", f"    {second}", "else:", f"    {third}")
        source = Source("train.py", SCRIPT.format(body="\n    ".join(body)))
        (found,) = check_source(source, codes={"KM602"}, settings=Settings()).diagnostics
        assert (found.severity, "iB" in found.message) == ("info", False)


def test_what_a_frozen_body_leaves_at_least_makes_a_warning() -> None:
    body = "body = keras.applications.VGG19(include_top=True)\n    if frozen:\n        body.trainable = False"
    (found,) = check_source(
        Source("train.py", SCRIPT.format(body=body)), codes={"KM602"}, settings=Settings()
    ).diagnostics
    assert (found.severity, "iB" in found.message) == ("warning", False)
