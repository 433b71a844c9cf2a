"""libcst's expressions as ours, with their counted tokens."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.lower_operators import COMPARE, COMPREHENSIONS, DISPLAYS, OPERATOR, UNARY

if TYPE_CHECKING:
    import libcst as cst
    from keras_memlint.analysis.syntax.pieces import Piece
else:
    from keras_memlint.analysis.syntax.concrete import kinds as cst

# What patterns and the parameters of types are made of, in the order of the text: each has tokens or is an expression.
_PARTS: dict[type, tuple[str, ...]] = {
    cst.MatchAs: ("lpar", "pattern", "name"),
    cst.MatchClass: ("lpar", "cls", "patterns", "kwds"),
    cst.MatchKeywordElement: ("key", "pattern"),
    cst.MatchList: ("lpar", "lbracket", "patterns"),
    cst.MatchMapping: ("lpar", "lbrace", "elements", "rest"),
    cst.MatchMappingElement: ("key", "pattern"),
    cst.MatchOr: ("lpar", "patterns"),
    cst.MatchOrElement: ("pattern",),
    cst.MatchSequenceElement: ("value",),
    cst.MatchSingleton: ("value",),
    cst.MatchStar: ("name",),
    cst.MatchTuple: ("lpar", "patterns"),
    cst.MatchValue: ("value",),
    cst.ParamSpec: ("name",),
    cst.StarredElement: ("value",),
    cst.TypeAlias: ("name", "type_parameters", "value"),
    cst.TypeParam: ("param", "default"),
    cst.TypeParameters: ("lbracket", "params"),
    cst.TypeVar: ("name", "bound"),
    cst.TypeVarTuple: ("name",),
}
# What is one token and not lowered.
_TOKENS = (cst.LeftParen, cst.LeftSquareBracket, cst.LeftCurlyBrace, cst.TemplatedString)


class Expressions:
    """Lowers the expressions of one piece; ``count`` is the number of counted tokens met so far."""

    __slots__ = ("count", "frozen", "piece", "yields")

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.count = 0
        self.frozen = 0
        self.yields = False

    def expr(self, node: Any) -> tree.Expr:
        lower = _EXPRESSIONS.get(type(node))
        parens = node.lpar
        if not parens:
            return self.odd(node) if lower is None else lower(self, node)
        first = self.count - 1 if self.frozen else self.count
        if not self.frozen:
            self.count += len(parens)
        inner = self.odd(node) if lower is None else lower(self, node)
        inner.a = inner.b = first
        return inner

    def maybe(self, node: Any) -> tree.Expr | None:
        return None if node is None else self.expr(node)

    def odd(self, node: Any) -> tree.Expr:
        """An expression of no interest: its tokens are counted, the rest is dropped."""
        first = self.count
        self.skip(node)
        return tree.Expr(first, max(self.count - 1, first), self.piece)

    def skip(self, node: Any) -> None:
        """Count the tokens of what is of no interest."""
        kind = type(node)
        if kind is tuple:
            for one in node:
                self.skip(one)
        elif kind in _TOKENS:
            self.token()
        elif kind in _EXPRESSIONS:
            self.expr(node)
        else:
            for name in _PARTS.get(kind, ()):
                part = getattr(node, name)
                self.skip(part)
                if name == "cls" or (name == "name" and part is None):
                    self.token()  # the bracket behind a class, and ``_``, have no nodes

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
                text = part.value.replace("{{", "{").replace("}}", "}")
                parts.append(tree.Constant(at, at, self.piece, text))
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
        return tree.Binary(left.a, right.b, self.piece, OPERATOR[type(node.operator)], left, right)

    def boolean(self, node: cst.BooleanOperation) -> tree.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        return tree.Boolean(left.a, right.b, self.piece, OPERATOR[type(node.operator)], left, right)

    def unary(self, node: cst.UnaryOperation) -> tree.Expr:
        operand = self.expr(node.expression)
        return tree.Unary(operand.a, operand.b, self.piece, UNARY[type(node.operator)], operand)

    def compare(self, node: cst.Comparison) -> tree.Expr:
        left = self.expr(node.left)
        ops: list[str] = []
        rights: list[tree.Expr] = []
        for target in node.comparisons:
            ops.append(COMPARE[type(target.operator)])
            rights.append(self.expr(target.comparator))
        return tree.Compare(left.a, rights[-1].b, self.piece, left, tuple(ops), tuple(rights))

    def conditional(self, node: cst.IfExp) -> tree.Expr:
        body, test, orelse = self.expr(node.body), self.expr(node.test), self.expr(node.orelse)
        return tree.Conditional(body.a, orelse.b, self.piece, body, test, orelse)

    def display(self, node: Any) -> tree.Expr:
        kind = DISPLAYS[type(node)]
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
        kind = COMPREHENSIONS[type(node)]
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


_EXPRESSIONS: dict[type, Callable[[Expressions, Any], tree.Expr]] = {
    cst.Name: Expressions.name,
    cst.Attribute: Expressions.attribute,
    cst.Call: Expressions.call,
    cst.Integer: Expressions.integer,
    cst.SimpleString: Expressions.string,
    cst.Subscript: Expressions.subscript,
    cst.Float: Expressions.float,
    cst.Imaginary: Expressions.imaginary,
    cst.ConcatenatedString: Expressions.concatenated,
    cst.FormattedString: Expressions.formatted,
    cst.Ellipsis: Expressions.ellipsis,
    cst.BinaryOperation: Expressions.binary,
    cst.BooleanOperation: Expressions.boolean,
    cst.UnaryOperation: Expressions.unary,
    cst.Comparison: Expressions.compare,
    cst.IfExp: Expressions.conditional,
    cst.Tuple: Expressions.display,
    cst.List: Expressions.display,
    cst.Set: Expressions.display,
    cst.Dict: Expressions.mapping,
    cst.ListComp: Expressions.comprehension,
    cst.SetComp: Expressions.comprehension,
    cst.DictComp: Expressions.comprehension,
    cst.GeneratorExp: Expressions.comprehension,
    cst.Await: Expressions.await_,
    cst.Yield: Expressions.yield_,
    cst.NamedExpr: Expressions.named,
    cst.Lambda: Expressions.lambda_,
}
