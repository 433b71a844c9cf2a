"""Each form of message is recognised in a real text, with what it names; and what looks like one is not."""

from __future__ import annotations

import io
from typing import Any

import pytest
from keras_memlint.server.oom.failure import Failure
from keras_memlint.server.oom.messages import MESSAGES
from keras_memlint.server.oom.reading import read
from keras_memlint.server.oom.system_messages import KILLED

GIB, MIB, KIB = 1 << 30, 1 << 20, 1 << 10

# The kind, the text as it was logged, and what is named in it.
TEXTS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "tensor",
        "W tensorflow/core/framework/op_kernel.cc:1275] OP_REQUIRES failed at conv_ops.cc:682 : Resource exhausted: OOM when"
        " allocating tensor with shape[64,64,3,3] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator"
        " GPU_0_bfc",
        {
            "memory": "gpu",
            "shape": (64, 64, 3, 3),
            "dtype": "float32",
            "allocator": "GPU_0_bfc",
            "asked": 64 * 64 * 9 * 4,
        },
    ),
    (
        "tensor",
        "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor with shape[128,768] and type"
        " half on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc [Op:StridedSliceGrad]",
        {"memory": "gpu", "shape": (128, 768), "dtype": "float16", "op": "StridedSliceGrad"},
    ),
    (
        "tensor",
        "ResourceExhaustedError: {{function_node __wrapped__Fill_device_/job:localhost/replica:0/task:0/device:CPU:0}} OOM when"
        " allocating tensor with shape[200000,512,512,64] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by"
        " allocator mklcpu [Op:Fill] name: ",
        {"memory": "host", "allocator": "mklcpu", "op": "Fill", "node": None},
    ),
    (
        "tensor",
        "OOM when allocating tensor with shape[32,8] and type float on /job:localhost/device:GPU:0 by allocator gpu_host_bfc",
        {"memory": "host"},
    ),
    (
        "tensor",
        "ResourceExhaustedError (see above for traceback): OOM when allocating tensor with shape[100,4096,32]",
        {"shape": (100, 4096, 32), "dtype": None, "memory": None},
    ),
    (
        "tensor",
        "ResourceExhaustedError: OOM when allocating tensor with shapedim { size: 3 } dim { size: 4 }",
        {"shape": (3, 4)},
    ),
    (
        "array",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 50.1 TiB for an array with shape (700000, 256, 256, 300)"
        " and data type float32",
        {
            "memory": "host",
            "shape": (700000, 256, 256, 300),
            "dtype": "float32",
            "asked": 700000 * 256 * 256 * 300 * 4,
        },
    ),
    (
        "array",
        "numpy.core._exceptions.MemoryError: Unable to allocate array with shape (430949, 430949) and data type uint8",
        {"shape": (430949, 430949), "said": None, "asked": 430949**2},
    ),
    ("array", "MemoryError: Unable to allocate 3.27 MiB for an array with shape (428991,", {"said": 3428844}),
    (
        "torch",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 22.78 GiB. GPU 0 has a total capacity of 31.47 GiB of"
        " which 12.73 GiB is free. Including non-PyTorch memory, this process has 18.73 GiB memory in use. Of the allocated"
        " memory 9.08 GiB is allocated by PyTorch, and 9.35 GiB is reserved by PyTorch but unallocated.",
        {
            "memory": "gpu",
            "said": round(22.78 * GIB),
            "limit": round(31.47 * GIB),
            "held": round(18.73 * GIB),
        },
    ),
    (
        "torch",
        "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 32.00 MiB. GPU 0 has a total capacty of 4.00 GiB of"
        " which 41.56 MiB is free.",
        {"said": 32 * MIB, "limit": 4 * GIB},
    ),
    (
        "torch",
        "RuntimeError: CUDA out of memory. Tried to allocate 2.26 GiB (GPU 0; 6.00 GiB total capacity; 781.59 MiB already"
        " allocated; 3.03 GiB free; 1.24 GiB reserved in total by PyTorch)",
        {"said": round(2.26 * GIB), "limit": 6 * GIB, "held": round(781.59 * MIB)},
    ),
    (
        "torch",
        "RuntimeError: MPS backend out of memory (MPS allocated: 8.06 GB, other allocations: 1.48 GB, max allowed: 9.07 GB)."
        " Tried to allocate 256.00 MB on private pool.",
        {"said": 256 * MIB, "memory": "gpu"},
    ),
    (
        "torch-host",
        "RuntimeError: [enforce fail at alloc_cpu.cpp:83] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to"
        " allocate 4194304000 bytes. Error code 12 (Cannot allocate memory)",
        {"memory": "host", "said": 4194304000},
    ),
    (
        "xla-request",
        "RESOURCE_EXHAUSTED: Failed to allocate request for 256.00MiB (268435456B) on device ordinal 0",
        {"memory": "gpu", "said": 256 * MIB},
    ),
    (
        "xla-space",
        "RESOURCE_EXHAUSTED: Ran out of memory in memory space hbm. Used 19.18G of 15.48G hbm. Exceeded hbm capacity by 3.70G.",
        {"memory": "gpu", "said": round(19.18 * GIB), "limit": round(15.48 * GIB)},
    ),
    (
        "xla",
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 7406166528 bytes.",
        {"memory": None, "said": 7406166528},
    ),
    (
        "xla",
        "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 13421772800000 bytes.",
        {"said": 13421772800000},
    ),
    (
        "copy",
        "InternalError: Failed copying input tensor from /job:localhost/replica:0/task:0/device:CPU:0 to"
        " /job:localhost/replica:0/task:0/device:GPU:0 in order to run _EagerConst: Dst tensor is not initialized.",
        {"memory": "gpu", "asked": None},
    ),
    (
        "allocator",
        "W tensorflow/core/common_runtime/bfc_allocator.cc:462] Allocator (GPU_0_bfc) ran out of memory trying to allocate"
        " 2.00GiB (rounded to 2147483648)requested by op model/conv2d_3/Conv2D",
        {"memory": "gpu", "said": 2 * GIB, "node": "model/conv2d_3/Conv2D"},
    ),
    ("torch", "RuntimeError: CUDA error: out of memory", {"memory": "gpu", "asked": None}),
    ("torch", "RuntimeError: cuda runtime error (2) : out of memory at THCStorage.cu:58", {"memory": "gpu"}),
    (
        "xla",
        "XlaRuntimeError: INTERNAL: Failed to allocate 2147483648 bytes for new constant",
        {"said": 2 * GIB},
    ),
    (
        "pinned",
        "E cuda_driver.cc:890] failed to alloc 17179869184 bytes on host: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
        {"memory": "host", "said": 16 * GIB},
    ),
    ("ray", "ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.", {}),
    (
        "dask",
        "distributed.nanny - WARNING - Worker exceeded 95% memory budget. Restarting",
        {"memory": "host"},
    ),
    (
        "image",
        "cv2.error: OpenCV(4.5.1) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 1440000000 bytes in function"
        " 'OutOfMemoryError'",
        {"said": 1440000000},
    ),
    ("arrow", "pyarrow.lib.ArrowMemoryError: malloc of size 8589934592 failed", {"said": 8 * GIB}),
    ("table", "pandas.errors.ParserError: Error tokenizing data. C error: out of memory", {"memory": "host"}),
    ("python", "MemoryError", {"memory": "host", "asked": None}),
    ("bad-alloc", "terminate called after throwing an instance of 'std::bad_alloc'", {"memory": "host"}),
    (
        "kernel",
        "May 15 23:09:30 ubuntu-01 kernel: [  518.050606] Out of memory: Killed process 15784 (python3) total-vm:11964kB,"
        " anon-rss:4288kB, file-rss:3028kB, shmem-rss:0kB",
        {"process": "python3", "held": 4288 * KIB, "memory": "host"},
    ),
    (
        "kernel",
        "[Sun Mar 30 08:24:00 2025] Out of memory: Killed process 15925 ((resolved)) total-vm:168424kB, anon-rss:4064kB",
        {"process": "(resolved)"},
    ),
    (
        "kernel-victim",
        "[ 1234.6] Killed process 1234 (python3) total-vm:81234567kB, anon-rss:31234567kB, file-rss:0kB",
        {"process": "python3", "held": 31234567 * KIB},
    ),
    (
        "kernel",
        "Out of memory: Kill process 1723 (python) score 947 or sacrifice child",
        {"process": "python"},
    ),
    (
        "cgroup",
        "[18026.221140] Memory cgroup out of memory: Killed process 140339 (python3) total-vm:120832kB, anon-rss:15596kB,"
        " file-rss:8924kB, shmem-rss:0kB, UID:0 pgtables:276kB oom_score_adj:-997",
        {"process": "python3", "held": 15596 * KIB},
    ),
    (
        "cgroup-kill",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a1,mems_allowed=0,oom_memcg=/docker/a1,task_memcg=/docker/a1,"
        "task=python,pid=4115,uid=0",
        {"process": "python"},
    ),
    (
        "kernel-kill",
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/init.scope,"
        "task=python,pid=7899,uid=0",
        {"process": "python"},
    ),
    (
        "kernel-call",
        "[ 7093.543707] uwsgi invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=986",
        {"process": "uwsgi"},
    ),
    (
        "systemd",
        "train.service: A process of this unit has been killed by the OOM killer.",
        {"memory": "host"},
    ),
    (
        "slurm",
        "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=191.batch cgroup. Some of your processes may have been killed"
        " by the cgroup out-of-memory handler.",
        {"memory": "host"},
    ),
    ("slurm", "slurmstepd: error: Detected 1 oom_kill event in StepId=11300781.0.", {}),
    ("slurm", "srun: error: o0616: task 0: Out Of Memory", {}),
    ("slurm", "slurmstepd: error: Exceeded job memory limit at some point.", {}),
    (
        "slurm-limit",
        "slurmstepd: error: Job 4711 exceeded memory limit (4232380 > 4194304), being killed",
        {"held": 4232380 * KIB, "limit": 4 * GIB},
    ),
    ("batch", "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit.", {}),
    (
        "batch",
        "=>> PBS: job killed: mem 17043456kb exceeded limit 16777216kb",
        {"held": 17043456 * KIB, "limit": 16 * GIB},
    ),
    ("kubernetes", "      Reason:       OOMKilled", {"sure": True}),
    ("kubernetes", '            "OOMKilled": true,', {"sure": True}),
    (
        "kubernetes",
        "The node was low on resource: memory. Container train was using 12345678Ki, which exceeds its request of 8Gi.",
        {"held": 12345678 * KIB},
    ),
    (
        "batch",
        "Container killed by YARN for exceeding memory limits. 10.4 GB of 10.4 GB physical memory used.",
        {"held": round(10.4 * GIB), "limit": round(10.4 * GIB)},
    ),
    (
        "notebook",
        "The replica workerpool0-0 ran out-of-memory and exited with a non-zero status of 9(SIGKILL).",
        {"sure": True},
    ),
    (
        "signal",
        "RuntimeError: DataLoader worker (pid 4711) is killed by signal: Killed. ",
        {"sure": False},
    ),
    ("notebook", "Your session crashed after using all available RAM.", {}),
    ("notebook", "Your notebook tried to allocate more memory than is available. It has restarted.", {}),
    ("system", "OSError: [Errno 12] Cannot allocate memory", {"memory": "host"}),
    (
        "system",
        "OSError: [WinError 1455] The paging file is too small for this operation to complete",
        {"memory": "host"},
    ),
    (
        "driver",
        "failed to allocate 15.77G (16937582592 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
        {"memory": "gpu", "said": 16937582592},
    ),
    ("driver", "Could not create cudnn handle: CUDNN_STATUS_ALLOC_FAILED", {"memory": "gpu"}),
    (
        "exhausted",
        "ResourceExhaustedError: failed to allocate memory [Op:AddV2]",
        {"memory": None, "op": "AddV2"},
    ),
    ("exit", "Process finished with exit code 137 (interrupted by signal 9: SIGKILL)", {"sure": False}),
    ("exit", "train-1 exited with code 137", {"sure": False}),
    ("exit", '    "ExitCode": 137,', {"sure": False}),
    (
        "signal",
        "subprocess.CalledProcessError: Command '['python', 'train.py']' died with <Signals.SIGKILL: 9>.",
        {"sure": False},
    ),
    ("shell", "Killed", {"sure": False, "memory": "host"}),
    (
        "shell",
        "/var/spool/slurmd/job00191/slurm_script: line 28:  8156 Killed                  python3 main.py --epochs 400",
        {},
    ),
    ("shell", "run.sh: Zeile 3: 12345 Abgebrochen (Killed)    python train.py", {"sure": False}),
    ("shell", "./run.sh: 第 3 行：12345 已杀死               python train.py", {}),
    ("shell", "run.sh: 第 3 列：12345 強制結束               python train.py", {}),
    ("shell", "run.sh : ligne 3 : 12345 Tué                     python train.py", {}),
    ("shell", "run.sh, linha 3: 12345 Morto (Killed)          python train.py", {}),
    ("shell", "run.sh: 3. sor: 12345 Kilőve                  python train.py", {}),
    ("shell", "Abgebrochen (Killed)", {}),
    ("shell", "[1]+  Убит                  python train.py", {}),
    ("shell", "[1]+  Killed                  python train.py", {}),
    ("shell", "zsh: killed     python train.py", {}),
    ("shell", "[1]  + 12345 killed     python train.py", {"sure": False}),
    ("shell", "Killed: 9", {}),
]


def failure_in(text: str) -> Failure | None:
    log = read(io.BytesIO(text.encode()))
    return None if log is None else log.main


@pytest.mark.parametrize(
    ("kind", "text", "named"), [pytest.param(*row, id=f"{row[0]}: {row[1][:40]}") for row in TEXTS]
)
def test_recognised(kind: str, text: str, named: dict[str, Any]) -> None:
    failure = failure_in(text + "\n")
    assert failure is not None
    assert failure.kind == kind
    assert {name: getattr(failure, name) for name in named} == named


def test_every_row_has_a_text() -> None:
    assert {row.kind for row in MESSAGES} == {kind for kind, _, _ in TEXTS}


@pytest.mark.parametrize(
    ("word", "encoding"),
    [(word, "utf-8") for word in KILLED] + [(word, "latin-1") for word in KILLED if max(word) < "\u0100"],
)
def test_killed_in_the_language_of_the_user(word: str, encoding: str) -> None:
    raw = f"Epoch 1/10\n{word}\n".encode(encoding)
    log = read(io.BytesIO(raw))
    assert log is not None
    assert (log.main.kind, log.main.line) == ("shell", 2)


BARS = [
    " 12/391 [>.............................] - ETA: 1:00 - loss: 0.6",
    "  1/391 [..............................] - ETA: 26:14",
    "391/391 [==============================] - 31s 78ms/step - loss: 2.1e-04 - accuracy: 1.0000   ",
    "     12/Unknown - 3s 240ms/step - loss: nan",
    "12/391 [===>..........................] - ETA: 3s - loss: 0.6931\b\b\b\b",
    "11/391 [>....] - ETA: 1:01 - loss: 0.7\b\b\b\b\r12/391 [=>....] - ETA: 1:00 - loss: 0.6",
    "12/391 [=>....] - ETA: 1:00 - loss: 0.6\r",
    "\x1b[1m12/391\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m1:00\x1b[0m 158ms/step - accuracy: 0.1 - loss: 2.3029",
    "\x1b[1m12/391\x1b[0m \x1b[32m━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m5s\x1b[0m 15ms/step",
    "\x1b[1m12/391\x1b[0m \x1b[32m━\x1b[0m\x1b[37m━━━\x1b[0m \x1b[1m1:00\x1b[0m 158ms/step - loss: 2.3029         ",
    "     12/Unknown \x1b[1m3s\x1b[0m 240ms/step - loss: 0.5",
    "Epoch 3:  45%|████▌     | 45/100 [00:03<00:04, 12.31it/s, loss=0.31]",
    "45it [01:03,  1.42s/it]",
    "step 12/391 loss=0.6000",
    "epoch 3, 45%",
]


@pytest.mark.parametrize("bar", BARS)
@pytest.mark.parametrize(
    "said",
    [
        *("Killed", "Killed: 9", "Getötet", "Processus arrêté", "已杀死", "zsh: killed     python train.py"),
        *(
            "[1]+  Killed                  python train.py",
            "run.sh: line 3: 12345 Killed      python train.py",
        ),
    ],
)
def test_killed_behind_a_progress_bar(bar: str, said: str) -> None:
    failure = failure_in(f"Epoch 1/10\n{bar}{said}\n")
    assert failure is not None
    assert (failure.kind, failure.line, failure.sure) == ("shell", 2, False)


@pytest.mark.parametrize(
    "text",
    [
        "Killed the old session",
        "overKilled",
        "12/391 [=>....] - ETA: 1:00 - loss: 0.6overKilled",
        "12/391 [=>....] - ETA: 1:00 - enemies: Killed",
        "12/391 [=>....] - ETA: 1:00 - loss: 0.6Killed by the scheduler",
        "columns: wave, wave3Killed",
        "state = State.Killed",
        "level 3 [hard]: 12 Killed",
        "3 Killed",
        "it took 12 s Killed",
        "The process was Killed",
        "Terminado",
        "Abgebrochen",
        "run.sh: Zeile 3: 12345 Abgebrochen             python train.py",
        "epoch 3: 12345 Killed by the scheduler",
        "Aborted (core dumped)",
        "ImportError: /usr/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate memory in static TLS block",
        "Could not load dynamic library 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open shared object file",
        "W bfc_allocator.cc:272] Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.18GiB with freed_by_count=0. The"
        " caller indicates that this is not a failure, but may mean that there could be performance gains if more memory"
        " were available.",
        '            "OOMKilled": false,',
        "ResourceExhaustedError: /tmp/model.ckpt; No space left on device",
        "grpc RESOURCE_EXHAUSTED: Received message larger than max (5000000 vs. 4194304)",
        "  except MemoryError:",
        "except tf.errors.ResourceExhaustedError as error:",
        "loss: 0.137 - accuracy: 0.99, exit",
        "exited with code 1",
        "step 137, exit criterion not met",
        "No module named 'memory_profiler'",
        "boom: 3 rooms",
        "the limit: 5",
    ],
)
def test_not_a_message(text: str) -> None:
    assert failure_in(text + "\n") is None
