# What the scripts share: where things are, how to say what happens, how to get what is missing. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# PostgreSQL refuses to run as root and is then run as another user, who cannot enter /root.
if ((EUID == 0)); then cache=/var/cache/kaname; else cache=${HOME:-/nonexistent}/.cache/kaname; fi
cache=$(realpath --canonicalize-missing "${KANAME_CACHE:-$cache}")

say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# step NAME COMMAND...: says what runs and how long it took. A failure ends the script with the command's own status.
step() {
  local name=$1 began=$SECONDS
  shift
  say "$name"
  "$@"
  say "$name: passed in $((SECONDS - began)) s"
}

# need_apt PACKAGE PROBE...: installs the Debian package unless the probe command succeeds.
need_apt() {
  local package=$1 sudo=()
  shift
  if "$@" >/dev/null 2>&1; then return; fi
  command -v apt-get >/dev/null || die "\`$*\` fails here and there is no apt-get: install what Debian calls $package"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "\`$*\` fails here: as root, run apt-get install $package"
    sudo=(sudo)
  fi
  say "installing the Debian package $package"
  "${sudo[@]}" apt-get update -qq >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2
  "$@" >/dev/null 2>&1 || die "\`$*\` still fails after installing $package"
}

# What compiling needs beside Rust: SQLite, libpq and its OpenSSL are built from source, the last one by perl and make.
need_build_tools() {
  command -v cargo >/dev/null || die "cargo is missing: install Rust with rustup (https://rustup.rs)"
  need_apt build-essential cc --version
  need_apt make make --version
  need_apt perl perl -MFindBin -MIPC::Cmd -e 1
}

# Where cargo puts what it builds, whichever way that was configured.
target_dir() {
  cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}

# Prints where the binary is that is measured: the one that KANAME_APP names, or a release that is built now.
release_app() {
  if [[ -z ${KANAME_APP:-} ]]; then
    need_build_tools
    step "building app" cargo build --release --locked --bin app >&2
    KANAME_APP=$(target_dir)/release/app
  fi
  printf '%s\n' "$KANAME_APP"
}

# venv FILE: prints the path of a virtual environment with what a requirements file pins; made once for each content.
venv() {
  local file=$1 key dir lock
  need_apt python3-venv python3 -m ensurepip --version
  key=$({ python3 --version && cat "$file"; } | sha256sum | cut -c 1-12)
  dir=$cache/venv/$(basename "$file" .txt)-$key
  mkdir -p "$cache/venv"
  exec {lock}>"$dir.lock"
  flock "$lock"
  if [[ ! -e $dir/complete ]]; then
    say "installing $file into $dir"
    rm -rf "$dir"
    python3 -m venv "$dir" >&2
    "$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$file" >&2
    touch "$dir/complete"
  fi
  exec {lock}>&-
  printf '%s\n' "$dir"
}
