"""KM606: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM606", "clear-session-misuse", severity="warning", words=("clear_session", "numba"), fix="both")

_CLEAR = "keras.backend.clear_session"


def check(script: Script) -> Iterator[Finding]:
    yield from _not_called(script)
    yield from _not_there(script)
    yield from _policy_lost(script)
    yield from _context_closed(script)


def _not_called(script: Script) -> Iterator[Finding]:
    for api, node in script.bare:
        if api.name != _CLEAR:
            continue
        end = script.place(node).end
        fix = Fix("call it", False, (Edit(end, end, "()"),), "Keras's names and counters start anew")
        yield Finding(
            at=script.place(node),
            message="`clear_session` is named and not called: nothing is cleared",
            help="write `clear_session()`",
            fixes=(fix,) if script.own(node) else (),
        )


def _not_there(script: Script) -> Iterator[Finding]:
    for call in script.calls("keras.clear_session"):
        if call.tried or call.conditional:
            continue  # the script may ask first whether it is there
        func = call.node.func
        edits: tuple[Edit, ...] = ()
        if isinstance(func, tree.Attribute) and script.own(call.node):
            at = script.place(func).end - len(func.name)
            edits = (Edit(at, at, "backend."),)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="Keras has no `clear_session` at its top level: this raises AttributeError",
            help="call `keras.backend.clear_session()`",
            fixes=(Fix("call `backend.clear_session`", True, edits),) if edits else (),
            severity="error",
        )


def _policy_lost(script: Script) -> Iterator[Finding]:
    """Sessions cleared between a mixed policy and the first layers, which Keras 3 then makes float32."""
    if script.keras_major == 2 or script.slices_arrays or script.tensorflow_before(2, 16):
        return
    policies = [(name, call) for name, call in script.policies if call.flavour != "tf_keras"]
    if not policies or any(name is None or call.loops for name, call in policies):
        return  # the policy may be set again in each turn
    for clear in script.calls(_CLEAR):
        before = [(name, call) for name, call in policies if call.order < clear.order]
        after = [call for _name, call in policies if call.order > clear.order]
        name, policy = before[-1] if before else (None, None)
        if policy is None or name is None or not name.startswith("mixed_") or clear.flavour == "tf_keras":
            continue
        if clear.conditional or not _builds(script, clear, after[0] if after else None):
            continue
        yield Finding(
            at=script.call_place(clear),
            site=script.place(clear.site),
            message=f"`clear_session()` takes the policy `{name}` away in Keras 3: layers made after it are float32",
            help="set the policy again after each `clear_session()`",
            related=(("the policy is set here", script.call_place(policy)),),
        )
        return


def _builds(script: Script, clear: Call, until: Call | None) -> bool:
    """Whether layers without a dtype of their own are made after the session is cleared, or in the next turn, and before the policy is set again."""
    return any(
        call.name.startswith("keras.layers.")
        and call.arg("dtype") is None
        and (call.order > clear.order or any(loop in call.loops for loop in clear.loops))
        and (until is None or call.order < until.order)
        and script.reached(call)
        for call in script.all_calls
    )


def _context_closed(script: Script) -> Iterator[Finding]:
    for close in script.calls("numba.cuda.close"):
        later = next(
            (
                fit
                for fit in script.fits
                if fit.call.order > close.order or any(loop in fit.call.loops for loop in close.loops)
            ),
            None,
        )
        if later is None or not script.reached(close):
            continue
        yield Finding(
            at=script.call_place(close),
            site=script.place(close.site),
            message="`cuda.close()` destroys the CUDA context that TensorFlow goes on to use",
            help="let a process of its own do the work whose GPU memory is to be free afterwards",
            related=(("used again here", script.call_place(later.call)),),
        )
