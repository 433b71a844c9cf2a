"""After the catch: the client's commands are answered from where the script stood still, and it never goes on."""

from __future__ import annotations

import os
import time
import traceback
from typing import Any, NoReturn

from . import facts, words
from .catch import Cannot, Catch, Options
from .run import Run


def caught(run: Run, catch: Catch) -> NoReturn:
    """Tells the client of the catch, serves it, ends the process."""
    run.hooked = True
    run.leave(lambda: _serve(run, catch))


def _serve(run: Run, catch: Catch) -> None:
    try:
        found = facts.of(run, catch)
    except Exception as error:
        traceback.print_exc()
        run.channel.send(
            run.end("crashed", detail=f"the runner could not describe the step: {words.sentence(error)}")
        )
        return
    run.channel.send({"event": "caught", **found})
    while True:
        command = run.channel.command()
        run.channel.send({"event": "answer", "id": command.get("id"), **_answer(run, catch, command)})


def _answer(run: Run, catch: Catch, command: dict[str, Any]) -> dict[str, Any]:
    began = time.perf_counter()
    options = Options(
        command.get("batch"),
        command.get("optimizer"),
        int(command.get("accumulation") or 1),
        bool(command.get("remat")),
        tuple(command["capability"]) if command.get("capability") else None,
    )
    try:
        do = command.get("do")
        if do == "program":
            answer = _program(run, catch, options, command.get("id"))
        elif do == "liveness":
            answer = {"liveness": catch.program.liveness(options)}
        else:
            return {"error": f"the runner knows no command {do}"}
    except Cannot as reason:
        return {"error": str(reason)}
    except Exception as error:
        traceback.print_exc()
        return {"error": words.sentence(error)}
    return {**answer, "seconds": round(time.perf_counter() - began, 3)}


def _program(run: Run, catch: Catch, options: Options, number: Any) -> dict[str, Any]:
    run.stage("tracing")
    module, arguments = catch.program.export(options)
    path = os.path.join(run.asked.out, f"{number}.mlirbc")
    with open(path, "wb") as file:
        file.write(module)
    listed = [argument.plain() for argument in arguments]
    return {"program": path, "route": catch.program.route, "arguments": listed}
