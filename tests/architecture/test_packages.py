"""The crates that may be published: what is in their packages, and what their manifests say."""

from __future__ import annotations

import re
import subprocess
import tarfile
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from cargo import metadata

from .repository import ROOT
from .test_documents import LINK, without_code

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED = ["flask-session-core", "flask-session-stores", "flask-session-testkit", "flask-session-tower"]
CATEGORIES = {
    "asynchronous",
    "database",
    "development-tools::testing",
    "encoding",
    "web-programming",
    "web-programming::http-server",
}
"""Those of crates.io's categories that we use: a misspelt one is dropped there without an error."""

BESIDE_SOURCES = {".cargo_vcs_info.json", "Cargo.toml", "Cargo.toml.orig", "LICENSE", "README.md"}
ALSO = {"flask-session-testkit": {"tests/own_store.rs"}}
"""Examples that a package's documentation sends its reader to."""


@cache
def package(name: str) -> dict[str, Any]:
    (found,) = (package for package in metadata()["packages"] if package["name"] == name)
    return found


def version(text: str) -> tuple[int, ...]:
    parts = tuple(map(int, text.split(".")))
    return parts + (0,) * (3 - len(parts))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages. They are built from by `make verify`."""
    folder = tmp_path_factory.mktemp("packed")
    command = [
        "cargo",
        "package",
        "--locked",
        "--offline",
        "--allow-dirty",
        "--no-verify",
        "--exclude-lockfile",
    ]
    command += [f"--target-dir={folder}", *(f"--package={name}" for name in PUBLISHED)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning")]
    # Tests and measurements stay here: they need the vectors and the servers of this repository.
    assert [line for line in warnings if not re.match(r"warning: ignoring (test|example|bench)", line)] == []
    return folder / "package"


def test_what_is_published_is_what_others_can_use() -> None:
    ours = {found["name"] for found in metadata()["packages"] if found["source"] is None}
    assert set(PUBLISHED) < ours
    assert {name for name in ours if package(name)["publish"] is None} == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_package_holds_its_sources_its_licence_and_what_it_says_of_itself(name: str, packed: Path) -> None:
    folder = ROOT / "crates" / name.removeprefix("flask-session-")
    top = f"{name}-{package(name)['version']}"
    with tarfile.open(packed / f"{top}.crate") as archive:
        licence = archive.extractfile(f"{top}/LICENSE")
        assert licence is not None
        assert licence.read() == (ROOT / "LICENSE").read_bytes()
        held = {path.removeprefix(f"{top}/") for path in archive.getnames()}
    sources = {str(path.relative_to(folder)) for path in folder.glob("src/**/*") if path.is_file()}
    assert held == sources | BESIDE_SOURCES | ALSO.get(name, set())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_manifest_says_what_crates_io_asks_for(name: str) -> None:
    found = package(name)
    assert found["description"]
    assert len(found["description"]) < 150
    assert found["license"] == "BSD-3-Clause"
    assert found["documentation"] == f"https://docs.rs/{name}"
    assert found["repository"] is None, "is there a public one now? Then README.md may link to it, too"
    assert 0 < len(found["keywords"]) <= 5
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{,19}", word) for word in found["keywords"])
    assert found["categories"]
    assert set(found["categories"]) <= CATEGORIES
    assert found["metadata"]["docs"]["rs"]["all-features"] is True


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_readme_links_to_nothing_that_its_package_lacks(name: str) -> None:
    readme = ROOT / "crates" / name.removeprefix("flask-session-") / "README.md"
    held = {path.name for path in readme.parent.glob("*")} | ALSO.get(name, set())
    links = {link for link in LINK.findall(without_code(readme)) if not link.startswith("https://")}
    assert links <= held


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_dependency_needs_a_newer_rust_than_the_one_that_is_stated(name: str) -> None:
    stated = package(name)["rust_version"]
    readme = ROOT / "crates" / name.removeprefix("flask-session-") / "README.md"
    assert f"Rust {stated} or newer" in readme.read_text()
    nodes = {node["id"]: node for node in metadata()["resolve"]["nodes"]}
    packages = {found["id"]: found for found in metadata()["packages"]}
    seen: set[str] = set()
    waiting = [package(name)["id"]]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if kinds != {"dev"} and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    asked = {packages[one]["name"]: version(packages[one]["rust_version"] or "0") for one in seen}
    assert len(asked) > 5
    assert {needing: asks for needing, asks in asked.items() if asks > version(stated)} == {}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_feature_is_explained_in_the_documentation(name: str) -> None:
    features = set(package(name)["features"]) - {"default"}
    readme = (ROOT / "crates" / name.removeprefix("flask-session-") / "README.md").read_text()
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", readme, re.MULTILINE))
    assert explained == features
