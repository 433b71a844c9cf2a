"""Starts keras-memlint from the libraries beside this file: `python -I start.py server`.

Any Python must be able to read this file, so that one that is too old can say so.
"""

import os
import sys
import sysconfig

HERE = os.path.dirname(os.path.abspath(__file__))
OLDEST, NEWEST = (3, 10), (3, 14)


def main():
    """Runs the command line. The exit status is 2, after one sentence, when this Python cannot."""
    problem = unsupported()
    if problem is None:
        # The working folder is the user's, who may well have an `ast.py` there.
        sys.path[:] = [place for place in sys.path if os.path.abspath(place) not in (HERE, os.getcwd())]
        sys.path.insert(0, os.path.join(HERE, "libs"))
        problem = without_libcst()
    if problem is not None:
        sys.stderr.write("keras-memlint: error: %s\n" % problem)
        return 2
    from keras_memlint.server.cli import main as run

    return run()


def unsupported():
    """Why keras-memlint does not run with this Python, or None."""
    name = getattr(getattr(sys, "implementation", None), "name", "python")
    # libcst has no build for these.
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    if name == "cpython" and OLDEST <= sys.version_info[:2] <= NEWEST and not free_threaded:
        return None
    name = {"cpython": "Python", "python": "Python", "pypy": "PyPy"}.get(name, name)
    if free_threaded:
        name = "free-threaded " + name
    numbers = OLDEST + NEWEST + (sys.executable, name) + tuple(sys.version_info[:2])
    return "CPython %d.%d to %d.%d is needed, and `%s` is %s %d.%d" % numbers


def without_libcst():
    """Why the libcst beside this file, or the Python's own where none lies there, cannot be used, or None."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec, module_from_spec

    package = find_spec("libcst")
    if package is None:
        return "`%s` has no libcst, which this extension does not bring; install it there" % sys.executable
    native = PathFinder.find_spec("native", package.submodule_search_locations)
    reason = "it is made for other Pythons"
    try:
        # Loads it, without the rest of libcst: that takes long.
        if native is not None and module_from_spec(native):
            return None
    except ImportError as error:
        reason = " ".join(str(error).split())
    return "libcst does not work with `%s` (%s); choose another Python" % (sys.executable, reason)


if __name__ == "__main__":
    sys.exit(main())
