# shellcheck shell=bash
# What the scripts of the peers share. Each is called as
#
#   NAME.sh install             on the machine: its packages, unless they are there; nothing is started
#   NAME.sh server DIR          in the namespaces of host s1: start what serves DIR/data; returns once it answers
#   NAME.sh client DIR MOUNT    in those of c1 and c2: mount it; the last line of the output is the directory to work in
#   NAME.sh processes DIR       the pids of the server, one a line; their children count too
#   NAME.sh stop DIR MOUNT      in each of them: take down what was started there
#
# Everything runs inside the namespaces of a cell (dev.d/hosts.sh), so that the network is the same for all, no port, mount or file of the machine is
# touched, and whatever should be left ends with the cell. What cannot be started complains in one line.
set -euo pipefail

readonly SERVER=10.77.0.11 # s1; see dev.d/hosts.sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# install_packages PACKAGE...: none of their services is started.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || fail "this is no Debian: ${missing[*]} cannot be installed"
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
  fi
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}") log
  log=$(mktemp)
  "${install[@]}" </dev/null >"$log" 2>&1 || { apt-get update && "${install[@]}"; } </dev/null >"$log" 2>&1 ||
    fail "apt-get cannot install ${missing[*]}: $(grep -E '^E:' "$log" | head -1) (log: $log)"
  rm -f "$log"
}

# begin NAME COMMAND...: a daemon that stays in the foreground. Its pid and log lie under DIR/run/HOST.
begin() {
  local name=$1
  shift
  mkdir -p "$RUN"
  setsid "$@" </dev/null >"$RUN/$name.log" 2>&1 &
  echo $! >"$RUN/$name.pid"
}

# await NAME CONDITION...: until it holds; fails with the daemon's last line when that ends, or after a while.
await() {
  local name=$1 deadline=$((SECONDS + 30))
  shift
  until "$@" >/dev/null 2>&1; do
    lives "$(<"$RUN/$name.pid")" || fail "$name did not start: $(tail -1 "$RUN/$name.log")"
    ((SECONDS < deadline)) || fail "$name does not answer: $(tail -1 "$RUN/$name.log")"
    sleep 0.1
  done
}

# Of this host: a number that was given to another process since is not ours.
lives() { [[ $(readlink "/proc/$1/ns/mnt" 2>/dev/null) == "$(readlink /proc/self/ns/mnt)" ]]; }

answers() { (: <>"/dev/tcp/$SERVER/$1") 2>/dev/null; }

is_mounted() { grep -qxF -- "$1" < <(cut -d' ' -f5 /proc/self/mountinfo); }

# The mount first: a client that is killed leaves one that answers nobody.
stop_all() {
  local file pid deadline=$((SECONDS + 5))
  ! is_mounted "$MOUNT" || umount "$MOUNT" 2>/dev/null || umount -l "$MOUNT" || true
  for file in "$RUN"/*.pid; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    ! lives "$pid" || kill -TERM "$pid" 2>/dev/null || true
  done
  for file in "$RUN"/*.pid; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    while lives "$pid" && ((SECONDS < deadline)); do sleep 0.1; done
    ! lives "$pid" || kill -KILL "$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

stop() { stop_all; }

# peer_main VERB DIR MOUNT: `install`, `server` and `client` are functions of the script that includes this.
peer_main() {
  local verb=$1
  DIR=${2:-} MOUNT=${3:-} RUN=${2:-}/run/$(uname -n)
  case $verb in
    install) install ;;
    server)
      mkdir -p "$DIR/data"
      server
      ;;
    client)
      mkdir -p "$MOUNT"
      client
      ;;
    processes) cat "$DIR"/run/s1/*.pid 2>/dev/null || true ;;
    stop) stop ;;
    *) fail "$verb is nothing a peer can do" ;;
  esac
}
