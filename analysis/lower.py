"""From libcst's tree to ours, numbering the counted tokens on the way.

Children are visited in source order, so that the counter meets names, numbers, strings and opening brackets in the
order in which ``tokens.Tokens`` finds them in the text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import libcst as cst
from keras_memlint.analysis import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.parse import Piece

_OPENERS = (cst.LeftParen, cst.LeftSquareBracket, cst.LeftCurlyBrace)
_LEAVES = (cst.Name, cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)
_AUGMENTED: dict[type, str] = {
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
_OPERATOR: dict[type, str] = {
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
_UNARY: dict[type, str] = {cst.Not: "not", cst.BitInvert: "~", cst.Minus: "-", cst.Plus: "+"}
_COMPARE: dict[type, str] = {
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


class Lowering:
    """Lowers the statements of one piece; ``count`` is the number of counted tokens met so far."""

    __slots__ = ("count", "frozen", "piece", "yields")

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.count = 0
        self.frozen = 0
        self.yields = False

    # Expressions

    def expr(self, node: Any) -> tree.Expr:
        lower = _EXPRESSIONS.get(type(node))
        parens = node.lpar
        if not parens:
            if lower is None:
                return self.odd(node)
            return lower(self, node)
        first = self.count - 1 if self.frozen else self.count
        if not self.frozen:
            self.count += len(parens)
        inner = self.odd(node, skip_parens=True) if lower is None else lower(self, node)
        inner.a = inner.b = first
        return inner

    def maybe(self, node: Any) -> tree.Expr | None:
        return None if node is None else self.expr(node)

    def odd(self, node: Any, *, skip_parens: bool = False) -> tree.Expr:
        """An expression of no interest: its tokens are counted, the rest is dropped."""
        first = self.count
        self.skip(node, len(node.lpar) if skip_parens else 0)
        return tree.Expr(first, max(self.count - 1, first), self.piece)

    def skip(self, node: Any, openers_to_ignore: int = 0) -> None:
        if isinstance(node, _LEAVES):
            self.token()
            return
        if isinstance(node, _OPENERS):
            self.token()
            return
        if isinstance(node, cst.FormattedString):
            self.token()
            return
        if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is None:
            self.skip_wildcard(node)
            return
        if isinstance(node, cst.MatchClass):
            for child in (*node.lpar, node.cls):
                self.skip(child)
            self.token()  # its bracket has no node of its own
            for child in (*node.patterns, *node.kwds):
                self.skip(child)
            return
        for child in node.children:
            if openers_to_ignore and isinstance(child, cst.LeftParen):
                openers_to_ignore -= 1
                continue
            self.skip(child)

    def skip_wildcard(self, node: Any) -> None:
        """``_`` and ``*_`` in a pattern: the name has no node of its own."""
        for child in node.children:
            self.skip(child)
        self.token()

    def token(self) -> int:
        if self.frozen:
            return self.count - 1  # the f-string's own
        at = self.count
        self.count = at + 1
        return at

    def name(self, node: cst.Name) -> tree.Expr:
        at = self.token()
        return tree.Name(at, at, self.piece, node.value)

    def integer(self, node: cst.Integer) -> tree.Expr:
        at = self.token()
        try:
            value: object = int(node.value, 0) if len(node.value) < 40 else ...
        except ValueError:
            value = int(node.value.replace("_", "").lstrip("0") or "0", 8) if node.value.isdigit() else ...
        return tree.Constant(at, at, self.piece, value)

    def float(self, node: cst.Float) -> tree.Expr:
        at = self.token()
        return tree.Constant(at, at, self.piece, float(node.value))

    def imaginary(self, _node: cst.Imaginary) -> tree.Expr:
        at = self.token()
        return tree.Constant(at, at, self.piece, ...)

    def string(self, node: cst.SimpleString) -> tree.Expr:
        at = self.token()
        return tree.Constant(at, at, self.piece, _string_value(node.value))

    def concatenated(self, node: cst.ConcatenatedString) -> tree.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        if isinstance(left, tree.Constant) and isinstance(right, tree.Constant):
            a, b = left.value, right.value
            if (isinstance(a, str) and isinstance(b, str)) or (isinstance(a, bytes) and isinstance(b, bytes)):
                return tree.Constant(left.a, right.b, self.piece, a + b)  # type: ignore[operator]
        parts: list[tree.Expr] = []
        for side in (left, right):
            parts += side.parts if isinstance(side, tree.Formatted) else [side]
        return tree.Formatted(left.a, right.b, self.piece, tuple(parts))

    def formatted(self, node: Any) -> tree.Expr:
        at = self.token()
        self.frozen += 1
        parts: list[tree.Expr] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringExpression):
                parts.append(self.expr(part.expression))
            elif isinstance(part, cst.FormattedStringText):
                parts.append(tree.Constant(at, at, self.piece, part.value))
        self.frozen -= 1
        for inner in parts:
            inner.a = inner.b = at
        return tree.Formatted(at, at, self.piece, tuple(parts))

    def ellipsis(self, _node: cst.Ellipsis) -> tree.Expr:
        return tree.Constant(self.count, max(self.count - 1, 0), self.piece, ...)

    def attribute(self, node: cst.Attribute) -> tree.Expr:
        value = self.expr(node.value)
        at = self.token()
        return tree.Attribute(value.a, at, self.piece, value, node.attr.value)

    def call(self, node: cst.Call) -> tree.Expr:
        func = self.expr(node.func)
        at = self.token()
        return tree.Call(func.a, at, self.piece, func, tuple([self.argument(arg) for arg in node.args]))

    def argument(self, node: cst.Arg) -> tree.Argument:
        keyword = node.keyword
        if keyword is None:
            value = self.expr(node.value)
            return tree.Argument(value.a, value.b, self.piece, None, node.star, value)
        at = self.token()
        value = self.expr(node.value)
        return tree.Argument(at, value.b, self.piece, keyword.value, node.star, value)

    def subscript(self, node: cst.Subscript) -> tree.Expr:
        value = self.expr(node.value)
        at = self.token()
        items: list[tree.Expr] = []
        for element in node.slice:
            index: Any = element.slice
            if isinstance(index, cst.Index):
                items.append(self.expr(index.value))
            else:
                first = self.count
                lower, upper, step = self.maybe(index.lower), self.maybe(index.upper), self.maybe(index.step)
                items.append(tree.Slice(first, max(self.count - 1, first), self.piece, lower, upper, step))
        return tree.Subscript(value.a, at, self.piece, value, tuple(items))

    def binary(self, node: cst.BinaryOperation) -> tree.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        return tree.Binary(left.a, right.b, self.piece, _OPERATOR[type(node.operator)], left, right)

    def boolean(self, node: cst.BooleanOperation) -> tree.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        return tree.Boolean(left.a, right.b, self.piece, _OPERATOR[type(node.operator)], left, right)

    def unary(self, node: cst.UnaryOperation) -> tree.Expr:
        operand = self.expr(node.expression)
        return tree.Unary(operand.a, operand.b, self.piece, _UNARY[type(node.operator)], operand)

    def compare(self, node: cst.Comparison) -> tree.Expr:
        left = self.expr(node.left)
        ops: list[str] = []
        rights: list[tree.Expr] = []
        for target in node.comparisons:
            ops.append(_COMPARE[type(target.operator)])
            rights.append(self.expr(target.comparator))
        return tree.Compare(left.a, rights[-1].b, self.piece, left, tuple(ops), tuple(rights))

    def conditional(self, node: cst.IfExp) -> tree.Expr:
        body, test, orelse = self.expr(node.body), self.expr(node.test), self.expr(node.orelse)
        return tree.Conditional(body.a, orelse.b, self.piece, body, test, orelse)

    def display(self, node: Any) -> tree.Expr:
        kind = _DISPLAYS[type(node)]
        at = self.count if kind == "tuple" else self.token()
        elements = tuple([self.element(element) for element in node.elements])
        last = elements[-1].b if kind == "tuple" and elements else at
        first = elements[0].a if kind == "tuple" and elements else at
        return tree.Sequence(first, last, self.piece, kind, elements)

    def element(self, node: Any) -> tree.Expr:
        if isinstance(node, cst.StarredElement):
            parens = len(node.lpar)
            if parens and not self.frozen:
                self.count += parens
            value = self.expr(node.value)
            return tree.Starred(value.a, value.b, self.piece, value)
        return self.expr(node.value)

    def mapping(self, node: cst.Dict) -> tree.Expr:
        at = self.token()
        items: list[tuple[tree.Expr | None, tree.Expr]] = []
        for element in node.elements:
            key = self.expr(element.key) if isinstance(element, cst.DictElement) else None
            items.append((key, self.expr(element.value)))
        return tree.Mapping(at, at, self.piece, tuple(items))

    def comprehension(self, node: Any) -> tree.Expr:
        kind = _COMPREHENSIONS[type(node)]
        at = self.count if kind == "generator" else self.token()
        key = self.expr(node.key) if kind == "dict" else None
        element = self.expr(node.value if kind == "dict" else node.elt)
        generators: list[tree.Generator] = []
        clause: cst.CompFor | None = node.for_in
        while clause is not None:
            target, iterated = self.expr(clause.target), self.expr(clause.iter)
            ifs = tuple([self.expr(test.test) for test in clause.ifs])
            generators.append(tree.Generator(target.a, iterated.b, self.piece, target, iterated, ifs))
            clause = clause.inner_for_in
        last = max(self.count - 1, at) if kind == "generator" else at
        return tree.Comprehension(at, last, self.piece, kind, key, element, tuple(generators))

    def await_(self, node: cst.Await) -> tree.Expr:
        value = self.expr(node.expression)
        return tree.Await(value.a, value.b, self.piece, value)

    def yield_(self, node: cst.Yield) -> tree.Expr:
        self.yields = True
        first = self.count
        value = node.value
        if isinstance(value, cst.From):
            inner: tree.Expr | None = self.expr(value.item)
        else:
            inner = self.maybe(value)
        last = inner.b if inner else max(first - 1, 0)
        return tree.Yield(first, last, self.piece, inner, isinstance(value, cst.From))

    def named(self, node: cst.NamedExpr) -> tree.Expr:
        target, value = self.expr(node.target), self.expr(node.value)
        return tree.Assignment(target.a, value.b, self.piece, target, value)

    def lambda_(self, node: cst.Lambda) -> tree.Expr:
        first = self.count
        params = self.parameters(node.params)
        outer, self.yields = self.yields, False
        body = self.expr(node.body)
        self.yields = outer
        return tree.Lambda(first, body.b, self.piece, params, body)

    def parameters(self, node: cst.Parameters) -> tuple[tree.Parameter, ...]:
        found = [self.parameter(p, "positional") for p in node.posonly_params]
        found += [self.parameter(p, "any") for p in node.params]
        if isinstance(node.star_arg, cst.Param):
            found.append(self.parameter(node.star_arg, "any", "*"))
        found += [self.parameter(p, "keyword") for p in node.kwonly_params]
        if node.star_kwarg is not None:
            found.append(self.parameter(node.star_kwarg, "any", "**"))
        return tuple(found)

    def parameter(self, node: cst.Param, kind: str, star: str = "") -> tree.Parameter:
        at = self.token()
        annotation = self.expr(node.annotation.annotation) if node.annotation else None
        default = self.maybe(node.default)
        return tree.Parameter(at, at, self.piece, node.name.value, star, kind, annotation, default)

    # Statements

    def block(self, statements: Iterable[Any]) -> tuple[tree.Stmt, ...]:
        found: list[tree.Stmt] = []
        for statement in statements:
            if type(statement) is cst.SimpleStatementLine:
                for small in statement.body:
                    found.append(self.statement(small))
            else:
                found.append(self.statement(statement))
        return tuple(found)

    def body(self, node: Any) -> tuple[tree.Stmt, ...]:
        if type(node) is cst.IndentedBlock:
            return self.block(node.body)
        return tuple([self.statement(small) for small in node.body])

    def statement(self, node: Any) -> tree.Stmt:
        first = self.count
        lower = _STATEMENTS.get(type(node))
        if lower is None:
            self.skip(node)
            return tree.Stmt(first, max(self.count - 1, first), self.piece)
        statement = lower(self, node)
        statement.a = first
        if statement.b < 0:
            statement.b = max(self.count - 1, first)
        return statement

    def expr_stmt(self, node: cst.Expr) -> tree.Stmt:
        value = self.expr(node.value)
        return tree.ExprStmt(0, value.b, self.piece, value)

    def assign(self, node: cst.Assign) -> tree.Stmt:
        targets = tuple([self.expr(t.target) for t in node.targets])
        value = self.expr(node.value)
        return tree.Assign(0, value.b, self.piece, targets, value)

    def aug_assign(self, node: cst.AugAssign) -> tree.Stmt:
        target, value = self.expr(node.target), self.expr(node.value)
        return tree.AugAssign(0, value.b, self.piece, _AUGMENTED[type(node.operator)], target, value)

    def ann_assign(self, node: cst.AnnAssign) -> tree.Stmt:
        target, annotation = self.expr(node.target), self.expr(node.annotation.annotation)
        value = self.maybe(node.value)
        return tree.AnnAssign(0, (value or annotation).b, self.piece, target, annotation, value)

    def return_(self, node: cst.Return) -> tree.Stmt:
        value = self.maybe(node.value)
        return tree.Return(0, value.b if value else -1, self.piece, value)

    def raise_(self, node: cst.Raise) -> tree.Stmt:
        value = self.maybe(node.exc)
        if node.cause is not None:
            self.expr(node.cause.item)
        return tree.Raise(0, -1, self.piece, value)

    def jump(self, node: Any) -> tree.Stmt:
        return tree.Jump(0, -1, self.piece, "break" if isinstance(node, cst.Break) else "continue")

    def assert_(self, node: cst.Assert) -> tree.Stmt:
        test = self.expr(node.test)
        self.maybe(node.msg)
        return tree.Assert(0, -1, self.piece, test)

    def delete(self, node: cst.Del) -> tree.Stmt:
        target = self.expr(node.target)
        return tree.Delete(0, target.b, self.piece, target)

    def import_(self, node: cst.Import) -> tree.Stmt:
        return tree.Import(0, -1, self.piece, self.aliases(node.names))

    def import_from(self, node: cst.ImportFrom) -> tree.Stmt:
        module = self.dotted(node.module) if node.module is not None else ""
        if node.lpar is not None:
            self.token()
        names = () if isinstance(node.names, cst.ImportStar) else self.aliases(node.names)
        return tree.ImportFrom(0, -1, self.piece, module, len(node.relative), names)

    def aliases(self, nodes: Sequence[cst.ImportAlias]) -> tuple[tree.Alias, ...]:
        found: list[tree.Alias] = []
        for node in nodes:
            first = self.count
            name = self.dotted(node.name)
            asname: str | None = None
            if node.asname is not None:
                target = self.expr(node.asname.name)
                asname = target.id if isinstance(target, tree.Name) else None
            found.append(tree.Alias(first, self.count - 1, self.piece, name, asname))
        return tuple(found)

    def dotted(self, node: Any) -> str:
        if isinstance(node, cst.Attribute):
            head = self.dotted(node.value)
            self.token()
            return f"{head}.{node.attr.value}"
        self.token()
        return str(node.value)

    def global_(self, node: Any) -> tree.Stmt:
        for _ in node.names:
            self.token()
        return tree.Global(0, -1, self.piece, tuple([item.name.value for item in node.names]))

    def if_(self, node: cst.If) -> tree.Stmt:
        test = self.expr(node.test)
        body = self.body(node.body)
        orelse: tuple[tree.Stmt, ...] = ()
        if isinstance(node.orelse, cst.If):
            orelse = (self.statement(node.orelse),)
        elif node.orelse is not None:
            orelse = self.body(node.orelse.body)
        return tree.If(0, -1, self.piece, test, body, orelse)

    def orelse(self, node: Any) -> tuple[tree.Stmt, ...]:
        return () if node is None else self.body(node.body)

    def while_(self, node: cst.While) -> tree.Stmt:
        test = self.expr(node.test)
        body = self.body(node.body)
        return tree.While(0, -1, self.piece, test, body, self.orelse(node.orelse))

    def for_(self, node: cst.For) -> tree.Stmt:
        target, iterated = self.expr(node.target), self.expr(node.iter)
        body = self.body(node.body)
        return tree.For(0, -1, self.piece, target, iterated, body, self.orelse(node.orelse))

    def try_(self, node: Any) -> tree.Stmt:
        body = self.body(node.body)
        handlers: list[tuple[str | None, tuple[tree.Stmt, ...]]] = []
        for handler in node.handlers:
            self.maybe(handler.type)
            bound: str | None = None
            if handler.name is not None:
                target = self.expr(handler.name.name)
                bound = target.id if isinstance(target, tree.Name) else None
            handlers.append((bound, self.body(handler.body)))
        orelse = self.orelse(node.orelse)
        return tree.Try(0, -1, self.piece, body, tuple(handlers), orelse, self.orelse(node.finalbody))

    def with_(self, node: cst.With) -> tree.Stmt:
        if isinstance(node.lpar, cst.LeftParen):
            self.token()
        items: list[tuple[tree.Expr, tree.Expr | None]] = []
        for item in node.items:
            context = self.expr(item.item)
            items.append((context, self.expr(item.asname.name) if item.asname is not None else None))
        return tree.With(0, -1, self.piece, tuple(items), self.body(node.body))

    def function(self, node: cst.FunctionDef) -> tree.Stmt:
        decorators = tuple([self.expr(d.decorator) for d in node.decorators])
        self.token()
        if node.type_parameters is not None:
            self.skip(node.type_parameters)
        self.token()
        params = self.parameters(node.params)
        returns = self.expr(node.returns.annotation) if node.returns is not None else None
        outer, self.yields = self.yields, False
        body = self.body(node.body)
        generator, self.yields = self.yields, outer
        return tree.FunctionDef(
            0, -1, self.piece, node.name.value, params, body, decorators, returns, generator
        )

    def class_(self, node: cst.ClassDef) -> tree.Stmt:
        decorators = tuple([self.expr(d.decorator) for d in node.decorators])
        self.token()
        if node.type_parameters is not None:
            self.skip(node.type_parameters)
        if isinstance(node.lpar, cst.LeftParen):
            self.token()
        bases = tuple([self.argument(arg) for arg in (*node.bases, *node.keywords)])
        return tree.ClassDef(0, -1, self.piece, node.name.value, bases, self.body(node.body), decorators)

    def match(self, node: cst.Match) -> tree.Stmt:
        self.token()  # ``match`` itself: to the token expression it is a name
        subject = self.expr(node.subject)
        names: list[str] = []
        cases: list[tuple[tree.Stmt, ...]] = []
        for case in node.cases:
            self.token()  # ``case``
            names += _captures(case.pattern)
            self.skip(case.pattern)
            self.maybe(case.guard)
            cases.append(self.body(case.body))
        return tree.Match(0, -1, self.piece, subject, tuple(names), tuple(cases))

    def type_alias(self, node: cst.TypeAlias) -> tree.Stmt:
        self.token()  # ``type``
        self.skip(node)
        return tree.Stmt(0, -1, self.piece)


def _captures(pattern: Any) -> list[str]:
    """Names that a match pattern binds; a few too many do no harm, they become unknown."""
    found: list[str] = []
    stack = [pattern]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
            found.append(node.name.value)
        stack += node.children
    return found


def _string_value(text: str) -> object:
    """The value of a string literal; ``...`` when it cannot be evaluated."""
    if text[0] in "\"'" and "\\" not in text:
        quote = 3 if text[:3] in ('"""', "'''") else 1
        return text[quote:-quote]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ...
    return value if isinstance(value, (str, bytes)) else ...


_DISPLAYS: dict[type, str] = {cst.Tuple: "tuple", cst.List: "list", cst.Set: "set"}
_COMPREHENSIONS: dict[type, str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.DictComp: "dict",
    cst.GeneratorExp: "generator",
}
_EXPRESSIONS: dict[type, Callable[[Lowering, Any], tree.Expr]] = {
    cst.Name: Lowering.name,
    cst.Attribute: Lowering.attribute,
    cst.Call: Lowering.call,
    cst.Integer: Lowering.integer,
    cst.SimpleString: Lowering.string,
    cst.Subscript: Lowering.subscript,
    cst.Float: Lowering.float,
    cst.Imaginary: Lowering.imaginary,
    cst.ConcatenatedString: Lowering.concatenated,
    cst.FormattedString: Lowering.formatted,
    cst.Ellipsis: Lowering.ellipsis,
    cst.BinaryOperation: Lowering.binary,
    cst.BooleanOperation: Lowering.boolean,
    cst.UnaryOperation: Lowering.unary,
    cst.Comparison: Lowering.compare,
    cst.IfExp: Lowering.conditional,
    cst.Tuple: Lowering.display,
    cst.List: Lowering.display,
    cst.Set: Lowering.display,
    cst.Dict: Lowering.mapping,
    cst.ListComp: Lowering.comprehension,
    cst.SetComp: Lowering.comprehension,
    cst.DictComp: Lowering.comprehension,
    cst.GeneratorExp: Lowering.comprehension,
    cst.Await: Lowering.await_,
    cst.Yield: Lowering.yield_,
    cst.NamedExpr: Lowering.named,
    cst.Lambda: Lowering.lambda_,
}
_STATEMENTS: dict[type, Callable[[Lowering, Any], tree.Stmt]] = {
    cst.Expr: Lowering.expr_stmt,
    cst.Assign: Lowering.assign,
    cst.AugAssign: Lowering.aug_assign,
    cst.AnnAssign: Lowering.ann_assign,
    cst.Return: Lowering.return_,
    cst.Raise: Lowering.raise_,
    cst.Break: Lowering.jump,
    cst.Continue: Lowering.jump,
    cst.Assert: Lowering.assert_,
    cst.Del: Lowering.delete,
    cst.Import: Lowering.import_,
    cst.ImportFrom: Lowering.import_from,
    cst.Global: Lowering.global_,
    cst.Nonlocal: Lowering.global_,
    cst.If: Lowering.if_,
    cst.While: Lowering.while_,
    cst.For: Lowering.for_,
    cst.Try: Lowering.try_,
    cst.TryStar: Lowering.try_,
    cst.With: Lowering.with_,
    cst.FunctionDef: Lowering.function,
    cst.ClassDef: Lowering.class_,
    cst.Match: Lowering.match,
    cst.TypeAlias: Lowering.type_alias,
}
