"""KM117: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import count
from keras_memlint.analysis.abstract.values import Api, Array, Dataset, Instance, Items, Object, Value, const
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.fixes.calls import remove_arguments
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import PYDATASET, uses
from keras_memlint.rules.input_data._sequences import held_bytes, held_files

RULE = Rule(
    "KM117",
    "generator-workers-duplicate-data",
    severity="info",
    words=("workers", "use_multiprocessing", "max_queue_size", "max_q_size"),
    fix="both",
)
# Arguments that Keras 3 takes in the constructor of a `PyDataset`, and what they are when they are not given.
_MOVED: dict[str, object] = {"workers": 1, "use_multiprocessing": False, "max_queue_size": 10}
# A queue that Keras makes without being told is not reported. So many bytes of waiting batches are worth an info, a warning.
_USUAL, _MUCH, _HUGE = 10, 512 << 20, 4 << 30
_FLOAT = 4  # bytes of a number in a batch of images


def check(script: Script) -> Iterator[Finding]:
    for fit in script.fits:
        found = _gone(script, fit) or _duplicates(script, fit) or _queued(script, fit)
        if found is not None:
            yield found


def _gone(script: Script, fit: Fit) -> Finding | None:
    """Arguments that `fit` of Keras 3 does not take."""
    call = fit.call
    given = [name for name in _MOVED if name in call.kwargs]
    old = fit.model is not None and fit.model.flavour == "tf_keras"
    if not given or not call.name.startswith("keras.Model.") or fit.method.endswith("_generator") or old:
        return None
    if call.conditional or call.tried or not _is_keras_3(script, fit.x) or script.asks_version(call.function):
        return None
    names = " and ".join(f"`{name}`" for name in given)
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message=f"`{fit.method}` of Keras 3 takes no {names}: it raises a `TypeError`",
        help="give them to the constructor of the `PyDataset`: `super().__init__(workers=4)`",
        fixes=_without(script, fit, given),
        severity="error",
    )


def _is_keras_3(script: Script, x: Value) -> bool:
    if script.keras_major is not None:
        return script.keras_major == 3
    bases = x.cls.bases if isinstance(x, Instance) else ()
    return any(isinstance(base, Api) and base.dotted.endswith(".PyDataset") for base in bases)


def _without(script: Script, fit: Fit, given: list[str]) -> tuple[Fix, ...]:
    """The call without them; safe where Keras 2 did nothing with them."""
    arguments = [one for one in fit.call.node.args if one.name in given]
    edits = remove_arguments(script, fit.call.node, arguments) if script.own(fit.call.node) else None
    if edits is None or len(arguments) != len(given):
        return ()
    usual = all(const(fit.call.kwargs[name]) == _MOVED[name] for name in given)
    safe = usual or isinstance(fit.x, (Array, Dataset))
    title = f"remove {', '.join(f'`{name}`' for name in given)}"
    return (Fix(title, safe, tuple(edits), "batches are then made one after the other"),)


def _duplicates(script: Script, fit: Fit) -> Finding | None:
    """Worker processes beside an object that holds the data set."""
    x = fit.x
    if script.is_test or not isinstance(x, Instance) or x.cls.api_base() != PYDATASET:
        return None
    by = next((call for call in (fit.call, *_constructors(script, x)) if _processes(call) > 1), None)
    if by is None:
        return None
    size = held_bytes(x)
    if not script.large(size) and next(held_files(script, x, uses(script)), None) is None:
        return None
    count = _processes(by)
    return Finding(
        at=script.call_place(by),
        site=script.place(by.site),
        message=f"{count} worker processes may each get a copy of the data that `{x.cls.node.name}` holds",
        bytes=size * count if script.large(size) else None,
        help="keep paths or open the file in `__getitem__`; or use threads, which share the data:"
        " `use_multiprocessing=False`",
    )


def _queued(script: Script, fit: Fit) -> Finding | None:
    """A queue that may hold very many batches: its length counts batches, not samples."""
    if script.is_test or fit.method not in ("fit", "fit_generator"):
        return None
    made = _constructors(script, fit.x) if isinstance(fit.x, Instance) else ()
    by = next((call for call in (fit.call, *made) if _queue(call) > _USUAL), None)
    if by is None or not (script.slices_arrays or _fills_queue(by)):
        return None
    size = _queue(by) * (_batch_bytes(fit) or 0)
    if size < _MUCH:
        return None
    return Finding(
        at=script.call_place(by),
        site=script.place(by.site),
        message=f"up to {_queue(by)} batches wait in memory for the model",
        bytes=size,
        help="a few batches are enough, as Keras's own 10: the length of the queue counts batches, not samples",
        related=(("used here", script.call_place(fit.call)),) if by is not fit.call else (),
        severity="warning" if size >= _HUGE else None,
    )


def _queue(call: Call) -> int:
    """How many batches ``call`` lets wait; 0 when that is not known or not given."""
    found = const(call.kwargs.get("max_queue_size") or call.kwargs.get("max_q_size"))
    return found if isinstance(found, int) else 0


def _fills_queue(call: Call) -> bool:
    """Whether there is a queue at all: since Keras 2.4 one worker makes the next batch and no more."""
    count, processes = const(call.kwargs.get("workers")), const(call.kwargs.get("use_multiprocessing"))
    return (isinstance(count, int) and count > 1) or (processes is True and count != 0)


def _batch_bytes(fit: Fit) -> int | None:
    """Bytes of one batch of inputs; None where its shape is not known."""
    x = fit.x
    if isinstance(x, Items) and x.kind == "generator":
        first = x.element.items[0] if isinstance(x.element, Items) and x.element.items else x.element
        sizes = [one.bytes for one in arrays(first)]
        return sum(size or 0 for size in sizes) if None not in sizes else None
    sample = count(fit.model.input) if fit.model is not None else None
    rows = fit.batch_size
    if isinstance(x, Instance):
        given = const(x.attributes.get("batch_size"))
        rows = given if isinstance(given, int) else None
    elif not (isinstance(x, Object) and x.call is not None and ".flow" in x.call.name):
        return None
    return sample * rows * _FLOAT if sample is not None and rows is not None else None


def _constructors(script: Script, x: Instance) -> Iterator[Call]:
    for call in script.calls("super.__init__"):
        if isinstance(call.receiver, Object) and call.receiver.state.get("self") is x:
            yield call


def _processes(call: Call) -> int:
    """How many worker processes the arguments of ``call`` ask for; 0 when that is not known."""
    count = const(call.kwargs.get("workers"))
    return count if const(call.kwargs.get("use_multiprocessing")) is True and isinstance(count, int) else 0
