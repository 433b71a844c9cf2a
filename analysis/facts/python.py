"""Python itself: containers, paths, argparse and what iterates."""

from __future__ import annotations

from dataclasses import replace

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table
from keras_memlint.analysis.scopes import Growth, Loop
from keras_memlint.analysis.values import (
    UNKNOWN,
    Api,
    Array,
    Bound,
    Const,
    Dataset,
    Dict,
    Function,
    Items,
    Object,
    Origin,
    Scalar,
    Value,
    const,
    join,
)

_DOCS = "Python library reference"
_READERS = ("cv2.imread", "plt.imread", "imageio.imread", "skimage.io.imread", "numpy.load")
# Ranges, and the pairs of ``enumerate`` and ``zip``, are known one by one up to so many: the blocks of a network.
_SHORT = 40


def _scalar(kind: str) -> Gives:
    return lambda _call, _run: Scalar(kind)


def _len(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Items) and given.length is not None:
        return Const(given.length, origin=given.origin)
    if isinstance(given, Array) and given.shape and given.shape[0] is not None:
        return Const(given.shape[0], origin=given.origin)
    if isinstance(given, Dataset) and given.cardinality is not None:
        return Const(given.cardinality)
    found = const(given)
    if isinstance(found, (str, tuple, list)):
        return Const(len(found))
    return Scalar(
        "int", counts=True, words=_are_words(given), origin=Origin(call.node, "a length", given.origin)
    )


def _are_words(value: Value) -> bool:
    """Whether ``value`` is what a Keras ``Tokenizer`` collects: a key for each word, not for each character."""
    if not isinstance(value, Bound) or value.name not in ("word_index", "index_word", "word_counts"):
        return False
    made = value.receiver.call if isinstance(value.receiver, Object) else None
    return made is None or made.const("char_level", False) is False


def _int(call: Call, _run: Machine) -> Value:
    found = const(call.first())
    if isinstance(found, str) and found.isdecimal() and len(found) < 16:
        return Const(int(found))
    if isinstance(found, (int, float)) and abs(found) < 1 << 53:
        return Const(int(found))
    return Scalar("int", origin=call.first().origin)


def _float(call: Call, _run: Machine) -> Value:
    found = const(call.first())
    return Const(float(found)) if isinstance(found, (int, float)) else Scalar("float")


def _extreme(choose: object) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        found = [const(arg) for arg in call.args]
        if len(found) > 1 and all(isinstance(f, (int, float)) for f in found):
            return Const(choose(found))  # type: ignore[operator]
        return Scalar("int") if len(call.args) > 1 else UNKNOWN

    return gives


def _range(call: Call, _run: Machine) -> Value:
    bounds = [const(arg) for arg in call.args]
    length = None
    if bounds and all(isinstance(b, int) for b in bounds) and 0 not in bounds[2:]:
        length = len(range(*bounds))
    before = call.args[-1].origin if call.args else None  # of ``range(len(names))``, how the names were found
    origin = Origin(call.node, "counted", before)
    if length is not None and 0 < length <= _SHORT:
        return Items("range", tuple([Const(at) for at in range(*bounds)]), length=length, origin=origin)
    return Items("range", None, Scalar("int"), length, origin=origin)


def _collect(kind: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        if not call.args:
            return Items(kind, (), length=0, origin=Origin(call.node, "made here"))
        given = call.first()
        if isinstance(given, Items):
            return Items(
                kind, given.items, given.element, given.length, list(given.grown), origin=given.origin
            )
        if isinstance(given, Dataset):
            return Items(kind, None, given.element, given.cardinality, origin=given.origin)
        if isinstance(given, Array):
            element = given.sample()
            element.labels = False
            return Items(kind, None, element, given.length, origin=given.origin)
        return Items(kind)

    return gives


def _first(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Items):
        return Items(
            "generator" if given.kind == "generator" else "list",
            given.items,
            given.element,
            given.length,
            list(given.grown),
            origin=given.origin,
        )
    return given


def _any(value: Value) -> tuple[Value, int | None]:
    if isinstance(value, Items):
        return value.any(), value.length
    if isinstance(value, Dataset):
        return value.element, value.cardinality
    if isinstance(value, Array):
        return value.sample(), value.length
    return UNKNOWN, None


def _enumerate(call: Call, _run: Machine) -> Value:
    given = call.first()
    element, length = _any(given)
    grown, origin = _grown(given), given.origin
    if isinstance(given, Items) and given.items and len(given.items) <= _SHORT and len(call.args) == 1:
        pairs = [Items("tuple", (Const(at), item), length=2) for at, item in enumerate(given.items)]
        return Items("generator", tuple(pairs), length=len(pairs), grown=grown, origin=origin)
    pair = Items("tuple", (Scalar("int"), element), length=2)
    return Items("generator", None, pair, length, grown, origin=origin)


def _grown(*values: Value) -> list[Growth]:
    return [growth for value in values if isinstance(value, Items) for growth in value.grown]


def _zip(call: Call, _run: Machine) -> Value:
    parts = [_any(arg) for arg in call.args]
    lengths = [length for _, length in parts if length is not None]
    element = Items("tuple", tuple(part for part, _ in parts), length=len(parts))
    origin = next((arg.origin for arg in call.args if arg.origin is not None), None)
    grown = _grown(*call.args)
    rows = [arg.items for arg in call.args if isinstance(arg, Items) and arg.items is not None]
    if rows and len(rows) == len(call.args) and 0 < min(map(len, rows)) <= _SHORT:
        together = tuple([Items("tuple", row, length=len(row)) for row in zip(*rows, strict=False)])
        return Items("generator", together, length=len(together), grown=grown, origin=origin)
    length = min(lengths) if lengths else None
    return Items("generator", None, element, length, grown, origin=origin)


def _map(call: Call, run: Machine) -> Value:
    if len(call.args) < 2:
        return UNKNOWN
    parts = [_any(arg) for arg in call.args[1:]]
    element: Value = UNKNOWN
    function = call.args[0]
    loop = Loop(call.node, "apply", call.args[1], parts[0][1])
    if isinstance(function, Function) or (isinstance(function, Api) and function.name in _READERS):
        given = tuple(part for part, _ in parts)
        element, call.inner = run.apply(function, given, call, mapped=False, over=loop)
    elif isinstance(function, Api):
        element = Scalar("int") if function.name == "builtins.int" else UNKNOWN
    grown = [Growth((*call.loops, loop), False)]
    return Items("generator", None, element, parts[0][1], grown, origin=Origin(call.node, "collected here"))


def _map_at_once(call: Call, run: Machine) -> Value:
    """``Pool.map``: a list of all results."""
    found = _map(call, run)
    return replace(found, kind="list") if isinstance(found, Items) else found


def _paths(call: Call, run: Machine) -> Value:
    return Items(
        "list",
        None,
        Scalar("path", origin=Origin(call.node, "listed here")),
        _count(call, run),
        origin=Origin(call.node, "listed here"),
    )


def _count(call: Call, run: Machine) -> int | None:
    pattern = const(call.first())
    if call.name == "glob.glob" and isinstance(pattern, str):
        found = run.glob_count(pattern)
        return found[0] if found else None
    return None


def _walk(call: Call, _run: Machine) -> Value:
    paths = Items("list", None, Scalar("path"), origin=Origin(call.node, "listed here"))
    return Items(
        "generator",
        None,
        Items("tuple", (Scalar("path"), paths, paths), length=3),
        origin=Origin(call.node, "listed here"),
    )


def _join_path(call: Call, _run: Machine) -> Value:
    parts = [const(arg) for arg in call.args]
    if parts and all(isinstance(part, str) for part in parts):
        return Const("/".join(part.rstrip("/") for part in parts))
    return Scalar("path")


def _path(call: Call, _run: Machine) -> Value:
    given = const(call.first())
    return Const(given) if isinstance(given, str) else Scalar("path")


def _append(call: Call, _run: Machine) -> Value:
    items = call.receiver
    if isinstance(items, Items) and call.args:
        grows = any(not loop.unrolled for loop in call.loops) or items.items is None
        items.grown.append(Growth(call.loops, call.conditional))
        if grows or items.items is None:
            items.element = (
                join(items.any(), call.args[0]) if items.items or items.grown[:-1] else call.args[0]
            )
            items.items = None
            items.length = None
        else:
            items.items = (*items.items, call.args[0])
            items.length = len(items.items)
    return Const(None)


def _pop(call: Call, _run: Machine) -> Value:
    items = call.receiver
    if not isinstance(items, Items):
        return UNKNOWN
    at = const(call.first()) if call.args else -1
    once = not call.conditional and all(loop.unrolled for loop in call.loops)
    if (
        once
        and items.items is not None
        and isinstance(at, int)
        and -len(items.items) <= at < len(items.items)
    ):
        rest = list(items.items)
        found = rest.pop(at)
        items.items, items.length = tuple(rest), len(rest)
        return found
    found = items.any()
    if items.items is not None:
        items.element, items.items = found, None
    items.length = None
    return found


def _environment(call: Call, _run: Machine) -> Value:
    default = call.arg("default")
    return default if isinstance(default, Const) and default.value is not None else Scalar("str")


def _extend(call: Call, _run: Machine) -> Value:
    items = call.receiver
    if isinstance(items, Items) and call.args:
        element, _ = _any(call.args[0])
        items.grown.append(Growth(call.loops, call.conditional))
        items.element = join(items.any(), element)
        items.items = items.length = None
    return Const(None)


def _clear(call: Call, _run: Machine) -> Value:
    if isinstance(call.receiver, Items):
        call.receiver.grown.clear()
    return Const(None)


def _get(call: Call, _run: Machine) -> Value:
    given = call.receiver
    key = const(call.first())
    if isinstance(given, Dict):
        found = given.entries.get(key) if isinstance(key, (str, int, float, bool)) else None
        return found if found is not None else given.element
    return UNKNOWN


def _values(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if isinstance(given, Dict):
        known = tuple(given.entries.values()) if given.length is not None else None
        element = given.element
        for value in given.entries.values() if known is None else ():
            element = join(element, value)
        return Items("list", known, element, given.length)
    return Items("list")


def _items(call: Call, _run: Machine) -> Value:
    given = call.receiver
    element: Value = UNKNOWN
    if isinstance(given, Dict):
        for value in given.entries.values():
            element = join(element, value)
        element = join(element, given.element)
    count = given.length if isinstance(given, Dict) else None
    return Items("list", None, Items("tuple", (Scalar("str"), element), length=2), count)


def _parser(call: Call, _run: Machine) -> Value:
    return Object("argparse.ArgumentParser", call)


def _add_argument(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if isinstance(given, Object):
        flags = [flag for flag in map(const, call.args) if isinstance(flag, str)]
        name = call.const("dest") or next((f for f in flags if f.startswith("--")), flags[0] if flags else "")
        default = call.arg("default")
        if call.const("action") == "store_true":
            default = Scalar("bool")
        if default is not None and not (isinstance(default, Const) and default.value is None):
            given.state[str(name).lstrip("-").replace("-", "_")] = default
    return UNKNOWN


def _same_parser(call: Call, _run: Machine) -> Value:
    return call.receiver or UNKNOWN


def _namespace(call: Call, _run: Machine) -> Value:
    state = call.receiver.state if isinstance(call.receiver, Object) else {}
    return Object("argparse.Namespace", call, dict(state))


def _known_args(call: Call, run: Machine) -> Value:
    return Items("tuple", (_namespace(call, run), UNKNOWN), length=2)


def _reversed(call: Call, run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Items) and given.items is not None:
        return Items("generator", given.items[::-1], length=len(given.items), origin=given.origin)
    return _first(call, run)


def _sorted(call: Call, run: Machine) -> Value:
    return _first(call, run)


def _next(call: Call, _run: Machine) -> Value:
    return _any(call.first())[0]


PYTHON = table(
    fact("argparse.ArgumentParser", "", _parser, see=_DOCS),
    fact("argparse.ArgumentParser.add_argument", "", _add_argument, see=_DOCS),
    fact("argparse.ArgumentParser.add_argument_group", "", _same_parser, see=_DOCS),
    fact("argparse.ArgumentParser.parse_args", "", _namespace, see=_DOCS),
    fact("argparse.ArgumentParser.parse_known_args", "", _known_args, see=_DOCS),
    fact("builtins.dict", "", lambda c, _r: Dict(dict(c.kwargs)), see=_DOCS),
    fact("builtins.dict.get", "key default", _get, see=_DOCS),
    fact("builtins.dict.items", "", _items, see=_DOCS),
    fact("builtins.dict.values", "", _values, see=_DOCS),
    fact("builtins.enumerate", "iterable start", _enumerate, see=_DOCS),
    fact(
        "builtins.filter",
        "function iterable",
        lambda c, _r: Items("generator", None, _any(c.args[1])[0]) if len(c.args) > 1 else UNKNOWN,
        see=_DOCS,
    ),
    fact("builtins.float", "x", _float, see=_DOCS),
    fact("builtins.int", "x", _int, see=_DOCS),
    fact("builtins.iter", "object", _first, see=_DOCS),
    fact("builtins.len", "obj", _len, see=_DOCS),
    fact("builtins.list", "iterable", _collect("list"), see=_DOCS),
    fact("builtins.list.append", "object", _append, see=_DOCS),
    fact("builtins.list.clear", "", _clear, see=_DOCS),
    fact("builtins.list.pop", "index", _pop, see=_DOCS),
    fact("builtins.list.extend", "iterable", _extend, see=_DOCS),
    fact("builtins.list.tolist", "", lambda c, _r: c.receiver or UNKNOWN, see="pandas API reference, Series"),
    fact("builtins.map", "function iterable", _map, see=_DOCS),
    *(
        fact(f"concurrent.futures.{pool}Executor.map", "fn", _map, see=_DOCS)
        for pool in ("ThreadPool", "ProcessPool")
    ),
    *(
        fact(f"multiprocessing.{pool}.{name}", "func iterable chunksize", gives, see=_DOCS)
        for pool in ("Pool", "pool.Pool", "pool.ThreadPool", "dummy.Pool")
        for name, gives in (("map", _map_at_once), ("imap", _map))
    ),
    fact("builtins.max", "", _extreme(max), see=_DOCS),
    fact("builtins.min", "", _extreme(min), see=_DOCS),
    fact("builtins.next", "iterator default", _next, see=_DOCS),
    fact("builtins.open", "file mode", lambda c, _r: Object("builtins.file", c), see=_DOCS),
    fact("builtins.range", "", _range, see=_DOCS),
    fact("builtins.xrange", "", _range, see="Python 2"),
    fact("builtins.reversed", "sequence", _reversed, see=_DOCS),
    fact("builtins.set", "iterable", _collect("set"), see=_DOCS),
    fact("builtins.sorted", "iterable", _sorted, see=_DOCS),
    fact(
        "builtins.str",
        "object",
        lambda c, _r: (
            c.first()
            if isinstance(c.first(), (Const, Scalar)) and not isinstance(const(c.first()), (int, float))
            else Scalar("str")
        ),
        see=_DOCS,
    ),
    fact("builtins.sum", "iterable", _scalar("float"), see=_DOCS),
    fact("builtins.tuple", "iterable", _collect("tuple"), see=_DOCS),
    fact("builtins.zip", "", _zip, see=_DOCS),
    fact("glob.glob", "pathname", _paths, see=_DOCS),
    fact("glob.iglob", "pathname", _paths, see=_DOCS),
    fact("imutils.paths.list_images", "basePath", _paths, see="imutils documentation"),
    fact(
        "itertools.product",
        "",
        lambda c, _r: Items("generator", None, Items("tuple", tuple(_any(a)[0] for a in c.args))),
        see=_DOCS,
    ),
    fact("os.environ.get", "key default", _environment, see=_DOCS),
    fact("os.getenv", "key default", _environment, see=_DOCS),
    fact("os.listdir", "path", _paths, see=_DOCS),
    fact("os.scandir", "path", _paths, see=_DOCS),
    fact("os.path.basename", "p", _scalar("str"), see=_DOCS),
    fact("os.path.dirname", "p", _scalar("path"), see=_DOCS),
    fact("os.path.join", "", _join_path, see=_DOCS),
    fact("os.walk", "top", _walk, see=_DOCS),
    fact("pathlib.Path", "", _path, see=_DOCS),
    fact("tqdm.tqdm", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.auto.tqdm", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.notebook.tqdm", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.tqdm_notebook", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.trange", "", _range, see="tqdm documentation"),
    fact("builtins.str.glob", "pattern", _paths, see="pathlib.Path.glob"),
    fact("builtins.str.rglob", "pattern", _paths, see="pathlib.Path.rglob"),
    fact("builtins.str.iterdir", "", _paths, see="pathlib.Path.iterdir"),
    fact("builtins.str.split", "sep", lambda _c, _r: Items("list", None, Scalar("str")), see=_DOCS),
)
