"""No crate of ours may contain unsafe code, or allow itself some."""

from __future__ import annotations

from pathlib import Path

import tomllib

from cargo import metadata

from .repository import ROOT


def manifests() -> list[Path]:
    """The manifests of the workspace's members, as cargo sees them."""
    members = metadata()["workspace_members"]
    packages = metadata()["packages"]
    return [Path(package["manifest_path"]) for package in packages if package["id"] in members]


def test_the_workspace_forbids_unsafe_code() -> None:
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    assert workspace["lints"]["rust"]["unsafe_code"] == "forbid"


def test_every_crate_takes_the_lints_of_the_workspace_and_adds_none() -> None:
    assert len(manifests()) > 6
    for manifest in manifests():
        assert tomllib.loads(manifest.read_text())["lints"] == {"workspace": True}, manifest


def test_every_manifest_belongs_to_the_workspace() -> None:
    """One outside would have lints of its own."""
    found = {path for folder in ("crates", "examples") for path in (ROOT / folder).glob("*/Cargo.toml")}
    assert found == set(manifests())
