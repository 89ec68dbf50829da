# shellcheck shell=bash
# How ./dev speaks: progress on stderr, one line for an error, and where paths lie.

say() { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }

# One clear line, exit code 1.
fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# absolute PATH: as the caller meant it, whether it exists or not.
absolute() {
  case $1 in
    /*) realpath -m -- "$1" ;;
    *) realpath -m -- "$CALLED_FROM/$1" ;;
  esac
}

need_root() {
  [[ $(id -u) -eq 0 ]] || fail "$1 needs root, to mount and to act for other uids; type: sudo ./dev $1"
}

need_fuse() {
  [[ -e /dev/fuse ]] || fail "there is no /dev/fuse; type: modprobe fuse (in a container: start it with --device /dev/fuse --cap-add SYS_ADMIN)"
  { : <>/dev/fuse; } 2>/dev/null ||
    fail "/dev/fuse cannot be opened; in a container start it with --device /dev/fuse --cap-add SYS_ADMIN, else type: chmod 666 /dev/fuse"
}

# A host or cell name as vice-server takes it, made from what the machine is called.
machine_name() {
  local name
  name=$(uname -n | tr 'A-Z_' 'a-z-' | tr -cd 'a-z0-9.-' | sed -E 's/^[^a-z0-9]+//; s/[^a-z0-9]+$//' | cut -c1-63)
  printf '%s\n' "${name:-local}"
}

new_password_file() {
  [[ -s $1 ]] && return
  (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$1")
}

# need_value OPTION VALUE...: complains when an option stands without its value.
need_value() { [[ $# -ge 2 ]] || fail "option $1 needs a value; see ./dev help"; }
