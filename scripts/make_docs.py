"""Tables of parts in README.md, README.zh.md and docs/parts.md, written from conf/ between two markers: `make docs`.

What a part is comes from the first line of its file, where that is a comment, else from the docstring of its module. A
new part edits none of the three: they are generated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
BEGIN, END = "<!-- parts, written by make docs -->", "<!-- end of parts -->"


class Group(NamedTuple):
    """What is said of a group beside its options, in English and in Chinese."""

    english: str = ""
    chinese: str = ""


GROUPS = {
    "dataset": Group(
        "the default is drawn by ganart itself: eight styles × six subjects",
        "默认的图片由 ganart 自己绘制：八种风格 × 六种题材",
    ),
    "architecture": Group(
        "conditioned on any of the data set's labels with `dataset.condition=[style]`",
        "用 `dataset.condition=[style]` 以任意标签为条件",
    ),
    "head": Group(
        "how the discriminator sees labels: `head@architecture.discriminator.head=plain`",
        "判别器如何看待标签：`head@architecture.discriminator.head=plain`",
    ),
    "loss": Group(),
    "penalty": Group("any of them, each lazy with `every: k`", "任选几个，每个都可用 `every: k` 间隔计算"),
    "term": Group(
        "any of them, of either player's loss: `term=[lecam]`", "任选几个，加在任一玩家的损失上：`term=[lecam]`"
    ),
    "augment": Group("of all that the discriminator sees", "作用于判别器所见的一切图片"),
    "optimizer": Group(
        "one for each player: `optimizer@optimizer.discriminator=sgd`",
        "两个玩家各一个：`optimizer@optimizer.discriminator=sgd`",
    ),
    "schedule": Group("learning rates by images seen", "学习率随看过的图片数变化"),
    "features": Group(
        "what the scores look through; `module` is your own", "分数所用的特征网络；`module` 是自己的网络"
    ),
    "metric": Group("any of them", "任选几个"),
    "callback": Group("any of them", "任选几个"),
    "logger": Group("any of them; `csv` is always there", "任选几个；`csv` 总在"),
    "trainer": Group(
        "device, precision and memory layout; `auto` takes what the machine is good at",
        "设备、精度与内存布局；`auto` 自动选择",
    ),
    "experiment": Group("complete recipes", "完整配方"),
}


def options(group: str) -> list[str]:
    """Return the options of a group, those of the default recipe first."""
    found = sorted(file.stem for file in (CONF / group).glob("*.yaml"))
    first = [name for name in defaults(group) if name in found]
    return first + [name for name in found if name not in first]


def defaults(group: str) -> list[str]:
    """Return what the default recipe has of a group."""
    for entry in OmegaConf.load(CONF / "train.yaml").defaults:
        for key, chosen in entry.items() if isinstance(entry, DictConfig) else ():
            if str(key).partition("@")[0] == group and chosen is not None:
                return [chosen] if isinstance(chosen, str) else list(chosen)
    return []


def is_plural(group: str) -> bool:
    """Whether several options of a group are chosen at once."""
    return isinstance(OmegaConf.load(CONF / "train.yaml").get(group), DictConfig)


class Language(NamedTuple):
    """How a README joins what it says of a group."""

    file: str
    head: str
    comma: str
    semicolon: str
    default: str

    def row(self, group: str, note: str) -> str:
        """Return a group's line of the table."""
        names, chosen = options(group), defaults(group)
        told = [f"`{name}`" for name in names]
        if is_plural(group) and chosen:
            note = self.semicolon.join(filter(None, [note, f"{self.default} `{group}=[{','.join(chosen)}]`"]))
        elif chosen:  # of one that is chosen alone
            told[0] += f" ({self.default})" if self.comma == ", " else f"（{self.default}）"
        return f"| `{group}` | {self.semicolon.join(filter(None, [self.comma.join(told), note]))} |"

    def table(self) -> str:
        """Return the table of all groups, one a line."""
        notes = ((group, notes[self is CHINESE]) for group, notes in GROUPS.items())
        return "\n".join([f"| {self.head} |", "|---|---|", *(self.row(*pair) for pair in notes)])


ENGLISH = Language("README.md", "group | options", ", ", "; ", "default")
CHINESE = Language("README.zh.md", "组 | 选项", "、", "；", "默认")


def described(group: str, option: str) -> str:
    """Return one line about an option."""
    first, *others = (CONF / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines()
    if first.startswith("# @package"):
        first = others[0]
    if first.startswith("#"):
        return first.removeprefix("#").strip()
    for target in targets(OmegaConf.load(CONF / group / f"{option}.yaml")):
        kind = get_object(target)
        module = sys.modules[kind.__module__].__doc__ or ""
        if not isinstance(kind, type):
            return first_line(module)
        is_alone = sum(isinstance(value, type) and value.__module__ == kind.__module__ for value in public(kind)) == 1
        return first_line(module if is_alone and module else kind.__doc__ or module)
    return ""


def public(kind: Any) -> list[Any]:
    """Return what the module of `kind` holds under names without a _."""
    return [value for name, value in vars(sys.modules[kind.__module__]).items() if not name.startswith("_")]


def targets(node: Any) -> Iterator[str]:
    """Yield what a file names to be built, from the top down."""
    if isinstance(node, DictConfig):
        if "_target_" in node:
            yield node["_target_"]
        for key in node:
            if not OmegaConf.is_missing(node, key) and not OmegaConf.is_interpolation(node, key):
                yield from targets(node[key])


def first_line(docstring: str) -> str:
    return docstring.strip().partition("\n")[0]


def catalogue() -> str:
    """Return a table of the options of each group, with a line about each."""
    blocks = []
    for group, notes in GROUPS.items():
        lines = (
            [f"## {group}", "", f"{notes.english[:1].upper()}{notes.english[1:]}.", ""]
            if notes.english
            else [f"## {group}", ""]
        )
        lines += [f"| `{group}=` | |", "|---|---|"]
        lines += [
            f"| `{option}` | {described(group, option).replace('|', chr(92) + '|')} |" for option in options(group)
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def with_tables(root: Path = ROOT) -> dict[Path, str]:
    """Return what each of the generated documents would hold."""
    tables = {ENGLISH.file: ENGLISH.table(), CHINESE.file: CHINESE.table(), "docs/parts.md": catalogue()}
    documents = {}
    for name, table in tables.items():
        before, _, rest = (root / name).read_text(encoding="utf-8").partition(BEGIN)
        _, found, after = rest.partition(END)
        if not found:
            raise SystemExit(f"{name} lacks the lines {BEGIN} and {END}")
        documents[root / name] = f"{before}{BEGIN}\n{table}\n{END}{after}"
    return documents


def main() -> None:
    """Write the documents; with --check only say which of them are not up to date."""
    stale = {file: text for file, text in with_tables().items() if file.read_text(encoding="utf-8") != text}
    if "--check" in sys.argv and stale:
        raise SystemExit(f"{', '.join(file.name for file in stale)}: not what conf/ says. Type: make docs")
    for file, text in stale.items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
