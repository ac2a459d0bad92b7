"""Which device is chosen, and what is said when it is not there."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml

from tomocalc.errors import TomocalcError
from tomocalc.model.device import choose_device

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_cuda_without_a_gpu_is_an_error_with_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.9")
    with pytest.raises(TomocalcError, match="E401") as caught:
        choose_device("cuda")
    assert "CONDA_OVERRIDE_CUDA" in str(caught.value)
    assert "built for CUDA 12.9 but finds no GPU" in str(caught.value)


@pytest.mark.parametrize("driver", [None, "/usr/bin/nvidia-smi"])
def test_a_build_without_cuda_is_told_from_a_machine_without_gpu(
    monkeypatch: pytest.MonkeyPatch, driver: str | None
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(shutil, "which", lambda name: driver)
    with pytest.raises(TomocalcError, match="a build without CUDA") as caught:
        choose_device("cuda")
    assert ("has an NVIDIA driver" in str(caught.value)) == (driver is not None)


def test_hidden_devices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.9")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(TomocalcError, match="CUDA_VISIBLE_DEVICES is ''"):
        choose_device("cuda")


def test_auto_falls_back_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert choose_device("auto") == torch.device("cpu")
    assert "WARNING" in caplog.text
    assert "training on the CPU" in caplog.text


def test_cpu_says_nothing_and_sets_threads(caplog: pytest.LogCaptureFixture) -> None:
    before = torch.get_num_threads()
    try:
        assert choose_device("cpu", threads=1) == torch.device("cpu")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    assert not caplog.text


def test_only_jobs_that_can_use_a_gpu_ask_for_one() -> None:
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    asking = [rule for rule, asked in profile["set-resources"].items() if "gpu" in asked]
    assert asking
    for rule in asking:
        assert "choose_device(" in (ROOT / f"workflow/scripts/{rule}.py").read_text(), rule
