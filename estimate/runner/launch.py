"""The script as ``__main__``, with the arguments, folder and module path that it would have without the runner."""

from __future__ import annotations

import builtins
import linecache
import os
import runpy
import sys
import threading
from types import ModuleType
from typing import Any, NoReturn

from . import notebook, places, words
from .run import Run, Stop


class NoInput(EOFError):
    """The script asks for input, and there is none."""


def launch(run: Run) -> NoReturn:
    """Runs the script to its end, and says how it ended. A training step that is caught ends the process before."""
    run.stage("script")
    _no_input(run)
    try:
        _execute(run)
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join()
    except SystemExit as stop:
        _ended_itself(run, stop)
    except Stop:
        run.finish("unsupported", detail="training stopped outside the runner's hooks")
    except BaseException as error:
        _crashed(run, error)
    if run.unsupported:
        run.finish("unsupported", detail=run.unsupported, status=0)
    run.finish("no-training", status=0, detail=_why_none(run))


def _execute(run: Run) -> None:
    asked = run.asked
    os.chdir(asked.cwd)
    if asked.module:
        sys.argv = [asked.module, *asked.arguments]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(asked.module, run_name="__main__", alter_sys=True)
        return
    assert asked.script is not None
    script = asked.script
    sys.argv = [script, *asked.arguments]
    sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=script, __cached__=None)
    sys.modules["__main__"] = main
    if asked.notebook:
        text = notebook.program(script)
        linecache.cache[script] = (len(text), None, text.splitlines(keepends=True), script)
        main.__dict__.update(_notebook_names(main.__dict__))
        code = compile(text, script, "exec", dont_inherit=True)
    else:
        with open(script, "rb") as file:
            code = compile(file.read(), script, "exec", dont_inherit=True)
    exec(code, main.__dict__)


def _notebook_names(names: dict[str, Any]) -> dict[str, Any]:
    """What IPython puts into a notebook's names."""

    def display(*values: object, **_options: object) -> None:
        for value in values:
            print(value)

    shell = notebook.Shell(names)
    return {"display": display, "get_ipython": lambda: shell}


def _no_input(run: Run) -> None:
    """Input there is none: the null device stands where it came from. The question itself is worth knowing."""

    def no_input(prompt: object = "", *_rest: object, **_options: object) -> str:
        print(prompt, flush=True)
        raise NoInput(str(prompt).strip())

    builtins.input = no_input
    run.hooks.after("getpass", lambda module: setattr(module, "getpass", no_input))


def _ended_itself(run: Run, stop: SystemExit) -> NoReturn:
    if isinstance(stop.code, str):
        print(stop.code, file=sys.stderr)
        status, detail = 1, stop.code.strip().split("\n")[0]
    else:
        status = stop.code if isinstance(stop.code, int) else 0
        detail = f"the script ended itself with status {status}"
    run.finish("exited", status=status, detail=detail, where=places.user_place(stop.__traceback__))


def _crashed(run: Run, error: BaseException) -> NoReturn:
    print(places.shown(error), end="", file=sys.stderr)
    where = places.user_place(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno or 1}"
    if isinstance(error, NoInput):
        run.finish("input", detail=words.message(error) or "the script asks for input", where=where)
    detail = words.sentence(error)
    if run.blocked:
        detail += f" (not written before: {', '.join(sorted(run.blocked))})"
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    run.finish("crashed", detail=detail, where=where, missing_module=missing)


def _why_none(run: Run) -> str:
    """What may have become of the training."""
    asked = run.asked
    if run.fits and run.fits <= asked.fit_index:
        return f"the script trains {run.fits} times; --fit-index {asked.fit_index} counts from 0"
    if run.fits:
        return "training was started but no step of it was finished"
    if "multiprocessing.process" in sys.modules and _children():
        return "no training step in this process; the script starts others, and those are not watched"
    return "the script ended without a training step"


def _children() -> bool:
    process: Any = sys.modules["multiprocessing.process"]
    return next(process._process_counter) > 1 if hasattr(process, "_process_counter") else False
