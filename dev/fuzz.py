"""Runs the fuzzers of crates/fuzz, each for a minute, guided by coverage.

Usage: python dev/fuzz.py [--seconds SECONDS] [TARGET ...]     (default: all targets)

What a fuzzer has found interesting is kept in target/fuzz/corpus, and is where the next run begins. An input
that panics, hangs or takes too much memory is added to crates/fuzz/seeds/TARGET, where `make test` finds it.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "target" / "fuzz"
CRATE = ROOT / "crates" / "fuzz"
PACKAGE = ["--locked", "--quiet", "--package=flask-session-fuzz"]

INSTRUMENTED = [
    *("-Cpasses=sancov-module", "-Ccodegen-units=1"),
    *(
        f"-Cllvm-args=-sanitizer-coverage-{what}"
        for what in ("level=4", "inline-8bit-counters", "pc-table", "trace-compares")
    ),
]
"""What `cargo fuzz --sanitizer none` sets, as far as a stable compiler knows it."""

STACK = 512 << 10
"""Bytes, as in crates/fuzz/tests/targets.rs."""
HANG = 60
"""Seconds, far more than any input takes on any machine."""
MEGABYTES = 1024


def host() -> str:
    version = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"^host: (.+)$", version, re.MULTILINE)
    assert found is not None
    return found[1]


def build() -> tuple[Path, list[str]]:
    """Builds the fuzzers and writes their seeds: the program, and the names of the targets."""
    # With --target, what runs during the build isn't instrumented.
    command = ["cargo", "build", *PACKAGE, "--profile=fuzz", "--features=libfuzzer", f"--target={host()}"]
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(BUILD / "build"),
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(INSTRUMENTED),
    }
    subprocess.run([*command, "--bin=fuzz"], cwd=ROOT, check=True, env=environment)
    shutil.rmtree(BUILD / "seeds", ignore_errors=True)
    seeds = ["cargo", "run", *PACKAGE, "--bin=write_seeds", "--", str(BUILD / "seeds")]
    names = subprocess.run(seeds, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return BUILD / "build" / host() / "fuzz" / "fuzz", names


def fuzz(program: Path, name: str, seconds: int) -> bool:
    """Whether one target held. Says what was tried."""
    corpus, found = BUILD / "corpus" / name, BUILD / "found" / name
    shutil.rmtree(found, ignore_errors=True)
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-timeout={HANG}", f"-rss_limit_mb={MEGABYTES}"]
    options += ["-max_len=16384", "-print_final_stats=1", f"-artifact_prefix={found}/"]
    dictionary = CRATE / "dictionaries" / f"{name}.dict"
    options += [f"-dict={dictionary}"] if dictionary.exists() else []
    done = subprocess.run(
        [program, *options, corpus, BUILD / "seeds" / name],
        env={**os.environ, "FUZZ_TARGET": name, "RUST_BACKTRACE": "0"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK)),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        print(done.stderr[-4000:])
        keep(found, name)
    print(f"figures: {name}: {summary(done.stderr)}", flush=True)
    return done.returncode == 0


def summary(told: str) -> str:
    """What libFuzzer said of its run."""
    inputs = re.findall(r"number_of_executed_units: (\d+)", told)
    coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", told)
    memory = re.findall(r"peak_rss_mb:\s+(\d+)", told)
    if not (inputs and coverage and memory):
        return "it ended early"
    edges, _, kept = coverage[-1]
    return f"{int(inputs[-1]):,} inputs, {edges} edges covered by {kept} of them, {memory[-1]} MB at most"


def keep(found: Path, name: str) -> None:
    """Makes the inputs that failed seeds, which `make test` plays."""
    for path in sorted(found.iterdir()):
        seeds = CRATE / "seeds" / name
        seeds.mkdir(exist_ok=True)
        print(f"kept as {shutil.copy(path, seeds / path.name)}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    arguments = parser.parse_args()
    program, names = build()
    for name in arguments.targets:
        if name not in names:
            parser.error(f"unknown target {name}; known: {', '.join(names)}")
    held = [fuzz(program, name, arguments.seconds) for name in arguments.targets or names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
