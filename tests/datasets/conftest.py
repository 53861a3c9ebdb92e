import pytest


@pytest.fixture
def root(tmp_path):
    """An empty folder for pictures."""
    folder = tmp_path / "paintings"
    folder.mkdir()
    return folder
