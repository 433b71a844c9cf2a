"""Messages of our own, ``keras-memlint/…``: their parameters are plain JSON, read with one sentence for what is wrong."""

from __future__ import annotations

from typing import Any, TypeVar

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, default_converter

_T = TypeVar("_T")
_NAMES: dict[type, str] = {str: "a text", dict: "an object", list: "a list"}


def converter() -> cattrs.Converter:
    """pygls's converter, but messages that the protocol does not know keep their parameters as they are.

    pygls makes tuples with named fields of them, in which a name such as ``batch_size=8`` is lost.
    """
    plain: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    for kind in (JsonRPCRequestMessage, JsonRPCNotification):
        plain.register_structure_hook(kind, lambda message, wanted: wanted(**{"params": None, **message}))
    return plain


def required(params: Any, key: str, kind: type[_T]) -> _T:
    """``params[key]``. Raises JsonRpcInvalidParams when it is absent or of another kind."""
    found = optional(params, key, kind)
    if found is None:
        raise JsonRpcInvalidParams(f"`{key}` is needed, {_NAMES[kind]}")
    return found


def optional(params: Any, key: str, kind: type[_T]) -> _T | None:
    """``params[key]``, None when it is absent. Raises JsonRpcInvalidParams when it is of another kind."""
    found = params.get(key) if isinstance(params, dict) else None
    if found is not None and not isinstance(found, kind):
        raise JsonRpcInvalidParams(f"`{key}` must be {_NAMES[kind]}")
    return found


def texts(params: Any, key: str) -> list[str]:
    """A list of texts, empty when it is absent. Raises JsonRpcInvalidParams when it is something else."""
    found = optional(params, key, list) or []
    if not all(isinstance(word, str) for word in found):
        raise JsonRpcInvalidParams(f"`{key}` must be a list of texts")
    return found


def work_done_token(params: Any) -> str | int | None:
    """The progress that goes with a request, if any. Raises JsonRpcInvalidParams for what is none."""
    token = params.get("workDoneToken") if isinstance(params, dict) else None
    if token is not None and (isinstance(token, bool) or not isinstance(token, str | int)):
        raise JsonRpcInvalidParams("`workDoneToken` must be a text or a number")
    return token


def refused(message: str) -> JsonRpcException:
    """The error that says in one sentence why there is no answer."""
    return JsonRpcException(message, code=types.LSPErrorCodes.RequestFailed)
