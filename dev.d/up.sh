# shellcheck shell=bash
# ./dev up, down, env: a cell of one machine under one directory.
#
#   D/server  D/client   state of vice-server; of venus-client and butler
#   D/log  D/run         what the daemons say; their pid files
#   D/afs                the mount (AFSLIKE_MOUNT names another place)
#   D/admin.password     of the administrator `admin`

readonly UP_CELL=dev

up_places() {
  UP_DIR=$HERE/.cell
  UP_PORT=${AFSLIKE_PORT:-7100}
  while [[ $# -gt 0 ]]; do
    case $1 in
      --dir) need_value "$@" && UP_DIR=$(absolute "$2") ;;
      --port) need_value "$@" && UP_PORT=$2 ;;
      *) fail "'$1' is not known here; see ./dev help" ;;
    esac
    shift 2
  done
  [[ $UP_PORT =~ ^[0-9]+$ && $UP_PORT -ge 1 && $UP_PORT -le 65535 ]] || fail "'$UP_PORT' is no port"
  UP_MOUNT=$UP_DIR/afs
  [[ ! -s $UP_DIR/mount ]] || UP_MOUNT=$(<"$UP_DIR/mount")
  [[ -z ${AFSLIKE_MOUNT:-} ]] || UP_MOUNT=$(absolute "$AFSLIKE_MOUNT")
  local socket=$UP_DIR/client/run/supervisor.sock
  [[ ${#socket} -lt 108 ]] || fail "$UP_DIR is too long a path for unix sockets; choose another with --dir"
}

up_main() {
  up_places "$@"
  need_root up
  need_fuse
  if [[ -n $(pid_in "$UP_DIR/run/venus-client.pid") && -n $(pid_in "$UP_DIR/run/vice-server.pid") ]]; then
    fail "it is up already, at $UP_MOUNT/$UP_CELL/scratch; to stop it: ./dev down$(dir_option)"
  fi
  up_check_port
  # shellcheck disable=SC2086
  need_packages "mount" $PACKAGES_MOUNT
  build_executables
  mkdir -p "$UP_DIR/log" "$UP_DIR/run"
  chmod 755 "$UP_DIR"
  printf '%s\n' "$UP_MOUNT" >"$UP_DIR/mount"
  up_server
  up_client
  up_first_light
  up_tell
}

up_check_port() {
  [[ -z $(pid_in "$UP_DIR/run/vice-server.pid") ]] || return 0
  if [[ -s $UP_DIR/server/server.json ]]; then
    UP_PORT=$(sed -nE 's/.*"listen": *"[^"]*:([0-9]+)".*/\1/p' "$UP_DIR/server/server.json")
  fi
  port_is_taken 127.0.0.1 "$UP_PORT" || return 0
  if [[ -s $UP_DIR/server/server.json ]]; then
    fail "port $UP_PORT, which this cell was made with, is taken by another program; stop that one, or take another cell: ./dev up --dir D --port N"
  fi
  fail "port $UP_PORT is taken by another program; choose another: ./dev up --port N"
}

up_server() {
  new_password_file "$UP_DIR/admin.password"
  if [[ ! -s $UP_DIR/server/server.json ]]; then
    say "making the cell $UP_CELL…"
    "$BIN/vice-server" init --dir "$UP_DIR/server" --cell "$UP_CELL" --host "$(machine_name)" \
      --listen "127.0.0.1:$UP_PORT" --advertise "127.0.0.1:$UP_PORT" --admin admin \
      --admin-password-file "$UP_DIR/admin.password" >>"$UP_DIR/log/vice-server.log" 2>&1 ||
      fail "the cell could not be made: $(tail -1 "$UP_DIR/log/vice-server.log")"
  fi
  say "starting vice-server…"
  start_daemon vice-server "$UP_DIR/run/vice-server.pid" "$UP_DIR/log/vice-server.log" "$BIN/vice-server" run --dir "$UP_DIR/server"
}

up_client() {
  local log=$UP_DIR/log/venus-client.log
  if [[ ! -s $UP_DIR/client/client.json ]]; then
    say "joining the cell as $(machine_name)…"
    "$BIN/venus-client" join "$("$BIN/vice-server" invite --dir "$UP_DIR/server" --host "$(machine_name)")" --dir "$UP_DIR/client" --host "$(machine_name)" \
      >>"$log" 2>&1 || fail "this machine could not join the cell: $(tail -1 "$log")"
  fi
  if [[ -z $(pid_in "$UP_DIR/run/venus-client.pid") ]]; then
    say "mounting at $UP_MOUNT…"
    [[ -n $(up_supervisor) ]] || ! is_mounted "$UP_MOUNT" || umount -l "$UP_MOUNT"
    is_mounted "$UP_MOUNT" || mkdir -p "$UP_MOUNT" || fail "$UP_MOUNT cannot be made; name another place: AFSLIKE_MOUNT=DIR ./dev up"
  fi
  start_daemon venus-client "$UP_DIR/run/venus-client.pid" "$log" "$BIN/venus-client" run --dir "$UP_DIR/client" --mount "$UP_MOUNT"
  say "starting butler…"
  start_daemon butler "$UP_DIR/run/butler.pid" "$UP_DIR/log/butler.log" \
    "$BIN/butler" run --dir "$UP_DIR/client" --scratch "/var/tmp/afslike-jobs-$(stat -c %i "$UP_DIR")"
}

# The supervisor is venus-client's child, not ours: it is known by its socket.
up_supervisor() {
  local line
  for line in /proc/[0-9]*/cmdline; do
    [[ $(tr '\0' ' ' 2>/dev/null <"$line") == *"venus-supervisor --"*"$UP_DIR/client/run/"* ]] && basename "$(dirname "$line")"
  done
  return 0
}

up_afsx() { AFSX_DIR=$UP_DIR/client "$BIN/afsx" "$@"; }

up_first_light() {
  say "logging you in…"
  up_login 0 "$(id -g)"
  [[ -z ${SUDO_UID:-} || $SUDO_UID == 0 ]] || up_login "$SUDO_UID" "${SUDO_GID:-$SUDO_UID}"
  if ! up_afsx volume show scratch >/dev/null 2>&1; then
    say "making the volume scratch…"
    up_afsx volume create scratch --mount "$UP_MOUNT/$UP_CELL/scratch" >/dev/null ||
      fail "the volume scratch could not be made (logs: $UP_DIR/log)"
  fi
}

up_login() {
  setpriv --reuid "$1" --regid "$2" --clear-groups env AFSX_DIR="$UP_DIR/client" \
    "$BIN/afsx" login admin <"$UP_DIR/admin.password" >/dev/null || fail "uid $1 could not be logged in (logs: $UP_DIR/log)"
}

dir_option() { [[ $UP_DIR == "$HERE/.cell" ]] || printf ' --dir %q' "$UP_DIR"; }

up_tell() {
  local host scratch=$UP_MOUNT/$UP_CELL/scratch
  host=$(machine_name)
  cat <<TEXT

AfsLike is up: cell $UP_CELL, this machine is its host $host.
  write here       $scratch
  you are          $(up_afsx whoami 2>/dev/null | sed -nE 's/^user +//p' | head -1) (password: $UP_DIR/admin.password)
  logs             $UP_DIR/log
  stop             ./dev down$(dir_option)
Try:
  eval "\$(./dev env$(dir_option))"
  cp -r README.md docs $scratch/ && ls -l $scratch
  cd $scratch && afsx run --on $host -- uname -a
  afsx doctor
A second host: ./dev cell up /tmp/cell --clients 2
TEXT
}

down_main() {
  up_places "$@"
  need_root down
  [[ -d $UP_DIR/run ]] || fail "there is no cell under $UP_DIR; ./dev up makes one"
  say "stopping…"
  stop_daemons 10 "$UP_DIR/run/butler.pid" "$UP_DIR/run/venus-client.pid"
  local pid
  for pid in $(up_supervisor); do
    remember_pid "$UP_DIR/run/supervisor-$pid.pid" "$pid"
    stop_daemons 5 "$UP_DIR/run/supervisor-$pid.pid"
  done
  ! is_mounted "$UP_MOUNT" || umount -l "$UP_MOUNT" || fail "$UP_MOUNT could not be unmounted; type: umount -l $UP_MOUNT"
  stop_daemons 10 "$UP_DIR/run/vice-server.pid"
  say "stopped; the data stays in $UP_DIR"
}

env_main() {
  up_places "$@"
  printf 'export AFSX_DIR=%q\nexport PATH=%q:"$PATH"\n' "$UP_DIR/client" "$BIN"
}
