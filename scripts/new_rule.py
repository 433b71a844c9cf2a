"""Writes the two files of a new rule from its row in ``rules/rules.tsv``: ``python scripts/new_rule.py KM204``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CHECK = '''"""{code}: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("{code}", "{name}", severity="hint", words=("TODO",), fix=None)


def check(script: Script) -> Iterator[Finding]:
    for call in script.calls("TODO"):
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="TODO",
            help="TODO",
        )
'''
PAGE = """# {name} ({code})

Finds TODO.

**Why.** TODO

**Measured.** TODO: a figure of `benchmarks/evidence`, a source, or "not measured".

**Versions.** TODO

## Found

```py
TODO  # expect: {code}
```

## Silent: TODO

```py
TODO
```

## Sources

TODO
"""


def main(arguments: list[str]) -> int:
    """Write the files. Returns 2 when the code is unknown or has files already."""
    from keras_memlint.rules.catalogue import FOLDERS

    if len(arguments) != 1:
        print("usage: python scripts/new_rule.py KM204", file=sys.stderr)
        return 2
    for line in (ROOT / "rules" / "rules.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        code, name, family = line.split("\t")[:3]
        if code != arguments[0]:
            continue
        module = ROOT / "rules" / FOLDERS[family] / f"{name.replace('-', '_')}.py"
        if module.exists():
            print(f"{code} has its files already: {module.relative_to(ROOT)}", file=sys.stderr)
            return 2
        module.write_text(CHECK.format(code=code, name=name), encoding="utf-8")
        module.with_suffix(".md").write_text(PAGE.format(code=code, name=name), encoding="utf-8")
        print(f"wrote {module.relative_to(ROOT)} and its page; now `pytest tests/rules -k {code}` is red")
        return 0
    print(f"rules/rules.tsv has no row {arguments[0]}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
