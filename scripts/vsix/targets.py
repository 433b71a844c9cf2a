"""What the extension is built for, and where its parts lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "vsix"
"""Downloaded wheels. Not in git."""

LOCK = Path(__file__).with_name("requirements.txt")
"""The libraries in Python that every vsix brings, with versions and hashes."""

LIBCST = Path(__file__).with_name("libcst.txt")
"""libcst, whose native module is another one for each platform and Python."""

UNIVERSAL = "universal"
"""The vsix without native modules."""

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")

PLATFORMS: dict[str, tuple[str, ...]] = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64"),
    "linux-arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64"),
    "alpine-x64": ("musllinux_1_2_x86_64",),
    "darwin-arm64": ("macosx_11_0_arm64",),
    "win32-x64": ("win_amd64",),
    "win32-arm64": ("win_arm64",),
}
"""VS Code's name of a platform, and what pip calls it, the best first."""

TARGETS = (*PLATFORMS, UNIVERSAL)
