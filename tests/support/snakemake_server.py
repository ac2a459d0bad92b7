"""Snakemake without the seconds that imports take, for the many runs and jobs of a suite.

A process that has imported Snakemake and the libraries of the jobs, and has done nothing else, is
forked for every run and for every script of a job. Tests that kill Snakemake, and those of
environments, start it as a user does, and so its jobs.
"""

import atexit
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

PATIENCE = 900.0
"""Seconds that a run may take."""
LIBRARIES = (
    *("snakemake.cli", "snakemake.benchmark", "snakemake.report", "jinja2", "jsonschema"),
    *("msgspec", "numpy", "optuna", "PIL.Image", "polars", "pyarrow.parquet", "pydicom"),
    *("safetensors.numpy", "safetensors.torch", "scipy.ndimage", "scipy.stats", "skimage.filters"),
    *("sklearn.ensemble", "sklearn.linear_model", "sklearn.neighbors", "sklearn.svm"),
    *("torch", "xgboost"),
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ONE_THREAD: dict[str, str] = dict.fromkeys(THREADS, "1")
"""What Snakemake sets for a job of one thread; libraries look at it when they are imported."""


def snakemake_at_once(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``snakemake`` with *arguments* in *folder*, and return what it prints."""
    with tempfile.TemporaryDirectory() as place:
        outputs = [str(Path(place) / name) for name in ("stdout", "stderr")]
        with _forked(server(), "run", arguments, str(folder), dict(environment), outputs) as ended:
            ended.settimeout(PATIENCE)
            said_by = ended.makefile()
            said_by.readline()
            code = int(said_by.readline())
        said = [Path(path).read_text() for path in outputs]
    return subprocess.CompletedProcess(["snakemake", *arguments], code, *said)


@cache
def server() -> str:
    """Start the process that is forked, and return the address where it listens."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    address = f"{folder}/socket"
    started = subprocess.Popen(
        [sys.executable, "-c", f"from support.snakemake_server import serve; serve({address!r})"],
        stdin=subprocess.PIPE,  # it ends when this process has
        stdout=subprocess.PIPE,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    atexit.register(started.communicate)
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return address


def _forked(address: str, *request: Any) -> socket.socket:
    """Ask for a process; its number and, later, its exit code can be read from what returns."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(address)
    client.sendall(f"{json.dumps([address, *request])}\n".encode())
    return client


def serve(address: str) -> None:
    """Fork a process for every request, until the one that began this has ended."""
    for name in LIBRARIES:
        import_module(name)
    import_module("snakemake.cli").get_argument_parser()  # finds its plugins
    sys.path[:] = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix))]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"ready\n")
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(client)
            client.close()
            while _reaped():
                pass


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


def _answer(client: socket.socket) -> None:
    """Fork once more, tell the number of that process and how it ended.

    Whoever asked may measure the process until the connection is closed: so long it is known,
    ended or not.
    """
    address, kind, *request = json.loads(client.makefile().readline())
    child = os.fork()
    if child == 0:
        client.close()
        os._exit((_run if kind == "run" else _job)(address, *request))
    client.sendall(f"{child}\n".encode())
    ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    client.sendall(f"{code}\n".encode())
    client.recv(1)
    os._exit(0)


def _become(folder: str, environment: Mapping[str, str], outputs: Sequence[str]) -> None:
    """Take another folder, environment and outputs."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate((os.devnull, *outputs)):
        target = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(target, number)
        os.close(target)


def _run(
    address: str, arguments: list[str], folder: str, environment: dict[str, str], outputs: list[str]
) -> int:
    """Be Snakemake: its command line, and jobs that are forked too."""
    _become(folder, environment, outputs)
    sys.argv = ["snakemake", *arguments]
    sys.path.insert(0, folder)  # as for `python -m snakemake`
    from snakemake.benchmark import benchmarked
    from snakemake.cli import main
    from snakemake.script import PythonScript

    begin = PythonScript.execute_script

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        if self.conda_env is not None or self.threads != 1:
            return begin(self, fname, edit)
        variables = {**os.environ, **ONE_THREAD, "TMPDIR": str(self.resources.tmpdir)}
        with _forked(address, "job", fname, str(Path.cwd()), variables, outputs) as job:
            told = job.makefile()
            number, record = int(told.readline()), self.bench_record
            with benchmarked(number, record) if record else nullcontext():
                code = int(told.readline())
        if code:
            raise subprocess.CalledProcessError(code, [sys.executable, fname])
        return None

    PythonScript.execute_script = execute_script
    return _exit_code(main)


def _job(_: str, script: str, folder: str, variables: dict[str, str], outputs: list[str]) -> int:
    """Be the interpreter of a job's script, whose library is the one that PYTHONPATH names."""
    _become(folder, variables, outputs)
    own = variables.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [str(Path(script).parent), *filter(None, own)]
    sys.argv = [script]
    return _exit_code(lambda: runpy.run_path(script, run_name="__main__"))


def _exit_code(work: Any) -> int:
    """Do *work* as an interpreter does, with what that does at its end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 0
    try:
        work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException as error:
        code = 1
        sys.excepthook(type(error), error, error.__traceback__)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code
