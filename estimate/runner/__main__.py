"""``PYTHON .../estimate/runner REQUEST.json`` starts here: the folder becomes a package that shadows nothing of the user's."""

import sys

PACKAGE = "_keras_memlint_runner"


def main() -> None:
    """Loads the folder as a package and hands over to it."""
    folder = sys.path.pop(0)  # Python put the folder itself there, before the standard library.
    import importlib.util
    import os

    place = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(PACKAGE, place, submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(PACKAGE + ".start").start(sys.argv[1])


if __name__ == "__main__":
    main()
