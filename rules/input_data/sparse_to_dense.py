"""KM109: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Object, Scalar, const
from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._files import nodes
from keras_memlint.rules.input_data._whole import places

RULE = Rule(
    "KM109",
    "sparse-to-dense",
    severity="info",
    words=("toarray", "todense", "texts_to_matrix", "sequences_to_matrix"),
)
_TOKENIZER = "keras.preprocessing.text.Tokenizer."
_DENSE = (
    "scipy.sparse.toarray",
    "scipy.sparse.todense",
    _TOKENIZER + "texts_to_matrix",
    _TOKENIZER + "sequences_to_matrix",
)
_ENCODER = "OneHotEncoder"
_LIMITS = ("max_features", "n_features", "num_words")
# So few columns or rows are little, however many there are of the other.
_FEW_WORDS, _FEW_TEXTS = 1000, 500
_SPARSE = "give `fit` the sparse matrix itself, which Keras 3 takes where the first layer is `Dense`"
_HELP = "make one batch at a time dense, in a `{}` that slices the sparse matrix"
_TOKENS = "feed sequences of word numbers to an `Embedding` layer, or make the matrix of one batch at a time"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    found: dict[int, list[tuple[Call, Call, Severity]]] = {}
    for call in script.calls(*_DENSE):
        counter = _counter(script, call)
        severity = _severity(script, call, counter) if counter is not None else None
        if counter is not None and severity is not None:
            found.setdefault(id(counter.node), []).append((call, counter, severity))
    for (call, counter, severity), *others in found.values():
        name = call.name.rpartition(".")[2]
        what = "makes a dense matrix" if _is_tokenizer(call) else "makes a sparse matrix dense"
        row = "sample" if _is_encoder(counter) else "text"
        also = dict.fromkeys(
            script.call_place(other) for other, _, _ in others if other.node is not call.node
        )
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{name}` {what}: 8 bytes for each word of the vocabulary and each {row}, nearly all of them zeros",
            bytes=_bytes(script, call),
            help=_help(script, call, counter),
            related=(
                *(("the same happens here", place) for place in list(also)[:2]),
                *places(script, _fed(script, call)),
            ),
            severity=severity,
        )


def _is_tokenizer(call: Call) -> bool:
    return call.name.startswith(_TOKENIZER)


def _is_encoder(counter: Call) -> bool:
    return counter.name.endswith(_ENCODER)


def _help(script: Script, call: Call, counter: Call) -> str:
    if _is_tokenizer(call) or _is_encoder(counter):
        return _TOKENS
    # Keras 2 wants the indices of a sparse matrix sorted, which a vectorizer does not do.
    takes_sparse = script.backend == "tensorflow" and script.keras_major != 2
    dense = _HELP.format(script.batch_class)
    return f"{_SPARSE}; or {dense}" if takes_sparse else dense


def _counter(script: Script, call: Call) -> Call | None:
    """The call that made what counts the words; None for matrices that hold something else."""
    receiver = call.receiver
    if isinstance(receiver, Array):
        source = script.maker(receiver) if not receiver.part else None
        receiver = source.receiver if source is not None else None
    if (
        not isinstance(receiver, Object)
        or receiver.call is None
        or call.loops
        or call.mapped
        or call.streamed
    ):
        return None
    if receiver.api.endswith(_ENCODER):
        return receiver.call if _is_vocabulary(receiver.call) else None
    return receiver.call if receiver.api.endswith(("Vectorizer", "Tokenizer")) else None


def _is_vocabulary(encoder: Call) -> bool:
    """Whether a ``OneHotEncoder`` has a column for each word, and not for each class of some kind."""
    columns = encoder.arg("n_values")
    return isinstance(columns, Scalar) and columns.words


def _limit(call: Call, counter: Call) -> int | None:
    """How many words there are at most; None when that is not said."""
    found = next((counter.arg(name) for name in _LIMITS if counter.arg(name) is not None), None)
    if found is None and _is_tokenizer(call):
        found = counter.first()
    limit = const(found)
    return limit if isinstance(limit, int) else None


def _bytes(script: Script, call: Call) -> int | None:
    """Bytes of the dense matrix; as many columns as are allowed, where that is all that is known."""
    counter, result = _counter(script, call), call.result
    if not isinstance(result, Array) or counter is None or result.bytes is not None:
        return result.bytes if isinstance(result, Array) else None
    limit = _limit(call, counter)
    return result.length * limit * 8 if result.length is not None and limit is not None else None


def _severity(script: Script, call: Call, counter: Call) -> Severity | None:
    """A warning where it is known to be large; an info for whole vocabularies that a model is trained on."""
    result, limit = call.result, _limit(call, counter)
    if not isinstance(result, Array) or result.source == "toy":
        return None
    size = _bytes(script, call)
    if size is not None:
        return "warning" if script.large(size) else None
    if limit is not None and limit <= _FEW_WORDS:
        return None
    if (
        counter.given("vocabulary")
        or counter.const("char_level")
        or counter.const("analyzer") in ("char", "char_wb")
    ):
        return None
    if result.length is not None and result.length < _FEW_TEXTS:
        return None
    return "info" if any(feed.method != "predict" for feed in _fed(script, call)) else None


def _fed(script: Script, call: Call) -> list[Feed]:
    """Where the matrix is given to a model or a dataset."""
    return [feed for feed in script.feeds if feed.role != "y" and id(call.node) in nodes(feed.array.origin)]
