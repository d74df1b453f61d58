"""Every public item of the published crates is documented, and used in an example that `cargo test` compiles.

The example stands on the item itself, on another one of its crate, or on a page of the crate's; that of a
method names its type, too. What is `pub` can be reached from outside: the lint `unreachable_pub` sees to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from .repository import ROOT
from .test_packages import PUBLISHED

ITEM = re.compile(r"pub (?:const |async |unsafe )*(?:fn|struct|enum|trait|type|const|static|mod) (\w+)")
MACRO = re.compile(r"macro_rules! (\w+)")
TRAIT = re.compile(r"pub trait (\w+)")
IMPL = re.compile(r"impl(?:<[^>]*>)? (?:[\w:]+::)?(\w+)(?:<.*>)? (?:where.*)?\{?")
METHOD = re.compile(r"    (pub )?(?:const |async )*fn (\w+)")
BLOCK = re.compile(r"^```([\w,]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMPILED = {"", "rust", "no_run", "should_panic"}
# One macro makes a test of each function there, and a test knows that none is left out.
BY_MACRO = ("crates/testkit/src/rules/", "crates/testkit/src/faults/")
# They stand in a type's default only: nobody outside can name them.
UNNAMED = {"Single", "Blocking", "Hosted"}


@dataclass
class Item:
    """A public item, the type that it is a method of, and its documentation."""

    place: str
    name: str
    parent: str
    text: list[str] = field(default_factory=list)

    @property
    def examples(self) -> str:
        return compiled("\n".join(self.text))


def compiled(text: str) -> str:
    """The examples in a documentation that are compiled."""
    return "\n".join(code for info, code in BLOCK.findall(text) if set(info.split(",")) <= COMPILED)


def items_in(path: Path) -> list[Item]:
    found = []
    text: list[str] = []
    parent = trait = ""
    exported = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        bare = line.strip()
        if line == "mod tests {":
            break
        if bare.startswith("///"):
            text.append(bare[3:].removeprefix(" "))
            continue
        if line.startswith("}"):
            parent = trait = ""
        place = f"{path.relative_to(ROOT)}:{number}"
        exported |= bare == "#[macro_export]"
        if (item := ITEM.match(line)) or (exported and (item := MACRO.match(line))):
            found.append(Item(place, item[1], "", text))
            exported = False
        elif (method := METHOD.match(line)) and (trait or (parent and method[1])):
            found.append(Item(place, method[2], trait or parent, text))
        if opened := TRAIT.match(line):
            trait = opened[1]
        elif (opened := IMPL.match(line)) and " for " not in line:
            parent = opened[1]
        if not bare.startswith(("#[", ")]", "clippy::", "reason", "not(", "expect(")):
            text = []
    return found


@cache
def items(crate: str) -> list[Item]:
    folder = ROOT / "crates" / crate.removeprefix("flask-session-") / "src"
    tests = {"tests.rs"}
    return [
        item for path in sorted(folder.rglob("*.rs")) if path.name not in tests for item in items_in(path)
    ]


@cache
def examples(crate: str) -> list[str]:
    """All examples of a crate, those of an item or of a page together."""
    folder = ROOT / "crates" / crate.removeprefix("flask-session-")
    pages = [(folder / "README.md").read_text()]
    for path in folder.rglob("src/**/*.rs"):
        pages.append("\n".join(re.findall(r"^ *//! ?(.*)$", path.read_text(), re.MULTILINE)))
    found = [item.examples for item in items(crate)] + [compiled(page) for page in pages]
    return [example for example in found if example]


def is_shown(item: Item, crate: str) -> bool:
    if item.examples or item.name in UNNAMED or item.place.startswith(BY_MACRO):
        return True
    used = re.compile(rf"(?:\.|::|fn ){item.name}\b" if item.parent else rf"\b{item.name}\b")
    of_its_type = re.compile(rf"\b{item.parent}\b")
    return any(used.search(text) and of_its_type.search(text) for text in examples(crate))


@pytest.mark.parametrize("crate", PUBLISHED)
def test_every_public_item_is_in_an_example(crate: str) -> None:
    assert len(items(crate)) > 20
    assert [
        f"{item.place}: {item.parent}{'::' * bool(item.parent)}{item.name}"
        for item in items(crate)
        if not is_shown(item, crate)
    ] == []
