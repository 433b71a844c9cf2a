"""Functions that are called when a module has been imported, and not before: nothing is imported for their sake."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable

AfterImport = Callable[[ModuleType], None]


class Hooks:
    """A finder in ``sys.meta_path`` that lets the others find, and wraps the loaders of the modules it waits for."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[AfterImport]] = {}
        self._asking: set[str] = set()

    def after(self, module: str, call: AfterImport) -> None:
        """Calls ``call`` with ``module`` at the end of its import; at once where that is over."""
        if module in sys.modules:
            call(sys.modules[module])
        else:
            self._waiting.setdefault(module, []).append(call)

    def install(self) -> None:
        """From now on imports are watched."""
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The other finders' answer, its loader wrapped where somebody waits for the module."""
        if name not in self._waiting or name in self._asking:
            return None
        self._asking.add(name)  # Another finder of this kind may ask this one in turn.
        try:
            return self._found(name, path, target)
        finally:
            self._asking.discard(name)

    def _found(self, name: str, path: Any, target: Any) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self._waiting.pop(name))  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """Another loader, with calls after its work. Everything else is the other one's."""

    def __init__(self, loader: Any, calls: list[AfterImport]) -> None:
        self._loader = loader
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._loader, "create_module", None)
        made: ModuleType | None = create(spec) if create else None
        return made

    def exec_module(self, module: ModuleType) -> None:
        # The module is to look as if nobody had been here, for those that read packaged data through its loader.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        for call in self._calls:
            call(module)
