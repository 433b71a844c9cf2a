"""Programs as the compiler takes them: StableHLO of JAX or TensorFlow, read, repaired and compiled.

Runs in the worker, the only place where jax is imported.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

# Parts of jax without a public name, so without types: the versions in the extra are pinned, and tests compile
# with each of them.
compiler: Any = importlib.import_module("jax._src.compiler")
xla_bridge: Any = importlib.import_module("jax._src.xla_bridge")
mlir: Any = importlib.import_module("jax._src.interpreters.mlir")
ir: Any = importlib.import_module("jax._src.lib.mlir").ir
stablehlo: Any = importlib.import_module("jax._src.lib.mlir.dialects").hlo
DeviceList: Any = importlib.import_module("jax._src.lib")._jax.DeviceList

FLAGS = {
    # There is no device to try algorithms on.
    "xla_gpu_autotune_level": 0,
    "xla_dump_hlo_as_proto": True,
}
ATTEMPTS: tuple[dict[str, bool], ...] = ({}, {"xla_gpu_enable_triton_gemm": False})
"""Flags of one attempt after the other: with the kernels that a GPU would get for matrix products, nearer to the H100's
figures; then without them, because for some programs their tiling asks a device that is not there."""


class UnusableProgramError(Exception):
    """Its text is one sentence for the user."""


def load_plugin() -> None:
    """The CUDA plugin, loaded but not initialised: it starts no thread, so the process may fork afterwards.

    Raises ImportError when it is not installed.
    """
    importlib.import_module("jax_plugins.xla_cuda12")
    xla_bridge._discover_and_register_pjrt_plugins()
    if "cuda" not in xla_bridge._topology_factories:
        raise ImportError("jax-cuda12-plugin could not be loaded")


def read(path: Path) -> Any:
    """The module in ``path``, repaired where TensorFlow wrote what only its own compiler understands.

    Raises UnusableProgramError.
    """
    with mlir.make_ir_context():
        try:
            module = _parse(path.read_bytes())
        except (ir.MLIRError, ValueError, OSError) as error:
            raise UnusableProgramError(f"the program cannot be read: {first_line(error)}") from error
        _drop_copies(module)
        _move_aliases(module)
        return module


def compile_for(module: Any, description: str, dump: Path, flags: dict[str, bool]) -> dict[str, int]:
    """Compile for the GPU of ``description``, with one of ``ATTEMPTS``. Returns the compiler's own memory figures.

    The compiler writes the buffer assignment into ``dump`` long before it is done.
    """
    topology = xla_bridge.make_pjrt_topology("cuda", "1x1x1", target_config=description, topology="1x1x1")
    device = topology._make_compile_only_devices()[0]
    options = compiler.get_compile_options(
        num_replicas=1, num_partitions=1, env_options_overrides={**FLAGS, **flags, "xla_dump_to": str(dump)}
    )
    with module.context:
        compiled = device.client.compile(module, DeviceList((device,)), options)
    stats = compiled.get_compiled_memory_stats()
    return {
        "arguments": stats.argument_size_in_bytes,
        "outputs": stats.output_size_in_bytes,
        "aliased": stats.alias_size_in_bytes,
        "temporary": stats.temp_size_in_bytes,
    }


def number_of_arguments(module: Any) -> int:
    """How many arguments the program's main function takes."""
    return len(main_function(module).arguments)


def _parse(text: bytes) -> Any:
    # The portable form, which other versions of jax write, says so at its start.
    if b"StableHLO_v" in text[:64]:
        return stablehlo.deserialize_portable_artifact(ir.Context.current, text)
    return ir.Module.parse(text)


def _drop_copies(module: Any) -> None:
    """``mhlo.copy`` keeps TensorFlow's variables apart from its results; the aliases below say the same."""
    copies = []

    def collect(operation: Any) -> Any:
        if operation.name == "mhlo.copy":
            copies.append(operation)
        return ir.WalkResult.ADVANCE

    module.operation.walk(collect)
    for copy in copies:
        copy.results[0].replace_all_uses_with(copy.operands[0])
        copy.erase()


_PAIR = re.compile(r"parameter_number = (\d+) : i64\}, output_index = array<i64(?:: (\d+))?>")


def _move_aliases(module: Any) -> None:
    """The module's list of results that take an argument's place becomes an attribute of each argument."""
    attributes = module.operation.attributes
    if "mhlo.input_output_alias" not in attributes:
        return
    main = main_function(module)
    changed = [ir.DictAttr.get({}) for _ in main.arguments]
    if "arg_attrs" in main.attributes:
        changed = [ir.DictAttr(entry) for entry in main.attributes["arg_attrs"]]
    number = ir.IntegerType.get_signless(32)
    for parameter, output in _PAIR.findall(str(attributes["mhlo.input_output_alias"])):
        old = {entry.name: entry.attr for entry in changed[int(parameter)]}
        alias = ir.IntegerAttr.get(number, int(output or 0))
        changed[int(parameter)] = ir.DictAttr.get({**old, "tf.aliasing_output": alias})
    main.attributes["arg_attrs"] = ir.ArrayAttr.get(changed)
    del attributes["mhlo.input_output_alias"]


def main_function(module: Any) -> Any:
    """The function that the program begins with. Raises UnusableProgramError."""
    for operation in module.body.operations:
        if "sym_name" in operation.attributes:
            if ir.StringAttr(operation.attributes["sym_name"]).value == "main":
                return operation
    raise UnusableProgramError("the program has no main function")


def first_line(error: BaseException) -> str:
    """The beginning of what ``error`` says; its kind when it says nothing, as MemoryError does."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
