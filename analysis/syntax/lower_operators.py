"""How libcst's classes are written: operators, displays and comprehensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst
else:
    from keras_memlint.analysis.syntax.concrete import kinds as cst

AUGMENTED: dict[type, str] = {
    cls: op
    for op, cls in {
        "+": cst.AddAssign,
        "-": cst.SubtractAssign,
        "*": cst.MultiplyAssign,
        "/": cst.DivideAssign,
        "//": cst.FloorDivideAssign,
        "%": cst.ModuloAssign,
        "**": cst.PowerAssign,
        "@": cst.MatrixMultiplyAssign,
        "|": cst.BitOrAssign,
        "&": cst.BitAndAssign,
        "^": cst.BitXorAssign,
        "<<": cst.LeftShiftAssign,
        ">>": cst.RightShiftAssign,
    }.items()
}
OPERATOR: dict[type, str] = {
    cls: op
    for op, cls in {
        "+": cst.Add,
        "-": cst.Subtract,
        "*": cst.Multiply,
        "/": cst.Divide,
        "//": cst.FloorDivide,
        "%": cst.Modulo,
        "**": cst.Power,
        "@": cst.MatrixMultiply,
        "|": cst.BitOr,
        "&": cst.BitAnd,
        "^": cst.BitXor,
        "<<": cst.LeftShift,
        ">>": cst.RightShift,
        "and": cst.And,
        "or": cst.Or,
        "not": cst.Not,
        "~": cst.BitInvert,
    }.items()
}
UNARY: dict[type, str] = {cst.Not: "not", cst.BitInvert: "~", cst.Minus: "-", cst.Plus: "+"}
COMPARE: dict[type, str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}
DISPLAYS: dict[type, str] = {cst.Tuple: "tuple", cst.List: "list", cst.Set: "set"}
COMPREHENSIONS: dict[type, str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.DictComp: "dict",
    cst.GeneratorExp: "generator",
}
