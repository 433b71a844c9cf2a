"""Settings of a TensorFlow Lite converter, set before the conversion."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import before


def set_optimizations(script: Script, convert: Call, effect: str) -> tuple[Fix, ...]:
    """``optimizations`` are set in a statement before ``convert``; ``effect`` starts the title.

    None where the converter has no name, or its ``optimizations`` are set already.
    """
    func = convert.node.func
    if not isinstance(func, tree.Attribute) or not isinstance(func.value, tree.Name):
        return ()
    if not script.own(convert.node):
        return ()
    if isinstance(convert.receiver, Object) and "optimizations" in convert.receiver.state:
        return ()
    statement = script.statement_at(script.place(convert.node).start)
    if statement is None:
        return ()
    text, imports = spell(script, "tensorflow.lite.Optimize.DEFAULT", convert.node)
    edit = before(script, statement, f"{func.value.id}.optimizations = [{text}]")
    price = "the model's numbers change"
    return (Fix(effect, False, (edit,), price),) if edit is not None and not imports else ()
