import pytest
import torch

from ganart.errors import UserError
from ganart.machine import hardware
from ganart.machine.hardware import choose, full_float32


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be a machine of some kind."""

    def pretend(*, cuda=False, mps=False, bfloat16=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "Pretend GPU")
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation=True: bfloat16 or including_emulation
        )
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(hardware, "cpu_has_bfloat16", lambda: bfloat16)

    return pretend


@pytest.mark.parametrize(
    ("kind", "accelerator", "precision"),
    [
        ({}, "cpu", "32"),
        ({"bfloat16": True}, "cpu", "bf16-mixed"),
        ({"cuda": True}, "cuda", "32"),
        ({"cuda": True, "bfloat16": True}, "cuda", "bf16-mixed"),
        ({"mps": True}, "mps", "32"),
        ({"mps": True, "bfloat16": True}, "mps", "32"),
        ({"cuda": True, "mps": True}, "cuda", "32"),
    ],
    ids=str,
)
def test_auto_is_what_the_machine_is_good_at(machine, kind, accelerator, precision):
    machine(**kind)
    choice = choose("auto", "auto", "auto")
    assert (choice.accelerator, choice.precision, choice.channels_last) == (accelerator, precision, True)
    assert choice.reason != "as asked"


@pytest.mark.parametrize("precision", ["32", "16-mixed", "bf16-mixed", "64"])
@pytest.mark.parametrize("channels_last", [True, False])
def test_what_the_user_has_set_stands(machine, precision, channels_last):
    machine(cuda=True, bfloat16=True)
    choice = choose("cpu", precision, channels_last)
    assert (choice.accelerator, choice.precision, choice.channels_last) == ("cpu", precision, channels_last)
    assert choice.reason == "as asked"


def test_precision_given_as_a_number_becomes_text(machine):
    machine()
    assert choose("cpu", 32, "auto").precision == "32"


def test_cpu_asked_for_on_a_machine_with_a_gpu_has_the_cpus_precision(machine):
    machine(cuda=True)
    assert choose("cpu", "auto", "auto").precision == "32"
    machine(cuda=True, bfloat16=True)
    assert choose("cpu", "auto", "auto").precision == "bf16-mixed"


def test_gpu_asked_for_without_one_is_told_to_the_user(machine):
    machine(bfloat16=True)
    with pytest.raises(UserError, match="torch sees no GPU here"):
        choose("gpu", "auto", "auto")


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("model name\t: a CPU of the bf16 kind\nflags\t\t: fpu\n", False),
        ("", False),
    ],
)
def test_bfloat16_of_a_cpu_is_read_from_its_flags(monkeypatch, cpuinfo, expected):
    monkeypatch.setattr(hardware.Path, "read_text", lambda self, encoding: cpuinfo)
    assert hardware.cpu_has_bfloat16.__wrapped__() is expected


def test_a_machine_without_cpuinfo_has_no_bfloat16(monkeypatch):
    def missing(self, encoding):
        raise FileNotFoundError

    monkeypatch.setattr(hardware.Path, "read_text", missing)
    assert hardware.cpu_has_bfloat16.__wrapped__() is False
    assert isinstance(hardware.cpu_name(), str)


def test_cpu_name_is_the_model_name(monkeypatch):
    monkeypatch.setattr(
        hardware.Path, "read_text", lambda self, encoding: "vendor_id\t: V\nmodel name\t: Fast: CPU @ 3 GHz\n"
    )
    assert hardware.cpu_name() == "Fast: CPU @ 3 GHz"


@pytest.mark.parametrize("usual", ["highest", "high", "medium"])
def test_full_float32_knows_no_tf32_and_gives_back_what_was_set(usual):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(usual)
    try:
        with full_float32(torch.device("cpu")):
            inside = torch.get_float32_matmul_precision()
            tf32 = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        assert (inside, tf32) == ("highest", (False, False))
        assert torch.get_float32_matmul_precision() == usual
    finally:
        torch.set_float32_matmul_precision(before)


def test_images_lie_on_a_gpu_that_has_four_times_their_room_free_and_nowhere_else(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (4000, 9000))
    assert hardware.has_room(torch.device("cuda", 0), 1000)
    assert not hardware.has_room(torch.device("cuda", 0), 1001)
    assert not hardware.has_room(torch.device("cpu"), 1)
