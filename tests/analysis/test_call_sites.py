"""What the calls of a file say: on what object, in which function, in which loop."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.reach.call_sites import CallSites, Unit, call_sites
from keras_memlint.analysis.syntax.parse import parse
from keras_memlint.analysis.text.source import Source

NET = "from nets import Net\n"


def sites(text: str) -> CallSites:
    return call_sites(parse(Source("a.py", text)).statements)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("net = Net()\nfor x in xs:\n    net.f(x)\n", {"Net"}),
        ("with Net() as net:\n    while True:\n        net.f(x)\n", {"Net"}),
        ("net = None\nnet = Net()\nfor x in xs:\n    net.f(x)\n", {"Net"}),
        ("net: Net = Net()\nfor x in xs:\n    net.f(x)\n", {"Net"}),
        ("import nets\nnet = nets.Net()\nfor x in xs:\n    net.f(x)\n", {"nets.Net"}),
        ("net = Net()\ndef g(xs):\n    for x in xs:\n        net.f(x)\n", {"Net"}),
        ("def g(net: Net, xs):\n    for x in xs:\n        net.f(x)\n", {"Net"}),
        ("class A:\n    def g(self, xs):\n        for x in xs:\n            self.f(x)\n", {"A"}),
        ("def g(net, xs):\n    for x in xs:\n        net.f(x)\ng(Net(), xs)\n", {"Net"}),
        ("def g(net, xs):\n    for x in xs:\n        net.f(x)\none = Net()\ng(xs=xs, net=one)\n", {"Net"}),
        (
            "class A:\n    def __init__(self, net):\n        self.net = net\n    def g(self, xs):\n"
            "        for x in xs:\n            self.net.f(x)\nA(Net()).g(xs)\n",
            {"Net"},
        ),
        ("def g(net, xs):\n    for x in xs:\n        net.f(x)\ng(Net(), xs)\ng(other, xs)\n", set()),
        ("def g(net, xs):\n    for x in xs:\n        net.f(x)\ng(*given)\n", set()),
        (
            "def g(net, xs):\n    net = net or Other()\n    for x in xs:\n        net.f(x)\ng(Net(), xs)\n",
            set(),
        ),
        ("net = Net() if a else Other()\nfor x in xs:\n    net.f(x)\n", set()),
        ("net = Net()\nnet = Other()\nfor x in xs:\n    net.f(x)\n", {"Net", "Other"}),
        ("net = Net()\nnet = wrapped(net)()\nfor x in xs:\n    net.f(x)\n", set()),
        ("net, other = Net(), 1\nfor x in xs:\n    net.f(x)\n", set()),
        ("for x in xs:\n    net = Net()\n    net.f(x)\n", set()),
        ("for net in nets:\n    net.f(x)\n", set()),
        ("def g(net, xs):\n    for x in xs:\n        net.f(x)\n", set()),
        ("def g(net: Net | None, xs):\n    for x in xs:\n        net.f(x)\n", set()),
        ("net = Net()\ndef g(net, xs):\n    for x in xs:\n        net.f(x)\n", set()),
    ],
)
def test_what_an_object_was_made_of(text: str, made: set[str]) -> None:
    (site,) = sites(NET + text).calls["f"]
    assert site.made == made


@pytest.mark.parametrize(
    "text",
    [
        "for x in xs:\n    f(x)\n",
        "while f(x):\n    pass\n",
        "y = [f(x) for x in xs]\n",
        "y = [x for x in xs if f(x)]\n",
        "for a in range(3):\n    for x in xs:\n        f(x)\n",
        "for x in xs:\n    for a in range(3):\n        f(x)\n",
        "for x in xs:\n    if x.endswith('.png'):\n        f(x)\n",
        "for a in range(50):\n    f(a)\n",
        "for x in xs:\n    f(x)\n    cv2.waitKey(1)\n",
    ],
)
def test_a_loop_that_may_have_many_turns(text: str) -> None:
    (site,) = sites(text).calls["f"]
    assert site.loop is not None


@pytest.mark.parametrize(
    "text",
    [
        "f(x)\n",
        "for a in range(3):\n    f(a)\n",
        "for a in 'x', 'y':\n    f(a)\n",
        "for n, a in enumerate(['x', 'y']):\n    f(a)\n",
        "y = [f(a) for a in (1, 2)]\n",
        "for x in f(xs):\n    pass\n",
        "y = [x for x in f(xs)]\n",
        "while True:\n    def g():\n        pass\nf(x)\n",
    ],
)
def test_in_no_loop_of_many_turns(text: str) -> None:
    (site,) = sites(_in_function(text)).calls["f"]
    assert site.loop is None


@pytest.mark.parametrize(
    "text",
    [
        "for x in xs:\n    f(x)\n    break\n",
        "for x in xs:\n    if x:\n        f(x)\n        break\n",
        "for x in xs:\n    if n % 100 == 0:\n        f(x)\n",
        "for x in xs:\n    if n == 7:\n        f(x)\n",
        "while True:\n    if key == ord('q'):\n        f(x)\n",
        "while True:\n    f(input())\n",
        "for x in xs:\n    f(x)\n    cv2.waitKey(0)\n",
        "for x in xs:\n    model.fit(x)\n    f(x)\n",
        "for x in xs:\n    later(lambda: f(x))\n",
    ],
)
def test_not_in_each_of_many_turns(text: str) -> None:
    assert "f" not in sites(_in_function(text)).calls


def _in_function(text: str) -> str:
    return "def h():\n" + "".join(f"    {line}\n" for line in text.splitlines())


def test_the_function_a_call_stands_in() -> None:
    text = (
        "def g():\n    f()\nclass A:\n    def h(self):\n        f()\n        def inner():\n            f()\n"
    )
    units = {one.unit for one in sites(text).calls["f"]}
    assert units == {Unit("", "g"), Unit("A", "h"), None}


@pytest.mark.parametrize("test", ["model is None", "not ready"])
def test_what_answers_requests_and_asks_first(test: str) -> None:
    text = f"@app.get('/x')\ndef g():\n    if {test}:\n        f()\n"
    (site,) = sites(text).calls["f"]
    assert site.answers is not None
    assert site.asks
