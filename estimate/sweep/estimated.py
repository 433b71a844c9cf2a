"""The estimate of one case, made as the command line makes it."""

from __future__ import annotations

from keras_memlint.estimate import devices, pythons
from keras_memlint.estimate.estimating import estimate
from keras_memlint.estimate.request import Request
from keras_memlint.estimate.result import Estimate
from keras_memlint.estimate.sweep.cases import Case


def estimate_case(case: Case) -> Estimate:
    """Raises EstimateError with a sentence for the row."""
    return estimate(
        Request(
            script=case.script,
            module=None,
            python=pythons.find(case.python, case.script),
            cwd=case.cwd,
            arguments=case.arguments,
            steps=case.steps,
            local=not case.targets,
            targets=tuple(devices.get(name) for name in case.targets),
            batch=case.batch_size,
            policy=case.policy,
            what_if=case.what_if,
            time_limit=case.time_limit,
        )
    )
