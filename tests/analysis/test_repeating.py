"""How often a call is made: what led to it, what keeps it from being made again, and what a loop binds anew."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script, analyse
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Source

LOAD = "keras.models.load_model('m.keras')"


def script_of(text: str) -> Script:
    return analyse(Source("app.py", "import keras\n" + text))


def load(script: Script) -> Call:
    return next(script.calls("keras.models.load_model"))


def test_calls_know_what_led_to_them() -> None:
    script = script_of(f"def inner():\n    return {LOAD}\ndef outer():\n    return inner()\nouter()\n")
    assert [call.name for call in load(script).led_by()] == [
        "keras.models.load_model",
        "def inner",
        "def outer",
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"def f():\n    return {LOAD}\nf()\n", False),
        (f"import functools\n@functools.lru_cache\ndef f():\n    return {LOAD}\nf()\n", True),
        (f"def f(model=None):\n    if model is None:\n        model = {LOAD}\nf()\n", True),
        (f"def f():\n    return {LOAD}\nif 'model' not in kept:\n    f()\n", True),
        (f"def f(request):\n    if request.method == 'POST':\n        return {LOAD}\nf(r)\n", False),
        (f"try:\n    model\nexcept NameError:\n    model = {LOAD}\n", True),
    ],
)
def test_what_keeps_a_call_from_being_made_again(text: str, kept: bool) -> None:
    script = script_of(text)
    assert script.is_kept(load(script)) is kept


@pytest.mark.parametrize(
    ("decorator", "name"),
    [
        ("app.route('/p', methods=['POST'])", "predict"),
        ("router.post('/p')", "predict"),
        ("app.get(path)", None),
        ("click.command()", None),
        ("registry.get('predict')", None),
    ],
)
def test_functions_that_answer_requests(decorator: str, name: str | None) -> None:
    script = script_of(f"@{decorator}\ndef predict():\n    return {LOAD}\n")
    handler = script.request_handler(load(script))
    assert (handler.name if handler is not None else None) == name


def test_methods_of_views_answer_requests() -> None:
    script = script_of(
        "import flask_restful\n"
        f"class Predict(flask_restful.Resource):\n    def post(self):\n        return {LOAD}\n"
    )
    handler = script.request_handler(load(script))
    assert handler is not None and handler.name == "post"


def test_names_that_a_loop_binds() -> None:
    script = script_of(
        "for i in range(9):\n"
        "    a, *b = f(i)\n"
        "    c[0] = i\n"
        "    with open(i) as d:\n"
        "        e = 1\n"
        f"    {LOAD}\n"
        "f(a, b, c, d, e, i, other, other.x, 1, a + 1)\n"
    )
    loop = load(script).loops[-1]
    call = script.parsed.statements[-1]
    assert isinstance(call, tree.ExprStmt) and isinstance(call.value, tree.Call)
    bound = [script.rebinds(loop, argument.value) for argument in call.value.args]
    assert bound == [True] * 6 + [False] * 3 + [True]


def test_what_lists_and_dicts_keep() -> None:
    script = script_of(
        "kept, named = [], {}\nfor i in range(9):\n    kept.append(i)\n    named[i] = i\n    named['last'] = i\n"
    )
    assert len(script.holdings) == 2


def test_an_api_that_is_named_and_not_called() -> None:
    script = script_of("keras.backend.clear_session\nkeras.backend.clear_session()\n")
    assert [api.name for api, _node in script.bare] == ["keras.backend.clear_session"]
