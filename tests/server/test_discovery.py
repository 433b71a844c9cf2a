"""Which files are found: folders, links, ignore files, exclusions, order and names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from keras_memlint.server.configuration import Configurations
from keras_memlint.server.discovery import Discovery, discover

Make = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes files (or folders, with a slash at the end) below a fresh current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str, text: str = "") -> None:
        for name in names:
            if name.endswith("/"):
                Path(name).mkdir(parents=True, exist_ok=True)
            else:
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_text(text)

    return make


def find(*paths: str, force: bool = False) -> Discovery:
    return discover(paths, Configurations(), force_exclude=force)


def names(*paths: str, force: bool = False) -> list[str]:
    found = find(*paths, force=force)
    assert found.problems == []
    assert found.misconfigured == []
    return [file.filename for file in found.files]


def test_scripts_and_notebooks_of_folders_in_order(make: Make) -> None:
    make("b/z.py", "b/a.ipynb", "a.py", "b/c/d.py", "b/readme.md", "b/x.pyc", "b/x.pyi", "c.py.txt")
    assert names(".") == ["a.py", "b/a.ipynb", "b/c/d.py", "b/z.py"]
    assert names("b") == ["b/a.ipynb", "b/c/d.py", "b/z.py"]
    assert names("b/") == ["b/a.ipynb", "b/c/d.py", "b/z.py"]
    assert names("b/../b/c") == ["b/../b/c/d.py"]


def test_names_have_no_dot_before_them(make: Make) -> None:
    make("a/x.py", ".hidden.py", "..y.py")
    for folder in (".", "./", "././", ".//"):
        assert names(folder) == ["..y.py", ".hidden.py", "a/x.py"]
    assert names("./a") == names("./a/") == names("././a") == names(".//a/x.py") == ["a/x.py"]
    assert names("./.hidden.py", "./..y.py") == ["..y.py", ".hidden.py"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="folders of Linux")
def test_folders_of_the_system_hold_nobodys_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """``check /`` would find files of processes in them, and some that never end."""
    looked_at = []

    def scandir(folder: str) -> object:
        looked_at.append(folder)
        return listed(folder if folder == "/" else os.devnull)

    listed = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    find("/")
    assert "/usr" in looked_at
    assert not {"/proc", "/sys", "/dev"} & set(looked_at)


def test_named_files_whatever_they_are_called(make: Make) -> None:
    make("train", "x.txt")
    assert names("x.txt", "train") == ["train", "x.txt"]


def test_each_file_once(make: Make) -> None:
    make("a/x.py")
    assert names("a/x.py", "a", "./a/x.py", "a/../a") == ["a/x.py"]


def test_folder_called_like_a_script(make: Make) -> None:
    make("x.py/y.py")
    assert names(".") == ["x.py/y.py"]
    assert names("x.py") == ["x.py/y.py"]


def test_folder_links_are_not_followed_and_dangling_ones_skipped(make: Make) -> None:
    make("real/x.py")
    Path("linked").symlink_to("real")
    Path("dangling.py").symlink_to("nowhere.py")
    Path("loop.py").symlink_to("loop.py")
    Path("self").symlink_to(".")
    Path("real/up").symlink_to("..")
    assert names(".") == ["real/x.py"]
    assert names("linked") == ["linked/x.py"]


def test_file_links_are_taken_unless_their_target_is(make: Make) -> None:
    make("real/x.py", "other/z.py")
    Path("a.py").symlink_to("real/x.py")
    Path("other/a.py").symlink_to("z.py")
    assert names("other", "a.py") == ["a.py", "other/z.py"]
    assert names(".") == ["other/z.py", "real/x.py"]


def test_missing_and_dangling_paths_are_problems_and_the_rest_goes_on(make: Make) -> None:
    make("x.py")
    Path("dangling.py").symlink_to("nowhere.py")
    found = find("nope.py", "x.py", "dangling.py", "", "a\0b.py")
    assert [file.filename for file in found.files] == ["x.py"]
    assert [problem.split(":")[0] for problem in found.problems] == ["nope.py", "dangling.py", "", "a\0b.py"]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no such permissions")
def test_unreadable_folder_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        for name in ("a/x.py", "b/y.py"):
            Path(name).parent.mkdir()
            Path(name).touch()
        Path("a").chmod(0)
        Path(folder).chmod(0o755)
        with nobody():
            found = find(".")
        Path("a").chmod(0o700)
        monkeypatch.undo()
    assert [file.filename for file in found.files] == ["b/y.py"]
    assert found.problems == ["a: cannot be read: Permission denied"]


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, whom no permission stops."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_names_that_are_no_text(make: Make) -> None:
    name = os.fsdecode(b"tr\xe4in.py")
    make(name)
    assert names(".") == [name]


def test_folders_that_hold_no_scripts_of_the_user(make: Make) -> None:
    make(
        ".git/x.py",
        "__pycache__/x.py",
        "node_modules/p/x.py",
        "env/pyvenv.cfg",
        "env/lib/x.py",
        ".hidden/x.py",
        "x.py",
    )
    assert names(".") == [".hidden/x.py", "x.py"]


def test_empty_folder_is_said(make: Make) -> None:
    make("a/", "b/readme.md", "c/x.py")
    assert find("a", "b", "c").empty == ["a", "b"]


class TestGitignore:
    def test_holds_inside_a_repository(self, make: Make) -> None:
        make(".git/", "build/x.py", "a.py", "keep/a.py", "sub/gen.py", "sub/deep/gen.py")
        make(".gitignore", text="build/\n/a.py\ngen.py\n# comment\n\n")
        make("sub/.gitignore", text="!gen.py\n")
        assert names(".") == ["keep/a.py", "sub/deep/gen.py", "sub/gen.py"]
        assert names("sub/deep") == ["sub/deep/gen.py"]

    def test_of_folders_above_holds_too(self, make: Make) -> None:
        make(".git/", "src/pkg/x.py", "src/pkg/y.py")
        make(".gitignore", text="src/pkg/x.py\n")
        assert names("src/pkg") == ["src/pkg/y.py"]

    def test_means_nothing_outside_a_repository(self, make: Make) -> None:
        make("x.py")
        make(".gitignore", text="x.py\n")
        assert names(".") == ["x.py"]

    def test_of_one_repository_does_not_reach_into_another(self, make: Make) -> None:
        make(".git/", "other/.git/", "other/x.py", "x.py")
        make(".gitignore", text="x.py\n")
        assert names(".") == ["other/x.py"]

    def test_leaves_named_files_alone(self, make: Make) -> None:
        make(".git/", "x.py")
        make(".gitignore", text="x.py\n")
        assert names("x.py") == ["x.py"]

    def test_ignored_folder_is_empty_even_when_named(self, make: Make) -> None:
        make(".git/", "build/x.py")
        make(".gitignore", text="build/\n")
        assert find("build").empty == ["build"]

    def test_patterns_git_does_not_understand_are_passed_over(self, make: Make) -> None:
        make(".git/", "x.py", "y.py")
        Path(".gitignore").write_bytes(b"!\n\xff\xfe\n[\nx.py\n")
        assert names(".") == ["y.py"]


class TestExclude:
    def test_is_relative_to_its_file(self, make: Make) -> None:
        make("a/tests/x.py", "a/x.py", "tests/y.py")
        make("a/pyproject.toml", text='[tool.keras-memlint]\nexclude = ["/tests/"]\n')
        assert names(".") == ["a/x.py", "tests/y.py"]
        assert names("a/tests") == []

    def test_leaves_named_files_alone_unless_forced(self, make: Make) -> None:
        make("gen/x.py", "y.py")
        make("pyproject.toml", text='[tool.keras-memlint]\nexclude = ["gen/"]\n')
        assert names("gen/x.py", "y.py") == ["gen/x.py", "y.py"]
        assert names("gen/x.py", "y.py", force=True) == ["y.py"]
        assert names(".") == ["y.py"]

    def test_wrong_pattern_is_a_wrong_configuration(self, make: Make) -> None:
        make("x.py")
        make("pyproject.toml", text='[tool.keras-memlint]\nexclude = ["!"]\n')
        found = find(".")
        assert found.files == []
        assert len(found.misconfigured) == 1
        assert "pyproject.toml: `exclude`" in found.misconfigured[0]


def test_wrong_configuration_takes_only_the_files_below_it(make: Make) -> None:
    make("bad/x.py", "bad/deeper/y.py", "bad/own/z.py", "good.py")
    make("bad/pyproject.toml", text="[tool.keras-memlint]\nnonsense = 1\n")
    make("bad/own/pyproject.toml", text="[tool.keras-memlint]\n")
    found = find(".", "bad/x.py")
    assert [file.filename for file in found.files] == ["bad/own/z.py", "good.py"]
    assert len(found.misconfigured) == 1
    assert "`nonsense`" in found.misconfigured[0]


def test_wrong_configuration_above_nothing_does_not_matter(make: Make) -> None:
    make("docs/readme.md", "x.py")
    make("docs/pyproject.toml", text="[tool.keras-memlint]\nnonsense = 1\n")
    assert names(".") == ["x.py"]
