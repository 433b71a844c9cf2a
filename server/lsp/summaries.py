"""What a script needs as one line, told to editors that show it, and the GPUs it can be meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.sizes.gpus import GPUS
from keras_memlint.server.lsp.core import Outcome, lintable
from keras_memlint.server.lsp.documents import Unit, key
from keras_memlint.server.measurements import size_on

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer

SUMMARY = "keras-memlint/summary"
LIST_GPUS = "keras-memlint/gpus"


def add_summaries(server: MemlintServer) -> None:
    """Registers the request for GPUs, and sends each open script's summary when it changed."""
    sent: dict[str, dict[str, Any]] = {}

    @server.feature(LIST_GPUS)
    def gpus(_params: None) -> list[dict[str, Any]]:
        return [
            {"name": gpu.name, "memory": gpu.memory, "computeCapability": list(gpu.compute_capability)}
            for gpu in GPUS
        ]

    def tell(unit: Unit, outcome: Outcome) -> None:
        if not server.extensions or not lintable(unit):
            return
        found = summary(outcome)
        if sent.get(key(unit.uri)) != found:
            sent[key(unit.uri)] = found
            server.protocol.notify(SUMMARY, {"uri": unit.uri, "version": unit.version, **found})

    def forget(unit: Unit) -> None:
        sent.pop(key(unit.uri), None)

    server.on_outcome.append(tell)
    server.on_close.append(forget)


def summary(outcome: Outcome) -> dict[str, Any]:
    """The message's content without the name of the script; bytes of the target GPU with its context, where there is one."""
    trainings = outcome.trainings
    total = trainings.total
    return {
        "targetGpu": trainings.gpu,
        "text": None if total is None else size_on(total),
        "fits": None if total is None else total.fits,
        "how": None if total is None else total.tier,
        "bytes": None if total is None else total.likely,
        "trainings": len(trainings.all),
    }
