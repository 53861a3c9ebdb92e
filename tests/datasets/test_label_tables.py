"""Tables of labels as spreadsheets, pandas, Hugging Face and StyleGAN write them."""

import json
import shlex
from pathlib import Path

import pytest
from painted import RED, flat, noise, put, zipped

from ganart.datasets.base import UNKNOWN
from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.errors import UserError


def test_a_table_labels_pictures_with_and_without_ending(root, tmp_path):
    for index, name in enumerate(("a/1.png", "a/2.png", "b/3.png")):
        put(root, name, noise(index))
    table = "file;style;title\na/1;cubist;One\nb/3.png;fauvist;Drei, oder mehr\n"
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8-sig")
    pictures = load(ImageFolder(root=root, height=8, width=8, labels=str(tmp_path / "labels.csv"), factors=["style"]))
    assert [(factor.name, factor.classes) for factor in pictures.factors] == [("style", ("cubist", "fauvist"))]
    assert pictures.labels[:, 0].tolist() == [0, UNKNOWN, 1]


def test_a_table_is_found_beside_and_in_the_folder(root, tmp_path):
    put(root, "1.png", noise(0))
    (root / "inside.csv").write_text("file,style\n1,cubist\n")
    (tmp_path / "beside.csv").write_text("path,style\npaintings/1.png,fauvist\n")
    assert ImageFolder(root=root, labels="inside.csv").factors()[0].classes == ("cubist",)
    assert ImageFolder(root=root, labels="beside.csv").factors()[0].classes == ("fauvist",)


def test_columns_with_too_many_values_are_no_factors_unless_named(root, tmp_path, capsys):
    for index in range(101):
        put(root, f"{index}.png", flat(RED, (1, 1)))
    lines = [f"{index},title {index},{index % 3}" for index in range(101)]
    (tmp_path / "t.csv").write_text("\n".join(["file,title,period", *lines]))
    table = str(tmp_path / "t.csv")
    dataset = ImageFolder(root=root, height=1, width=1, labels=table)
    assert [factor.name for factor in dataset.factors()] == ["period"]
    load(dataset)
    assert "title (101 values)" in " ".join(capsys.readouterr().out.split())
    named = ImageFolder(root=root, height=1, width=1, labels=table, factors=["title"])
    assert len(named.factors()[0].classes) == 101


def test_a_table_that_matches_no_picture_shows_an_example_of_each_side(root, tmp_path):
    put(root, "a.png", noise(0))
    (tmp_path / "t.csv").write_text("file,style\nsunset.jpg,x\n")
    with pytest.raises(UserError, match=r'e\.g\. "sunset\.jpg".*e\.g\. "a\.png"'):
        ImageFolder(root=root, labels=str(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("file,style\na,\n", "no column has"),
        ("title,style\n", "column called file"),
        ("file,style\n", "no rows"),
        ("file\na\n", "files are the only column"),
    ],
)
def test_a_table_that_cannot_label_is_refused(root, tmp_path, table, words):
    put(root, "a.png", noise(0))
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(UserError, match=words):
        ImageFolder(root=root, labels=str(tmp_path / "t.csv"))


def test_a_column_that_no_picture_has_a_value_in_is_refused(root, tmp_path):
    put(root, "a.png", noise(0))
    (tmp_path / "t.csv").write_text("file,style\na,\nb,cubist\n")
    with pytest.raises(UserError, match="no picture has a style"):
        ImageFolder(root=root, labels=str(tmp_path / "t.csv"), factors=["style"])


def test_a_column_that_is_not_there_is_refused_with_the_nearest(root, tmp_path):
    put(root, "a.png", noise(0))
    (tmp_path / "t.csv").write_text("file,style\na,x\n")
    with pytest.raises(UserError, match=r"no column stile\. Did you mean style"):
        ImageFolder(root=root, labels=str(tmp_path / "t.csv"), factors=["stile"])


@pytest.fixture
def two(root):
    """A folder with two pictures, a.png and b/c.png."""
    put(root, "a.png", noise(0))
    put(root, "b/c.png", noise(1))
    return root


def styles(root, name, content) -> dict[str, list[str]]:
    """The classes of both pictures by factor, as the table `name` with `content` in `root` says."""
    (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    dataset = ImageFolder(root=root, labels=name)
    return {
        factor.name: [factor.classes[row[column]] for row in dataset._labelling.rows]
        for column, factor in enumerate(dataset.factors())
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "sep=;\nfile;style\na.png;x\nb/c.png;y, z\n"),
        ("t.csv", '"sep=,"\r\nfile,style\r\na.png,x\r\nb/c.png,"y, z"\r\n'),
        ("t.csv", 'Unnamed: 0,file,style\n0,a.png,x\n1,b/c.png,"y, z"\n'),
        ("t.csv", ',file,style\n0,a.png,x\n1,b/c.png,"y, z"\n'),
        ("t.csv", '\ufefffile,style\na.png,x\nb\\c.png,"y, z"\n'),
        ("t.csv", "file\tstyle\na.png\tx\nb/c.png\ty, z\n".encode("utf-16")),
        ("t.csv", b"\xfe\xff" + "file;style\na.png;x\nb/c.png;y, z\n".encode("utf-16-be")),
        ("metadata.csv", 'file_name,style\na.png,x\n./b/c.png,"y, z"\n'),
        (
            "metadata.jsonl",
            '{"file_name": "a.png", "style": "x", "box": {"h": 3}}\n\n{"file_name": "b/c.png", "style": "y, z"}\n',
        ),
        ("list.json", '[{"file": "a.png", "style": "x", "tags": ["p", "q"]}, {"file": "b/c.png", "style": "y, z"}]'),
    ],
)
def test_tables_of_other_tools(two, name, content):
    assert styles(two, name, content) == {"style": ["x", "y, z"]}


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ([["a.png", 3], ["b/c.png", 12]], {"class": ["3", "12"]}),
        ({"a.png": 3, "b/c.png": 12}, {"class": ["3", "12"]}),
        ([["a.png", [0, 1]], ["b/c.png", [1, 1]]], {"class0": ["0", "1"], "class1": ["1", "1"]}),
    ],
)
def test_the_table_of_stylegan(two, labels, found):
    assert styles(two, "dataset.json", json.dumps({"labels": labels})) == found


def test_a_table_in_the_zip_of_the_pictures(two, tmp_path):
    (two / "dataset.json").write_text('{"labels": [["a.png", 3], ["b/c.png", 12]]}')
    path = zipped(two, tmp_path / "pics.zip")
    (two / "dataset.json").unlink()
    assert ImageFolder(root=path, labels="dataset.json").factors()[0].classes == ("12", "3")


def test_a_table_beside_the_pictures_of_one_folder_names_them_as_seen_from_there(root):
    put(root, "train/a.png", noise(0))
    put(root, "test/a.png", noise(1))
    (root / "train/metadata.csv").write_text("file_name,style\na.png,x\n")
    labels = ImageFolder(root=root, labels="train/metadata.csv")._labelling.rows
    assert labels == [(UNKNOWN,), (0,)]


def test_a_usual_table_that_is_not_asked_for_is_told_where_nothing_else_gives_labels(root):
    put(root, "a.png", noise(0))
    (root / "metadata.jsonl").write_text('{"file_name": "a.png", "style": "x"}\n')
    assert any("dataset.labels=metadata.jsonl" in note for note in ImageFolder(root=root).notes())
    put(root, "cat/b.png", noise(1))
    assert not any("metadata" in note for note in ImageFolder(root=root).notes())


def test_a_table_that_labels_nothing_is_not_told(root):
    put(root, "a.png", noise(0))
    (root / "metadata.jsonl").write_text('{"file_name": "of another folder.png", "style": "x"}\n')
    (root / "dataset.json").write_text('{"labels": null}')
    assert ImageFolder(root=root).notes() == []


@pytest.mark.parametrize("place", ["metadata.csv", "my art/metadata.csv"])
@pytest.mark.parametrize("as_zip", [False, True])
def test_the_line_that_is_told_takes_the_table_as_typed(ganart, root, tmp_path, place, as_zip):
    for index in range(4):
        put(root, str(Path(place).with_name(f"{index}.png")), noise(index))
    (root / place).write_text("file_name,style\n" + "".join(f"{index}.png,{'xy'[index % 2]}\n" for index in range(4)))
    data = str(zipped(root, tmp_path / "pics.zip") if as_zip else root)
    status, text = ganart("dataset", data, "dataset.height=8", "dataset.width=8", "hydra.run.dir=first")
    assert status == 0, text
    notes = json.loads(Path("first/report.json").read_text(encoding="utf-8"))["notes"]
    (note,) = [note for note in notes if "lies there too" in note]
    line = note.partition("to take labels from it: ")[2]
    assert line in " ".join(text.split())
    status, text = ganart(
        "dataset", data, *shlex.split(line), "dataset.height=8", "dataset.width=8", "hydra.run.dir=second"
    )
    assert status == 0, text
    (factor,) = json.loads(Path("second/report.json").read_text(encoding="utf-8"))["factors"]
    assert [(row["name"], row["train"] + row["test"]) for row in factor["classes"]] == [("x", 2), ("y", 2)]


@pytest.mark.parametrize("encoding", ["gbk", "cp932", "big5", "cp1252", "cp1251"])
def test_a_table_that_is_not_utf8_is_read_rightly_and_said(two, encoding):
    words = {"gbk": "水墨画", "cp932": "浮世絵", "big5": "水墨畫", "cp1252": "Träumerei", "cp1251": "пейзаж"}
    table = f"file,style\na.png,{words[encoding]}\nb/c.png,x\n".encode(encoding)
    assert styles(two, "t.csv", table) == {"style": [words[encoding], "x"]}
    (note,) = [note for note in ImageFolder(root=two, labels="t.csv").notes() if "UTF-8" in note]
    assert f"read as {encoding}; if that is wrong: dataset.encoding=" in note


def test_the_encoding_of_a_table_can_be_said(two):
    (two / "t.csv").write_bytes("file,style\na.png,미술\n".encode("cp949"))
    dataset = ImageFolder(root=two, labels="t.csv", encoding="cp949")
    assert dataset.factors()[0].classes == ("미술",)
    assert not any("UTF-8" in note for note in dataset.notes())


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.jsonl"])
@pytest.mark.parametrize(
    "content", ["x" * 200_000, '{"a": ' * 3000, "\0\0\0,\0", '{"images": [' + '"a.png",' * 9999 + "1]}"]
)
def test_what_is_no_table_is_refused_without_printing_it(two, name, content):
    (two / name).write_text(content)
    with pytest.raises(UserError, match=f"dataset.labels={name}: ") as told:
        ImageFolder(root=two, labels=name)
    assert len(str(told.value)) < 1000


@pytest.mark.parametrize("name", ["dataset.json", "metadata.jsonl"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[" * 100_000, "nested more than"),
        ('{"labels": ' + "[" * 60 + "]" * 60 + "}", "nested more than"),
        ('{"file": "a.png", "x": ' + "9" * 5000 + "}", "thousands of digits"),
    ],
)
def test_json_that_is_too_deep_or_long_is_told_in_a_few_words(two, name, content, words):
    (two / name).write_text(content)
    with pytest.raises(UserError, match=f"dataset.labels={name}: it cannot be read as a table of labels .*{words}"):
        ImageFolder(root=two, labels=name)


def test_captions_with_the_line_ends_of_unicode_stay_on_their_line(two):
    content = '{"file_name": "a.png", "style": "x\u2028y"}\n{"file_name": "b/c.png", "style": "z"}\r\n'
    assert styles(two, "metadata.jsonl", content) == {"style": ["x\u2028y", "z"]}


def test_a_table_that_knows_no_name_says_how_names_were_read(root, tmp_path):
    put(root, "a.png", noise(0))
    (root / "t.csv").write_bytes("file,style\n그림.png,x\n".encode("cp949"))
    with pytest.raises(UserError, match=r"not one of its 1 rows.*read as gbk.*dataset\.encoding=cp949 \(그림\.png\)"):
        ImageFolder(root=root, labels="t.csv")


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"])
def test_a_spreadsheet_that_is_not_saved_as_csv_is_told(two, start):
    (two / "t.csv").write_bytes(start + bytes(100))
    with pytest.raises(UserError, match="Save it as CSV"):
        ImageFolder(root=two, labels="t.csv")


def test_a_table_with_many_columns_is_not_printed_whole(two):
    (two / "t.csv").write_text(",".join(f"column{n}" for n in range(5000)) + "\n")
    with pytest.raises(UserError, match=r"column0, column1.* and 4988 more"):
        ImageFolder(root=two, labels="t.csv")


def test_a_file_with_two_rows_is_told(two):
    styles(two, "t.csv", "file,style\na.png,x\na.png,y\nb/c.png,x\n")
    assert "t.csv: 1 rows name a file a second time" in ImageFolder(root=two, labels="t.csv").notes()[0]
