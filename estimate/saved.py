"""The last estimate of each script, kept for the user: ``check`` and editors show it as long as the text is the same.

One file a script, named by the script's path, in a folder of the user's cache: nothing is ever written beside the
script. An estimate that cannot be read counts as none, and the next one takes its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.text.cache_folder import folder
from keras_memlint.analysis.text.files import read_script
from keras_memlint.analysis.text.source import text_hash
from keras_memlint.estimate.errors import EstimateError

if TYPE_CHECKING:
    from keras_memlint.estimate.result import Estimate


def script_hash(script: Path) -> str:
    """What an estimate remembers the text of ``script`` by. Raises UnreadableError."""
    return text_hash(read_script(script, str(script)).source.text)


def estimates_folder() -> Path:
    """Where the estimates lie; it need not exist. May raise RuntimeError."""
    return folder() / "estimates"


def place(script: Path) -> Path:
    """The file for the estimate of ``script``, whether there is one or not. May raise RuntimeError."""
    return estimates_folder() / file_name(str(script))


def file_name(script: str, real: Callable[[str], str] = os.path.realpath) -> str:
    """How the file is called; all ways to a script lead to one estimate. ``real`` resolves folders, and may remember."""
    if os.path.islink(script):  # noqa: PTH114  (asked for every file of a run)
        script = os.path.realpath(script)
    folder, name = os.path.split(script)
    key = os.path.normcase(f"{real(folder)}{os.sep}{name}")
    return f"{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}.json"


def save(estimate: Estimate) -> Path:
    """Keeps ``estimate`` in place of an older one of its script, and says where. Raises EstimateError."""
    import json

    from keras_memlint.analysis.text.replacing import replace_file

    try:
        file = place(Path(estimate.script))
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(estimate.to_json()).encode("ascii"))
    except (OSError, RuntimeError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise EstimateError(
            f"{estimate.script}: the estimate cannot be kept for `check` and the editor: {reason};"
            " KERAS_MEMLINT_CACHE_DIR may name another folder"
        ) from error
    return file


def read(script: Path) -> Estimate | None:
    """The estimate of ``script``, whatever its text is by now; None without one. Raises EstimateError when damaged."""
    data = _data(script)
    return None if data is None else _estimate(script, data)


def load(script: Path, text: str) -> Estimate | None:
    """The estimate of ``script``; None without one, when its text is not ``text`` any more, and when it is damaged."""
    try:
        data = _data(script)
        if data is None or data.get("script_hash") != text_hash(text):
            return None
        return _estimate(script, data)
    except EstimateError:
        return None


def _data(script: Path) -> dict[str, Any] | None:
    try:
        raw = place(script).read_bytes()
    except (OSError, RuntimeError, ValueError):
        return None
    # Late, as all that is only needed for a script that has an estimate: `check` is in a hurry.
    import json

    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _damaged(script, error) from error
    if not isinstance(data, dict):
        raise _damaged(script, "it holds no object")
    return data


def _estimate(script: Path, data: dict[str, Any]) -> Estimate:
    from keras_memlint.estimate.result import Estimate

    try:
        return Estimate.from_json(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(script, error) from error


def _damaged(script: Path, why: object) -> EstimateError:
    return EstimateError(
        f"{place(script)}: the saved estimate of {script} is damaged ({why}); estimate it again, which replaces the file"
    )
