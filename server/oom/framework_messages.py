"""What libraries say when they get no memory: a row for each form, the most telling first."""

from __future__ import annotations

from keras_memlint.server.oom.message import Message, form

FRAMEWORKS = (
    Message(
        "tensor",
        ("when allocating tensor",),
        "TensorFlow",
        None,
        form(
            r"OOM when allocating tensor with shape(?:\[(?P<shape>[\d, ]*)\]|(?P<dims>(?:dim \{ size: \d+ \} ?)+))?"
            r"(?: and type (?P<dtype>\w+) on)?(?: (?P<device>/\S+))?(?: by allocator (?P<allocator>\w+))?"
            r"(?:.*?\[Op:(?P<op>\w+)\])?"
        ),
    ),
    Message(
        "array",
        ("unable to allocate",),
        "NumPy",
        "host",
        form(
            r"Unable to allocate (?:(?P<said>SIZE) for an )?array(?: with shape (?P<shape>\([\d, ]*\)))?"
            r"(?: and data type (?!(?:float|half|double)$)(?P<dtype>\w+))?"
        ),
    ),
    Message(
        "torch",
        ("out of memory",),
        "PyTorch",
        "gpu",
        form(
            r"(?:(?P<device>CUDA|HIP|XPU|MPS backend) (?:error: )?out of memory|cuda runtime error \(2\) : out of memory)(?:.*?Tried to allocate (?P<said>SIZE))?"
            r"(?:.*?(?P<limit_2>SIZE) total capacity; (?P<held_2>SIZE) already allocated)?"
            r"(?:.*?total capac?i?ty of (?P<limit>SIZE))?(?:.*?this process has (?P<held>SIZE) memory in use)?"
        ),
    ),
    Message(
        "torch-host",
        ("defaultcpuallocator",),
        "PyTorch",
        "host",
        form(r"DefaultCPUAllocator: .*?you tried to allocate (?P<said>SIZE)"),
    ),
    Message(
        "xla-request",
        ("failed to allocate request",),
        "XLA",
        "gpu",
        form(r"Failed to allocate request for [\d.]+\w+ \((?P<said>\d+B)\) on device ordinal"),
    ),
    Message(
        "xla-space",
        ("memory space",),
        "XLA",
        "gpu",
        form(r"Ran out of memory in memory space \w+\. Used (?P<said>SIZE) of (?P<limit>SIZE)"),
    ),
    Message(
        "xla",
        ("out of memory", "failed to allocate"),
        "XLA",
        None,
        form(
            r"[Oo]ut of memory (?:while trying to allocate|allocating) (?P<said>SIZE)"
            r"|Failed to allocate (?P<said_2>SIZE) (?:for new constant|on device|in the device)"
        ),
    ),
    Message("copy", ("dst tensor",), "TensorFlow", "gpu", form(r"Dst tensor is not initialized")),
    Message(
        "allocator",
        ("out of memory",),
        "TensorFlow",
        None,
        form(
            r"Allocator \((?P<allocator>\w+)\) ran out of memory trying to allocate (?P<said>SIZE)"
            r"(?: \(rounded to \d+\))?(?: ?requested by op (?P<node>[\w/.-]+))?(?!.*not a failure)"
        ),
    ),
    Message(
        "pinned",
        ("on host: cuda_error",),
        "the CUDA driver",
        "host",
        form(r"failed to alloc(?:ate)? (?P<said>\d+ bytes) on host: CUDA_ERROR_OUT_OF_MEMORY"),
    ),
    Message(
        "image",
        ("outofmemoryerror",),
        "OpenCV",
        "host",
        form(r"Failed to allocate (?P<said>\d+ bytes)\)? in function '?OutOfMemoryError"),
    ),
    Message(
        "arrow",
        ("memoryerror",),
        "Arrow",
        "host",
        form(r"ArrowMemoryError(?:: malloc of size (?P<said>\d+)(?= failed))?"),
    ),
    Message(
        "table",
        ("out of memory",),
        "pandas",
        "host",
        form(r"Error tokenizing data\. C error: out of memory"),
    ),
    Message("python", ("memoryerror",), "Python", "host", form(r"^MemoryError(?::|$)")),
    Message(
        "ray",
        ("running low on memory", "ray.exceptions.outofmemory"),
        "Ray",
        "host",
        form(r"killed due to the node running low on memory|ray\.exceptions\.OutOfMemoryError"),
    ),
    Message("dask", ("memory budget",), "Dask", "host", form(r"exceeded \d+% memory budget")),
    Message("bad-alloc", ("std::bad_alloc",), "the C++ library", "host", form(r"std::bad_alloc")),
    Message(
        "exhausted",
        ("exhausted",),
        "TensorFlow",
        None,
        form(
            r"(?:ResourceExhausted(?:Error)?|RESOURCE_EXHAUSTED|Resource exhausted)\b"
            r"(?=.*(?:OOM|[Oo]ut of memory|alloca|Graph execution error))(?:.*?\[Op:(?P<op>\w+)\])?"
        ),
    ),
    Message(
        "driver",
        ("out_of_memory", "errormemoryallocation", "status_alloc_failed"),
        "the CUDA driver",
        "gpu",
        form(
            r"failed to allocate [\d.]+\w* \((?P<said>\d+ bytes)\) from device: (?:CUDA_ERROR_)?OUT_OF_MEMORY"
            r"|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|CU(?:DNN|BLAS)_STATUS_ALLOC_FAILED"
        ),
    ),
)
