"""The compile process: real compiles of small steps, and everything that can go wrong around them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from compiling import ARGUMENTS, PROGRAM, compiler, missing, tiny_program  # noqa: F401
from keras_memlint.estimate import devices
from keras_memlint.estimate.compiler import client
from keras_memlint.estimate.compiler.client import Compiler, clean_environment
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.isolated import MARK

T4 = devices.get("t4")
needs_extra = pytest.mark.skipif(bool(missing()), reason=missing() or "the extra is here")


def stand_in(folder: Path, script: str) -> str:
    """An interpreter that is none."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def running(name: str) -> list[str]:
    """Command lines of processes with ``name`` in them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if name in text:
            found.append(text)
    return found


class TestCompiles:
    def test_compilers_own_account_agrees(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        """``whole`` compares the figures of its finished program with ours, and raises when they differ."""
        whole = compiler.compile(tiny_program(tmp_path), ARGUMENTS, T4, whole=True)
        early = compiler.compile(tiny_program(tmp_path), ARGUMENTS, T4)
        assert early.stats == whole.stats
        assert early.stats.arguments == 262144 + 131072
        assert early.stats.aliased == 262144
        assert max(size for _, size in early.timeline) <= early.stats.peak

    def test_what_is_at_the_peak(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        found = compiler.compile(tiny_program(tmp_path), ARGUMENTS, T4)
        parts = found.breakdown
        assert parts.parameters == 262144
        assert parts.inputs == 131072
        assert sum(getattr(parts, name) or 0 for name in parts.__dataclass_fields__) == found.stats.peak
        assert found.calls["gemm"] == 2
        activation = next(tensor for tensor in found.top if tensor.kind == "activation")
        assert activation.shape == "f32[128,256]"
        assert activation.layer == "dense"
        assert (activation.source or "").startswith("/home/me/train.py:3")

    def test_gpus_differ(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        """Before Ampere the compiler has no kernels of its own for products: the library's scratch is 4 MiB."""
        old, new = (
            compiler.compile(tiny_program(tmp_path), [], devices.get(name)) for name in ("t4", "a100")
        )
        assert old.stats.peak > new.stats.peak + (3 << 20)

    def test_argument_without_alias_is_kept_beside_its_result(
        self,
        compiler: Compiler,  # noqa: F811
        tmp_path: Path,
    ) -> None:
        text = PROGRAM.replace("{tf.aliasing_output = 0 : i32}", "")
        found = compiler.compile(tiny_program(tmp_path, text), ARGUMENTS, T4)
        assert found.stats.aliased == 0
        assert found.breakdown.parameters == 2 * 262144

    def test_tensorflows_aliases_and_copies(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        """What TensorFlow writes for the same step."""
        alias = (
            'attributes {mhlo.input_output_alias = [{alias = {kind = "may_alias", parameter_index = array<i64>, '
            "parameter_number = 0 : i64}, output_index = array<i64: 0>}]}"
        )
        text = PROGRAM.replace("module @step", f"module @step {alias}")
        text = text.replace("{tf.aliasing_output = 0 : i32}", "")
        text = text.replace(
            "return %new,",
            '%c = "mhlo.copy"(%new) : (tensor<256x256xf32>) -> tensor<256x256xf32>\n return %c,',
        )
        found = compiler.compile(tiny_program(tmp_path, text), ARGUMENTS, T4)
        assert found.stats == compiler.compile(tiny_program(tmp_path), ARGUMENTS, T4).stats

    def test_unreadable_program(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        with pytest.raises(EstimateError, match="compiling for T4 failed: the program cannot be read"):
            compiler.compile(tiny_program(tmp_path, "module {"), [], T4)
        with pytest.raises(EstimateError, match="cannot be read"):
            compiler.compile(tmp_path / "absent", [], T4)

    def test_wrong_number_of_arguments(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        with pytest.raises(EstimateError, match="takes 2 arguments, 1 are described"):
            compiler.compile(tiny_program(tmp_path), ARGUMENTS[:1], T4)

    def test_operation_that_no_gpu_knows(self, compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
        text = PROGRAM.replace(
            "%t = stablehlo.tanh %h : tensor<128x256xf32>",
            "%t = stablehlo.custom_call @Nonsense(%h) : (tensor<128x256xf32>) -> tensor<128x256xf32>",
        )
        try:
            compiler.compile(tiny_program(tmp_path, text), ARGUMENTS, T4)
        except EstimateError as error:
            assert "compiling for T4 failed" in str(error)
        assert compiler.compile(tiny_program(tmp_path), ARGUMENTS, T4).stats.peak

    def test_users_settings_do_not_reach_the_compiler(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if reason := missing():
            pytest.skip(reason)
        monkeypatch.setenv("XLA_FLAGS", "--xla_no_such_flag=true")
        monkeypatch.setenv("JAX_PLATFORMS", "tpu")
        monkeypatch.chdir(tmp_path)
        (tmp_path / "json.py").write_text("raise SystemExit('the user\\'s file was imported')")
        with Compiler() as process:
            assert process.compile(tiny_program(tmp_path), ARGUMENTS, T4).stats.peak


@needs_extra
class TestEnds:
    def test_nothing_is_left_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
        (tmp_path / "scratch").mkdir()
        with Compiler() as process:
            process.compile(tiny_program(tmp_path), ARGUMENTS, T4)
            assert process._process is not None
            pid = process._process.pid
        assert list((tmp_path / "scratch").iterdir()) == []
        until = time.monotonic() + 10  # what it started is killed, and gone when the system has noticed
        with pytest.raises(ProcessLookupError):
            while time.monotonic() < until:
                os.killpg(pid, 0)
                time.sleep(0.05)

    def test_time_limit_then_a_fresh_process(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
        (tmp_path / "scratch").mkdir()
        with Compiler() as process:
            with pytest.raises(EstimateError, match=r"compiling for T4 took longer than 0\.01 seconds"):
                process.compile(tiny_program(tmp_path), ARGUMENTS, T4, time_limit=0.01)
            assert list((tmp_path / "scratch").iterdir()) == []
            assert process.compile(tiny_program(tmp_path), ARGUMENTS, T4).stats.peak

    def test_killed_process(self, tmp_path: Path) -> None:
        with Compiler() as process:
            process.compile(tiny_program(tmp_path), ARGUMENTS, T4)
            assert process._process is not None
            os.kill(process._process.pid, signal.SIGKILL)
            process._process.wait()
            with pytest.raises(EstimateError, match=r"gone|died"):
                process.compile(tiny_program(tmp_path), ARGUMENTS, T4)

    def test_stopped_from_another_thread(self, tmp_path: Path) -> None:
        process = Compiler()
        process.compile(tiny_program(tmp_path), ARGUMENTS, T4)
        stopper = threading.Timer(0.05, process.stop)
        stopper.start()
        with pytest.raises(EstimateError, match="stopped"):
            for _ in range(1000):
                process.compile(tiny_program(tmp_path), ARGUMENTS, T4)
                if not stopper.is_alive():
                    raise EstimateError("stopped between two compiles")
        stopper.join()
        process.stop()


class TestWithoutExtra:
    def test_python_without_it(self, tmp_path: Path) -> None:
        """An interpreter that sees the standard library alone."""
        python = stand_in(tmp_path, f'exec "{sys.executable}" -I -S "$@"')
        with Compiler(python) as process, pytest.raises(EstimateError) as caught:
            process.compile(tiny_program(tmp_path), [], T4)
        assert client.EXTRA in str(caught.value)
        assert "No module named" in str(caught.value)

    def test_python_that_is_not_there(self, tmp_path: Path) -> None:
        with (
            Compiler(str(tmp_path / "absent")) as process,
            pytest.raises(EstimateError, match="cannot be started"),
        ):
            process.compile(tiny_program(tmp_path), [], T4)

    def test_python_that_ends_at_once(self, tmp_path: Path) -> None:
        with (
            Compiler(stand_in(tmp_path, "exit 3")) as process,
            pytest.raises(EstimateError, match="died while starting"),
        ):
            process.compile(tiny_program(tmp_path), [], T4)

    def test_python_that_hangs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client, "START_SECONDS", 0.2)
        started = time.monotonic()
        python = stand_in(tmp_path, "exec sleep 987654")
        with (
            Compiler(python) as process,
            pytest.raises(EstimateError, match="starting the compile .* took longer"),
        ):
            process.compile(tiny_program(tmp_path), [], T4)
        assert time.monotonic() - started < 10
        assert running("sleep 987654") == []


def test_environment_of_the_compiler() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/root",
        "XLA_FLAGS": "--x",
        "JAX_ENABLE_X64": "1",
        "CUDA_VISIBLE_DEVICES": "0",
        "TF_XLA_FLAGS": "--y",
        "KERAS_BACKEND": "torch",
        "LD_PRELOAD": "/lib/x.so",
        "LD_LIBRARY_PATH": "/opt/lib",
        MARK: "a process of a sweep",
    }
    found = clean_environment(given)
    assert found["PATH"] == "/bin"
    assert found["LD_LIBRARY_PATH"] == "/opt/lib"
    assert found[MARK] == "a process of a sweep"  # else it would not be ended with the others
    assert found["JAX_PLATFORMS"] == "cpu"
    assert found["CUDA_VISIBLE_DEVICES"] == ""
    assert not {"XLA_FLAGS", "JAX_ENABLE_X64", "TF_XLA_FLAGS", "KERAS_BACKEND", "LD_PRELOAD"} & found.keys()


def test_tensorflows_training_step(compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
    """A step of tf.keras as it is exported: variables are arguments, and their new values take their places."""
    tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras runs on another backend here")
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    step = tensorflow.function(lambda x, y: model.train_step((x, y)), jit_compile=True)
    specs = (tensorflow.TensorSpec((512, 20)), tensorflow.TensorSpec((512, 1)))
    program = tmp_path / "step.mlirbc"
    program.write_bytes(step.experimental_get_compiler_ir(*specs)(stage="stablehlo_serialized"))
    found = compiler.compile(program, [], T4, layers=[layer.name for layer in model.layers], whole=True)
    weights = 4 * (20 * 64 + 64 + 64 + 1)
    assert found.stats.aliased >= 3 * weights
    assert {tensor.layer for tensor in found.top} & {layer.name for layer in model.layers}
