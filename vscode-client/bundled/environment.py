"""Makes a private environment with a libcst for this Python: `python -I environment.py FOLDER`.

Only the extension for all platforms, which brings none, needs it. It prints the path of the environment's Python, with
which `start.py` then runs. An environment that is in FOLDER already is made anew.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import start

REQUIREMENTS = os.path.join(start.HERE, "requirements.txt")


def main(folder):
    """The exit status is 2, after one sentence, when there is no environment in the end."""
    problem = start.unsupported() or create(folder)
    if problem is not None:
        sys.stderr.write("keras-memlint: error: %s\n" % problem)
        return 2
    print(python_of(folder))
    return 0


def create(folder):
    """What went wrong, or None."""
    for doing, command in (
        ("make an environment", [sys.executable, "-I", "-m", "venv", "--clear", folder]),
        ("install libcst", [python_of(folder), "-I", "-m", "pip", *INSTALL, "-r", REQUIREMENTS]),
    ):
        sys.stderr.write("$ %s\n" % " ".join(command))
        try:
            ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        except OSError as error:
            return "`%s` cannot %s: %s" % (command[0], doing, error)
        said = ran.stdout.decode(errors="replace")
        sys.stderr.write(said)
        if ran.returncode:
            last = [line.strip() for line in said.splitlines() if line.strip()][-1:] or ["no reason given"]
            return "`%s` cannot %s: %s" % (command[0], doing, last[0])
    return None


INSTALL = (
    "install",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--require-hashes",
)


def python_of(folder):
    """The environment's interpreter."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -I environment.py FOLDER")
    sys.exit(main(sys.argv[1]))
