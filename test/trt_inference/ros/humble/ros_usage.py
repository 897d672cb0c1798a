"""Which names of rclpy and of messages a module uses, read from its source."""

import ast
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

ROS_SUFFIXES = ("_msgs", "_interfaces")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Types = Dict[str, Optional[str]]  # of variables, as dotted names; a class stands for its instances


class Use(NamedTuple):
    """A name that a module uses.

    Attributes:
        name: dotted, as ``rclpy.node.Node.create_timer``, however the object is called there. Only
            the last part where the object is of an unknown type.
        keywords: of a call; ``positional`` is the number of its other arguments, or None where it
            is no call.
    """

    line: int
    name: str
    keywords: Sequence[str] = ()
    positional: Optional[int] = None


class UsageReader(ast.NodeVisitor):
    """Reads a module.

    Types are known of what is imported from ROS, of arguments with an annotation, of variables and
    attributes that get one of these or a new object, and of ``self`` in a class of a node.

    Attributes:
        known: names of ROS.
        unknown: attributes and calls of objects whose type is not known.
    """

    def __init__(self, source: str) -> None:
        self.known: List[Use] = []
        self.unknown: List[Use] = []
        self._scopes: List[Types] = [{}]
        self._attributes: Types = {}  # of self
        self._base: Optional[str] = None  # of the class
        self.visit(ast.parse(source))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in filter(lambda one: is_ros(one.name), node.names):
            self._use(node, alias.name)
            first = alias.name.partition(".")[0]
            self._scopes[-1][alias.asname or first] = alias.name if alias.asname else first

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names if is_ros(str(node.module)) else ():
            name = f"{node.module}.{alias.name}"
            self._use(node, name)
            self._scopes[-1][alias.asname or alias.name] = name

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before = self._base, self._attributes
        bases = [name for name in map(self._name, node.bases) if name]
        methods = [one for one in node.body if isinstance(one, FUNCTIONS)]
        self._base = bases[0] if bases else None
        self._attributes = dict.fromkeys(own_members(node))
        for method in methods:  # another method may use what this one assigns
            with self._scope_of(method):
                for inner in ast.walk(method):
                    self._bind(inner)
        self.generic_visit(node)
        self._base, self._attributes = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        with self._scope_of(node):
            self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        with self._scope_of(node):
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        self._bind(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self._bind(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self._name(node)
        if name is not None:
            self._use(node, name)
        elif not self._is_own(node):
            self.unknown.append(Use(node.lineno, node.attr))
        self._visit_owner(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = self._name(node.func)
        keywords = [one.arg for one in node.keywords if one.arg is not None]
        positional = [one for one in node.args if not isinstance(one, ast.Starred)]
        if name is not None:
            self._use(node, name, keywords, len(positional))
        elif isinstance(node.func, ast.Attribute) and not self._is_own(node.func):
            self.unknown.append(Use(node.lineno, node.func.attr, keywords, len(positional)))
        self._visit_owner(node.func)
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def _use(self, node: Any, name: str, *call: Any) -> None:
        self.known.append(Use(node.lineno, name, *call))

    def _visit_owner(self, node: ast.AST) -> None:
        """Read what the last attribute is of, unless the name of the whole has told it."""
        if isinstance(node, ast.Attribute):
            is_told = self._name(node.value) is not None
            self._visit_owner(node.value) if is_told else self.visit(node.value)
        elif isinstance(node, ast.Call):
            self.visit(node)

    def _is_own(self, node: ast.Attribute) -> bool:
        """Whether it is an attribute of ``self`` that the class itself defines."""
        return getattr(node.value, "id", "") == "self" and node.attr in self._attributes

    def _name(self, node: ast.AST) -> Optional[str]:
        """The dotted name of an expression of ROS; None for all others."""
        if isinstance(node, ast.Call):
            is_super = getattr(node.func, "id", "") == "super"
            return self._base if is_super else self._type(node)
        if isinstance(node, ast.Name):
            if node.id == "self":
                return self._base
            return next((one[node.id] for one in self._scopes[::-1] if node.id in one), None)
        if isinstance(node, ast.Attribute):
            if getattr(node.value, "id", "") == "self" and node.attr in self._attributes:
                return self._attributes[node.attr]
            owner = self._name(node.value)
            return f"{owner}.{node.attr}" if owner else None
        return None

    def _type(self, node: ast.AST) -> Optional[str]:
        """The type of a value, or of what an annotation stands for."""
        if isinstance(node, ast.Call):
            name = self._name(node.func)
            return name if name and name.rpartition(".")[2][:1].isupper() else None
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Optional":
            return self._name(getattr(node.slice, "value", node.slice))
        return self._name(node)

    @contextmanager
    def _scope_of(self, function: Any) -> Iterator[None]:
        arguments = (*function.args.args, *function.args.kwonlyargs)
        annotated = {one.arg: one.annotation for one in arguments if one.arg != "self"}
        types = {name: one and self._type(one) for name, one in annotated.items()}
        self._scopes.append(types)
        yield
        self._scopes.pop()

    def _bind(self, node: ast.AST) -> None:
        """Note the types of the variables and attributes that get a value, if it is an
        assignment."""
        if isinstance(node, ast.Assign):
            found = [pair for target in node.targets for pair in pairs(target, node.value)]
        elif isinstance(node, ast.AnnAssign):
            found = [(node.target, node.annotation)]
        else:
            return
        for one, value in found:
            if isinstance(one, ast.Name):
                self._scopes[-1][one.id] = self._type(value)
            elif isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "self":
                known = self._attributes.get(one.attr)
                self._attributes[one.attr] = known or self._type(value)


def own_members(node: ast.ClassDef) -> Iterator[str]:
    """The methods and constants that a class defines."""
    for statement in node.body:
        if isinstance(statement, FUNCTIONS):
            yield statement.name
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            names = (one for one in ast.walk(statement) if isinstance(one, ast.Name))
            yield from (one.id for one in names if isinstance(one.ctx, ast.Store))


def is_ros(module: str) -> bool:
    package = module.partition(".")[0]
    return package == "rclpy" or package.endswith(ROS_SUFFIXES)


def pairs(target: ast.expr, value: ast.expr) -> List[Tuple[ast.expr, ast.expr]]:
    """Each target of an assignment with its value."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts))
    return [(target, value)]
