"""From libcst's tree to ours, numbering the counted tokens on the way.

Children are visited in source order, so that the counter meets names, numbers, strings and opening brackets in the
order in which ``tokens.Tokens`` finds them in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.concrete import Node
from keras_memlint.analysis.syntax.lower_expressions import Expressions
from keras_memlint.analysis.syntax.lower_operators import AUGMENTED

if TYPE_CHECKING:
    import libcst as cst
else:
    from keras_memlint.analysis.syntax.concrete import kinds as cst


class Lowering(Expressions):
    """Lowers the statements of one piece, and the expressions in them."""

    __slots__ = ()

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
        return tree.AugAssign(0, value.b, self.piece, AUGMENTED[type(node.operator)], target, value)

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
        waits = node.asynchronous is not None
        return tree.FunctionDef(
            0, -1, self.piece, node.name.value, params, body, decorators, returns, generator, waits
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
        if isinstance(node, cst.MatchMapping) and node.rest is not None:
            found.append(node.rest.value)
        for part in vars(node).values():
            stack += [one for one in (part if isinstance(part, tuple) else (part,)) if isinstance(one, Node)]
    return found


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
