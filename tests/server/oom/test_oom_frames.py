"""The user's own rows in tracebacks of Python, IPython and TensorFlow's graphs."""

from __future__ import annotations

import pytest
from keras_memlint.server.oom.failure import Frame
from keras_memlint.server.oom.frames import Frames


def frames(text: str, after: int = 1) -> tuple[Frame, ...]:
    found = Frames()
    rows = text.splitlines()
    for number, row in enumerate(rows, 1):
        found.line(number, row)
    return found.at(len(rows) + after)


PYTHON = """Traceback (most recent call last):
  File "/home/me/train.py", line 40, in <module>
    main()
    ~~~~^^
  File "/home/me/model/data.py", line 7, in main
    x = x / 255.0
        ~~^~~~~~~
  File "/home/me/.venv/lib/python3.11/site-packages/numpy/core.py", line 3, in divide
    return it
"""


def test_python() -> None:
    assert frames(PYTHON) == (
        Frame("/home/me/train.py", 40, "main()"),
        Frame("/home/me/model/data.py", 7, "x = x / 255.0"),
    )


def test_far_away_it_belongs_to_something_else() -> None:
    assert frames(PYTHON, after=100) == ()


def test_only_the_last_traceback_counts() -> None:
    other = PYTHON.replace("train.py", "other.py").replace("model/data.py", "other_data.py")
    assert [frame.file for frame in frames(other + "\n" * 100 + PYTHON)] == [
        "/home/me/train.py",
        "/home/me/model/data.py",
    ]


def test_node_of_a_graph() -> None:
    text = (
        PYTHON
        + """
Detected at node model/conv2d/Relu defined at (most recent call last):
  File "/home/me/train.py", line 40, in <module>

  File "/home/me/model/net.py", line 12, in call

  File "/usr/lib/python3/dist-packages/keras/layer.py", line 12, in call

"""
    )
    assert frames(text)[-1] == Frame("/home/me/model/net.py", 12)
    assert frames(text)[0] == Frame("/home/me/train.py", 40, "main()")


@pytest.mark.parametrize(
    "file",
    [
        "/usr/lib/python3.10/threading.py",
        "C:\\Python310\\lib\\site-packages\\keras\\x.py",
        "<frozen runpy>",
        "<string>",
        "<__array_function__ internals>",
        "/tmp/__autograph_generated_filex.py",
        "C:\\ProgramData\\Anaconda3\\lib\\site.py",
    ],
)
def test_files_of_libraries(file: str) -> None:
    assert frames(f'Traceback (most recent call last):\n  File "{file}", line 3, in run\n    x()\n') == ()


def test_notebooks() -> None:
    text = """Traceback (most recent call last)
<ipython-input-17-52b44d5e84db> in <module>()
      3 model.fit(x=data,
      4           steps_per_epoch=(100),
----> 5           epochs=epochs)
/usr/local/lib/python3.7/dist-packages/tensorflow/python/eager/execute.py in quick_execute(op_name)
---> 60                                         inputs, attrs, num_outputs)
"""
    assert frames(text) == (Frame("", 5, "epochs=epochs)"),)
    new = """Traceback (most recent call last)
Cell In[5], line 3
      1 x = load()
----> 3 model.fit(x)

File ~/project/data.py:12, in load()
     11 def load():
---> 12     return np.zeros(n)
"""
    assert frames(new) == (
        Frame("", 3, "model.fit(x)"),
        Frame("~/project/data.py", 12, "return np.zeros(n)"),
    )
