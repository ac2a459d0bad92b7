"""Where the model is computed, and what to do when that is not there."""

import logging
import os
import shutil
from typing import Any

import torch

from tomocalc.errors import fault
from tomocalc.log import keep_freed_memory

log = logging.getLogger(__name__)


def choose_device(name: str, *, precision: str = "float32", threads: int = 1) -> torch.device:
    """Return the device for *name* (auto, cpu, cuda) and set it up for repeatable results.

    Parameters
    ----------
    precision
        ``float32``, ``tf32`` or ``bf16``; only CUDA devices know the last two.
    threads
        CPU threads. One is best for this size of model: a second gained nothing on a quiet
        machine, and two spinning threads ran ten times slower than one on a busy machine.

    Raises
    ------
    TomocalcError
        ``E401`` when ``cuda`` is asked for and not there.
    """
    torch.set_num_threads(threads)
    reason = None if torch.cuda.is_available() else why_no_cuda()
    if name == "cuda" and reason:
        raise fault("no_cuda", "configuration key model.device", reason)
    if name == "auto" and reason:
        log.warning("device auto: training on the CPU, because %s", reason)
    if name == "cpu" or reason:
        keep_freed_memory()
        return torch.device("cpu")
    return _prepared_cuda(precision)


def why_no_cuda() -> str:
    """Tell a PyTorch without CUDA from a machine without a (visible) GPU."""
    if torch.version.cuda is None:
        seen = " although this machine has an NVIDIA driver" if shutil.which("nvidia-smi") else ""
        return f"PyTorch {torch.__version__} is a build without CUDA{seen}"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None:
        return f"PyTorch finds no GPU, CUDA_VISIBLE_DEVICES is {hidden!r}"
    return f"PyTorch was built for CUDA {torch.version.cuda} but finds no GPU or driver"


def _prepared_cuda(precision: str) -> torch.device:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before CUDA is initialised
    torch.use_deterministic_algorithms(mode=True)
    memory: Any = torch.utils.deterministic
    memory.fill_uninitialized_memory = False  # nothing reads it, and filling is a launch each
    torch.backends.cudnn.benchmark = False
    mode = "tf32" if precision == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = mode
    torch.backends.cudnn.rnn.fp32_precision = mode  # pyright: ignore[reportAttributeAccessIssue]
    log.info("training on %s, %s", torch.cuda.get_device_name(), precision)
    return torch.device("cuda")
