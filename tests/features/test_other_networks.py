"""DINOv2, CLIP, ArtFID's Inception and networks of one's own, from small files of the format that they really have."""

import hashlib

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from torchvision.models import Inception3

from ganart.errors import UserError
from ganart.features import CLIP, ArtInception, DINOv2, Module, extract

CPU = torch.device("cpu")
HUBCONF = """
import torch
dependencies = ["torch"]

def dinov2_vits14(pretrained=True):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(12, 384))
"""


@pytest.fixture
def rgb():
    return torch.randint(0, 256, (3, 20, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def own_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub"


def test_dinov2_comes_from_the_folder_of_torch_hub_without_a_network(own_hub, rgb, make_pictures):
    repository = own_hub / "facebookresearch_dinov2_main"
    repository.mkdir(parents=True)
    (repository / "hubconf.py").write_text(HUBCONF)
    network = DINOv2(model="vit-s-14")
    network.prepare(None, CPU)
    features, logits = extract(network, rgb, CPU)
    assert features.shape == (3, 384)
    assert logits.shape == (3, 0)
    assert features.std(0).max() > 1e-3
    assert network.score_name("fid") == "fd_dinov2_vits14"
    assert network.protocol()["features"] == "dinov2-vit-s-14"
    assert len(network.protocol()["weights_hash"]) == 64


def test_dinov2_that_cannot_be_had_is_told(own_hub, monkeypatch):
    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load", offline)
    with pytest.raises(UserError, match=r"features=dinov2: the weights could not be had \(no network\)"):
        DINOv2().prepare(None, CPU)
    with pytest.raises(UserError, match=r"loaded from torch\.hub's folder"):
        DINOv2(weights="file.pth")
    with pytest.raises(UserError, match=r"features\.model=vit-x: there is no such model. There are: vit-s-14"):
        DINOv2(model="vit-x")


class Archive(nn.Module):
    """What OpenAI's archive has of CLIP's picture side: a tiny vision transformer by the same names."""

    def __init__(self):
        super().__init__()
        width, patch, grid, out = 64, 16, 2, 512
        self.visual = nn.Module()
        visual = self.visual
        visual.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        visual.class_embedding = nn.Parameter(torch.randn(width))
        visual.positional_embedding = nn.Parameter(torch.randn(grid**2 + 1, width))
        visual.proj = nn.Parameter(torch.randn(width, out))
        visual.ln_pre, visual.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        block = nn.Module()
        block.attn = nn.MultiheadAttention(width, 1)
        block.ln_1, block.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        block.mlp = nn.Module()
        block.mlp.c_fc, block.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        visual.transformer = nn.Module()
        visual.transformer.resblocks = nn.ModuleList([block])
        self.text_projection = nn.Parameter(torch.randn(8, out))

    def forward(self, x):
        return x


@pytest.mark.filterwarnings("ignore")
def test_clip_reads_an_archive_of_openais_format_and_no_other_than_the_published_one(tmp_path, rgb, monkeypatch):
    torch.manual_seed(0)
    file = tmp_path / "ViT-B-32.pt"
    torch.jit.save(torch.jit.script(Archive()), str(file))
    with pytest.raises(UserError, match="SHA-256 begins with"):
        CLIP(weights=str(file)).prepare(None, CPU)
    for wanted in (None, hashlib.sha256(file.read_bytes()).hexdigest()):
        with pytest.raises(UserError, match="is not a file of weights alone, and is not opened"):
            CLIP(weights=str(file), sha256=wanted).prepare(None, CPU)
    monkeypatch.setattr(CLIP, "published_hash", lambda self: hashlib.sha256(file.read_bytes()).hexdigest())
    network = CLIP(weights=str(file))
    network.prepare(None, CPU)
    features, _ = extract(network, rgb, CPU)
    assert features.shape == (3, 512)
    assert features.std(0).max() > 1e-3
    assert network.score_name("kid") == "kd_clip_vitb32"


@pytest.mark.filterwarnings("ignore")
def test_clip_sees_the_same_by_a_state_dictionary_as_by_the_archive(tmp_path, rgb, monkeypatch):
    torch.manual_seed(0)
    archive, tensors = tmp_path / "ViT-B-32.pt", tmp_path / "tensors.pt"
    torch.jit.save(torch.jit.script(Archive()), str(archive))
    torch.save(torch.jit.load(str(archive)).state_dict(), tensors)
    with pytest.raises(UserError, match="SHA-256 begins with"):
        CLIP(weights=str(tensors)).prepare(None, CPU)
    with pytest.raises(UserError, match="has 512 features, and clip-vit-l-14 has 768"):
        CLIP(model="vit-l-14", weights=str(tensors), sha256=None).prepare(None, CPU)
    plain = CLIP(weights=str(tensors), sha256=None)
    plain.prepare(None, CPU)
    monkeypatch.setattr(CLIP, "published_hash", lambda self: hashlib.sha256(archive.read_bytes()).hexdigest())
    published = CLIP(weights=str(archive))
    published.prepare(None, CPU)
    assert torch.equal(extract(plain, rgb, CPU)[0], extract(published, rgb, CPU)[0])
    assert plain.protocol() == published.protocol()
    torch.save({"something": torch.ones(2)}, tensors)
    with pytest.raises(UserError, match="could not be had"):
        CLIP(weights=str(tensors), sha256=None).prepare(None, CPU)


def test_art_inception_is_torchvisions_network_with_its_file(tmp_path, rgb, make_pictures):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        reference = Inception3(aux_logits=False, init_weights=False, num_classes=17)
    file = tmp_path / "art_inception.pth"
    torch.save(reference.state_dict(), file)
    network = ArtInception(weights=str(file))
    network.prepare(None, CPU)
    reference.fc = nn.Identity()
    large = torch.randint(0, 256, (2, 80, 96, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = reference.eval()(large.permute(0, 3, 1, 2).float() / 255)
    assert_close(extract(network, large, CPU)[0], expected, rtol=1e-4, atol=1e-5)
    assert extract(network, rgb, CPU)[0].shape == (3, 2048)  # small pictures are enlarged
    assert network.score_name("fid") == "fd_art_inception"


def test_art_inception_refuses_a_file_of_something_else(tmp_path):
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "art_inception.pth")
    with pytest.raises(UserError, match="features=art_inception: the weights could not be had"):
        ArtInception(weights=str(tmp_path / "art_inception.pth")).prepare(None, CPU)


class Means(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images):
        features = self.scale * images.mean(dim=(2, 3))
        return features, 2 * features


def test_a_network_of_ones_own_sees_floats_and_may_have_classes(rgb, make_pictures, tmp_path):
    torch.save({"scale": torch.tensor([3.0])}, tmp_path / "scale.pth")
    network = Module(network=Means(), name="means", weights=str(tmp_path / "scale.pth"))
    network.prepare(make_pictures(rgb.numpy()), CPU)
    features, logits = extract(network, rgb, CPU)
    assert network.num_features == 3
    assert_close(features, 3 * (rgb.float() / 127.5 - 1).mean(dim=(1, 2)))
    assert_close(logits, 2 * features)
    assert network.score_name("fid") == "fd_means"


def test_a_network_of_ones_own_that_does_not_fit_is_told(rgb, make_pictures, tmp_path):
    with pytest.raises(UserError, match="does not take pictures of 16×20×3"):
        Module(network=nn.Conv2d(1, 2, 3), name="mine").prepare(make_pictures(rgb.numpy()), CPU)
    with pytest.raises(UserError, match=r"shape \(1, 3, 20, 16\), not \[N, D\]"):
        Module(network=nn.Identity(), name="mine").prepare(make_pictures(rgb.numpy()), CPU)
    with pytest.raises(UserError, match=r"features\.name=inception"):
        Module(network=Means(), name="inception")
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="does not fit the network"):
        Module(network=Means(), name="mine", weights=str(tmp_path / "other.pth")).prepare(
            make_pictures(rgb.numpy()), CPU
        )
