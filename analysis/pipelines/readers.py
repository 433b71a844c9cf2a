"""Whether anything ever reads a pipeline: one that is only built fills no buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.pipelines import returning
from keras_memlint.analysis.reach.uses import target_of, uses_of
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

# What is told of a pipeline without an element of it being made.
_TOLD = ("class_names", "element_spec", "file_paths")
_ASKS = (
    "builtins.isinstance",
    "builtins.len",
    "builtins.print",
    "builtins.repr",
    "builtins.str",
    "builtins.type",
    "tf.data.Dataset.cardinality",
    "tf.data.experimental.cardinality",
    "tf.data.experimental.get_structure",
)


def is_read(script: Script, node: tree.Expr) -> bool:
    """Whether something may read the pipeline that ``node`` gives; only what surely is never read is not.

    A name at the top level may be read by another file that imports it.
    """
    names: set[str] = set()  # followed already, or on the way
    seen: set[int] = set()
    waiting: list[tree.Node] = [node]
    while waiting:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        found = _goes_to(script, at)
        if found is None:
            return True
        for one in found:
            if not isinstance(one, tree.Name):
                waiting.append(one)
            elif one.id not in names:
                names.add(one.id)
                loads = _loads(script, one)
                if loads is None:
                    return True
                waiting += loads
    return False


def _goes_to(script: Script, node: tree.Node) -> tuple[tree.Expr, ...] | None:
    """The names or the longer pipelines that the pipeline ``node`` becomes; empty where it ends, None where it may be read."""
    around = script.names.around(node)
    if not around:
        return None
    outer = around[0]
    if isinstance(outer, (tree.ExprStmt, tree.Formatted, tree.Delete)):
        return ()
    if isinstance(outer, tree.Attribute):
        call = around[1]
        if isinstance(call, tree.Call) and call.func is outer:
            return _called(script, call)
        return () if outer.name in _TOLD else None
    given = next((one for one in around if not isinstance(one, (tree.Argument, tree.Sequence))), None)
    if isinstance(given, tree.Call):
        return _called(script, given)
    if isinstance(given, tree.Return):
        return returning.goes_to(script, node)
    if isinstance(outer, tree.AnnAssign):
        targets: tuple[tree.Expr | None, ...] = (outer.target,)
    elif isinstance(outer, tree.Assign):
        targets = outer.targets
    else:
        targets = (target_of(node, around),)
    bound = tuple(one for one in targets if isinstance(one, tree.Name))
    return bound if len(bound) == len(targets) else None


def _called(script: Script, call: tree.Call) -> tuple[tree.Expr, ...] | None:
    """What becomes of a pipeline that ``call`` is a method of, or is given."""
    name = script.called(call)
    if name in _ASKS or id(call) in script.never_made:
        return ()
    return (call,) if name.startswith("tf.data.") and script.gives_dataset(call) else None


def _loads(script: Script, name: tree.Name) -> list[tree.Node] | None:
    """Where the name is used and not bound, in what the script runs; None when it may be read out of sight."""
    uses = uses_of(script, name.id)
    own = next((use for use in uses or () if use.node is name), None)
    if uses is None or own is None or isinstance(own.scope, tree.ClassDef):
        return None  # a parameter, or an attribute of a class
    shown = any(use.is_bound and use.is_importable for use in uses)
    if shown and not script.fails_on_import and script.project.importers(name.id) != []:
        return None
    return [use.node for use in uses if not use.is_bound and not script.is_behind_the_end(use.node)]
