"""Python: what comes from outside, files and their paths, the environment, the command line."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Const,
    Dict,
    Items,
    Object,
    Origin,
    Scalar,
    Value,
    const,
    known_text,
)
from keras_memlint.analysis.facts.python_numbers import scalar
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "Python library reference"
_YAML = "PyYAML documentation"


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
    return Scalar("path", known="/".join(map(known_text, call.args)))


def _path(call: Call, _run: Machine) -> Value:
    given = const(call.first())
    return Const(given) if isinstance(given, str) else Scalar("path")


def _environment(call: Call, _run: Machine) -> Value:
    default = call.arg("default")
    return default if isinstance(default, Const) and default.value is not None else Scalar("str")


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


def _vars(call: Call, _run: Machine) -> Value:
    """What the command line says, as a dict."""
    given = call.first()
    if isinstance(given, Object) and given.api == "argparse.Namespace":
        return Dict(dict(given.state))
    return Dict()


def _configuration(call: Call, run: Machine) -> Value:
    file = call.first()
    path = file.call.const("file") if isinstance(file, Object) and file.call is not None else None
    if not isinstance(path, str):
        return UNKNOWN
    return run.configuration(path, yaml=call.name.startswith("yaml."))


PYTHON_OUTSIDE = table(
    fact("argparse.ArgumentParser", "", _parser, see=_DOCS),
    fact("argparse.ArgumentParser.add_argument", "", _add_argument, see=_DOCS),
    fact("argparse.ArgumentParser.add_argument_group", "", _same_parser, see=_DOCS),
    fact("argparse.ArgumentParser.parse_args", "", _namespace, see=_DOCS),
    fact("argparse.ArgumentParser.parse_known_args", "", _known_args, see=_DOCS),
    fact("builtins.open", "file mode", lambda c, _r: Object("builtins.file", c), see=_DOCS),
    fact("builtins.vars", "object", _vars, see=_DOCS),
    fact("codecs.open", "file mode", lambda c, _r: Object("builtins.file", c), see=_DOCS),
    fact("glob.glob", "pathname", _paths, see=_DOCS),
    fact("glob.iglob", "pathname", _paths, see=_DOCS),
    fact("imutils.paths.list_images", "basePath", _paths, see="imutils documentation"),
    fact("json.load", "fp", _configuration, see=_DOCS),
    fact("yaml.full_load", "stream", _configuration, see=_YAML),
    fact("yaml.load", "stream Loader", _configuration, see=_YAML),
    fact("yaml.safe_load", "stream", _configuration, see=_YAML),
    fact("yaml.unsafe_load", "stream", _configuration, see=_YAML),
    fact("os.environ.get", "key default", _environment, see=_DOCS),
    fact("os.getenv", "key default", _environment, see=_DOCS),
    fact("os.listdir", "path", _paths, see=_DOCS),
    fact("os.scandir", "path", _paths, see=_DOCS),
    fact("os.path.basename", "p", scalar("str"), see=_DOCS),
    fact("os.path.dirname", "p", scalar("path"), see=_DOCS),
    fact("os.path.join", "", _join_path, see=_DOCS),
    fact("os.walk", "top", _walk, see=_DOCS),
    fact("pathlib.Path", "", _path, see=_DOCS),
    fact("builtins.str.glob", "pattern", _paths, see="pathlib.Path.glob"),
    fact("builtins.str.rglob", "pattern", _paths, see="pathlib.Path.rglob"),
    fact("builtins.str.iterdir", "", _paths, see="pathlib.Path.iterdir"),
)
