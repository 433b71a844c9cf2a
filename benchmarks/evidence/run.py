"""Measures the evidence for rules, with a Python that has TensorFlow: `run.py [KM103 ...]`.

Every variant of every script runs in a fresh process. A rule's results go to results/KM103.json, and as bars to
docs/evidence/KM103.svg.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("tensorflow", "keras", "tf_keras", "numpy", "tensorflow-model-optimization", "keras-tuner")
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "CUDA_VISIBLE_DEVICES": "-1",  # the numbers are about host memory
}
LIMIT_SECONDS = 600


class Script(NamedTuple):
    """What a script says about itself, read without running it."""

    path: Path
    code: str
    name: str
    claim: str
    variants: tuple[str, ...]
    has_facts: bool
    ratio_of: str
    reason: str | None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("codes", nargs="*", metavar="CODE", help="rules to measure (default: all)")
    codes = parser.parse_args().codes
    scripts = {script.code: script for script in map(read, sorted(HERE.glob("km[0-9]*.py")))}
    if unknown := sorted(set(codes) - set(scripts)):
        parser.error(f"no script for {', '.join(unknown)}; there are {', '.join(scripts)}")
    import bars  # needs Matplotlib, which those who only read scripts or results may lack

    failures = 0
    for script in [scripts[code] for code in codes] or scripts.values():
        try:
            rule = row(script)
        except RuntimeError as error:
            failures += 1
            print(error, file=sys.stderr)
            continue
        print(f"{script.code} {script.name}: ratio {rule['ratio']}", flush=True)
        save(rule)
        bars.draw(rule, bars.BARS)
    return 1 if failures else 0


def read(path: Path) -> Script:
    """Reads the docstring, the constants and the public functions of a script."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    head, claim = (ast.get_docstring(tree) or "").split("\n\n")[0].split(": ", 1)
    code, name = head.split()
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    constants = {
        node.targets[0].id: str(node.value.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    not_variants = {"prepare", "facts"}
    variants = tuple(name for name in functions if not name.startswith("_") and name not in not_variants)
    ratio_of = constants.get("RATIO_OF", "peak_bytes")
    return Script(path, code, name, claim, variants, "facts" in functions, ratio_of, constants.get("REASON"))


def row(script: Script) -> dict[str, Any]:
    """Measures a script; variants whose time matters run alone, the others two at a time."""
    with ThreadPoolExecutor(1 if script.ratio_of == "seconds" else 2) as pool:
        measured = pool.map(lambda variant: in_a_fresh_process(script.path, variant), script.variants)
        variants = dict(zip(script.variants, measured, strict=True))
    return {
        "code": script.code,
        "name": script.name,
        "claim": script.claim,
        "script": script.path.name,
        "reason": script.reason,
        "variants": variants,
        "ratio_of": script.ratio_of if variants else None,
        "ratio": ratio(variants, script.ratio_of) if variants else None,
        "facts": in_a_fresh_process(script.path, "facts") if script.has_facts else {},
        "versions": versions(),
        "machine": machine(),
    }


def ratio(variants: dict[str, Any], field: str) -> float:
    """Bad to good, with anything under 1 MiB counted as 1 MiB: less is noise."""
    least = 2**20 if field.endswith("_bytes") else 0.001
    bad, good = (max(variants[name][field], least) for name in ("bad", "good"))
    return float(f"{bad / good:.2g}")


def in_a_fresh_process(path: Path, function: str) -> dict[str, Any]:
    """The outcome of one function of a script; RuntimeError with the end of its output when it fails."""
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        done = subprocess.run(
            [sys.executable, str(HERE / "harness.py"), path.stem, function, folder],
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
        if done.returncode != 0:
            end = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise RuntimeError(f"{path.name}: {function} failed with status {done.returncode}:\n{end}")
        outcome: dict[str, Any] = json.loads(Path(folder, "outcome.json").read_text(encoding="utf-8"))
        return outcome


def versions() -> dict[str, str]:
    return {"Python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores, no GPU"


def save(rule: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(rule, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{rule['code']}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
