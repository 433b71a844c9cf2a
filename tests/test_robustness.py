"""Any text gets an answer: no exception, no rule that fails, and one bad statement hides nothing else."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules import catalogue
from keras_memlint.rules.engine import Report, check_source

CODES = {"KM000"} | {row.code for row in catalogue.rows()}
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
PAGES = [row.page for row in catalogue.rows()]
PIECES = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    '"""',
    "'",
    "\\",
    "\n",
    "\t",
    " ",
    ":",
    ",",
    "=",
    "#",
    "lambda x:",
    "def f(",
    "class A:",
    "yield",
    "await ",
    "async ",
    "*",
    "**",
    "for x in",
    "if",
    "else:",
    "é漢",
    "\x0c",
    "\r",
    "\x00",
    "match x:",
    "import *",
    "@",
    "...",
    "0x",
    "1e",
    "f'{",
    "return",
    "del ",
    "global x",
    "None",
    "np.",
    "model.",
]


def run(text: str, path: str = "train.py", workspace: Workspace | None = None) -> Report:
    report = check_source(Source(path, text), codes=CODES, settings=Settings(), workspace=workspace)
    assert report.problems == []
    for found in report.diagnostics:
        assert found.location.row >= 1 and found.location.column >= 1
        assert (found.end_location.row, found.end_location.column) >= (
            found.location.row,
            found.location.column,
        )
    return report


def texts() -> list[str]:
    """Real-looking scripts: the code of all pages, and the examples."""
    found = [path.read_text(encoding="utf-8") for path in EXAMPLES]
    for page in PAGES:
        blocks = page.read_text(encoding="utf-8").split("```")[1::2]
        found.append("\n".join(block.partition("\n")[2] for block in blocks))
    return found


def mutate(text: str, random_: random.Random) -> str:
    """One to four edits as a clumsy hand makes them."""
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(text) + 1)
        match random_.randrange(6):
            case 0:
                text = text[:at] + text[at + random_.randint(1, 30) :]
            case 1:
                text = text[:at] + random_.choice(PIECES) + text[at:]
            case 2:
                text = text[:at]
            case 3:
                lines = text.splitlines(keepends=True)
                random_.shuffle(lines)
                text = "".join(lines)
            case 4:
                other = random_.randrange(len(text) + 1)
                text = text[:at] + text[min(at, other) : max(at, other)][:2000] + text[at:]
            case _:
                text = text[:at] + "\n" + random_.choice(PIECES) * random_.randint(1, 5) + text[at:]
    return text


@pytest.mark.parametrize("seed", range(40))
def test_mutated_scripts(seed: int) -> None:
    random_ = random.Random(seed)
    originals = texts()
    workspace = Workspace()
    for _ in range(12):
        run(mutate(random_.choice(originals), random_), workspace=workspace)


@pytest.mark.parametrize("seed", range(4))
def test_every_prefix_of_a_script_being_typed(seed: int) -> None:
    random_ = random.Random(seed)
    text = random_.choice(texts())[:3000]
    workspace = Workspace()
    for end in range(0, len(text), 23):
        run(text[:end], workspace=workspace)


BAD = {
    "empty": "",
    "only a comment": "# keras\n",
    "NUL bytes": "import keras\nx = '\x00'\n",
    "a form feed and a lone CR": "import keras\r\x0cx = 1\rmodel = keras.Sequential()\r",
    "5,000 nested parentheses": "import keras\nx = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    "5,000 open brackets": "import keras\nx = " + "[" * 5000,
    "deep unary": "import keras\nx = " + "-" * 20000 + "1\n",
    "a deep attribute chain": "import keras\nx = a" + ".b" * 5000 + "\n",
    "a long sum": "import keras\nx = " + "+".join(["1"] * 5000) + "\n",
    "deeply nested blocks": "import keras\n"
    + "".join(" " * n + "if x:\n" for n in range(90))
    + " " * 90
    + "pass\n",
    "a line of 2 million characters": "import keras\nx = '" + "a" * 2_000_000 + "'\n",
    "many commas": "import keras\nx = [" + "1," * 100_000 + "]\n",
    "an endless string": 'import keras\nx = """' + "text\n" * 1000,
    "Python 2": "import keras\nprint 'a', x\nexec 'y'\nraise E, 'm'\nx = 0777\nmodel = keras.Sequential()\n",
    "tabs and blanks mixed": "import keras\nif x:\n\ty = 1\n        z = 2\n",
    "recursion": "import keras\ndef f(x):\n    return f(f(x))\nf(f(1))\nclass A(A): pass\nA()\n",
    "a base that is itself": "import keras\nclass A(keras.Model):\n    pass\nclass A(A):\n    pass\nA().fit(1)\n",
    "numbers too large": "import numpy as np, keras\nx = np.zeros((10**30, 10**30))\ny = 2 ** 10 ** 10\nz = 'a' * 10**12\n",
    "negative and odd shapes": "import numpy as np, keras\nx = np.zeros((-1, None, 'a'))\nx.reshape(-1, -1)[::-1, ..., None]\n",
    "mutual calls": "import keras\ndef a(n): return b(n)\ndef b(n): return a(n)\na(1)\n",
    "a list that holds itself": "import keras\nx = []\nx.append(x)\nfor y in x:\n    x += [x, y]\n",
    "a dict of lambdas": "import keras\nd = {k: (lambda: d[k]()) for k in d}\nd['a']()\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str) -> None:
    run(BAD[name])


def test_one_bad_statement_hides_nothing_else() -> None:
    good = (
        "import tensorflow as tf\n"
        "ds = tf.data.Dataset.list_files('a/*').map(lambda p: tf.io.decode_png(tf.io.read_file(p)))\n"
    )
    for bad in (
        "x = (\n",
        "def f(:\n    pass\n",
        "print 'a'\n",
        "for in y:\n    z\n",
        "'''\n",
        "x = 'a\n",
    ):
        for text in (
            good + bad,
            "import tensorflow as tf\n" + bad + good,
            f"def g():\n    pass\n{bad}{good}",
        ):
            codes = [d.code for d in run(text).diagnostics]
            assert "KM209" in codes, (bad, text)
            assert "KM000" in codes, (bad, text)


def test_a_bad_line_inside_a_function_hides_nothing_else() -> None:
    text = (
        "import tensorflow as tf\n"
        "def build():\n"
        "    ds = tf.data.Dataset.list_files('a/*')\n"
        "    print 'python 2'\n"
        "    ds = ds.map(lambda p: tf.io.decode_png(tf.io.read_file(p)))\n"
        "    return ds\n"
    )
    found = run(text).diagnostics
    assert [(d.code, d.location.row) for d in found] == [("KM000", 4), ("KM209", 5)]


def test_python_2_is_told_once() -> None:
    """Its statements are hundreds in some files, and one finding says as much."""
    text = (
        "import tensorflow as tf\n"
        "def build(x):\n"
        "    if x <> 2:\n"
        "        print 'a',\n"
        "    print >>log, (x,\n"
        "        x)\n"
        "    try:\n"
        "        raise ValueError, 'a'\n"
        "    except Exception, e:\n"
        "        print e\n"
        "    return x +\n"
        "ds = tf.data.Dataset.list_files('a/*')\n"
        "ds = ds.map(lambda p: tf.io.decode_png(tf.io.read_file(p)))\n"
    )
    found = run(text).diagnostics
    assert [(d.code, d.location.row) for d in found] == [("KM000", 3), ("KM209", 13)]
    assert found[0].message == "5 statements were set aside, from this one on: they are of Python 2"


def test_a_text_that_is_no_code_is_told_of_in_three_places() -> None:
    text = "import tensorflow as tf\n" + "it trains a network on two cards\n" * 300
    found = run(text).diagnostics
    assert [(d.code, d.location.row) for d in found] == [("KM000", 2), ("KM000", 3), ("KM000", 4)]
    first, second, third = [d.message for d in found]
    assert second == third == "this statement was set aside: invalid syntax"
    assert first == f"{second}; so were 299 more, of which 2 are told"


def test_one_old_statement_may_be_a_slip() -> None:
    text = "import tensorflow as tf\nprint 'a'\nx = f(\n\ndef g():\n    return 1 +\n"
    found = run(text).diagnostics
    assert [(d.code, d.location.row) for d in found] == [("KM000", 2), ("KM000", 3), ("KM000", 6)]
    assert {d.message for d in found} == {"this statement was set aside: invalid syntax"}


def test_a_generated_file_of_50_000_lines_is_checked_to_its_end() -> None:
    lines = ["import numpy as np", *(f"x{n} = np.zeros(({n}, 3)) / 255.0" for n in range(50_000))]
    lines += ["import tensorflow as tf", "ds = tf.data.Dataset.list_files('a/*')"]
    lines += ["ds = ds.map(lambda p: tf.io.decode_png(tf.io.read_file(p)))"]
    started = time.monotonic()
    assert [(d.code, d.location.row) for d in run("\n".join(lines)).diagnostics if d.code == "KM209"] == [
        ("KM209", 50_004)
    ]
    assert time.monotonic() - started < 120  # it ends; how fast is a matter for benchmarks
