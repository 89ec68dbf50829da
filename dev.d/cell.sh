# shellcheck shell=bash
# ./dev cell: a cell of many hosts under one directory. D/cell.conf says what it was made as, D/cell.json what runs now.

cell_main() {
  local verb=${1:-} what=${1:-}
  shift || true
  case $verb in
    up | exec | cut | heal | kill | start | freeze | thaw | status | down) ;;
    owner) fail "hosts do not look for their owners yet: there is no idle detection before the full Butler" ;;
    *) fail "cell can up, exec, cut, heal, kill, start, freeze, thaw, status, down; see ./dev help" ;;
  esac
  [[ $# -ge 1 ]] || fail "cell $what needs the directory of the cell; see ./dev help"
  [[ $1 != -* ]] || fail "'$1' is no directory: cell $what D …; see ./dev help"
  need_root "cell $what"
  CELL_DIR=$(absolute "$1")
  shift
  [[ $verb == up ]] || cell_load
  "cell_$verb" "$@"
}

cell_load() {
  [[ -s $CELL_DIR/cell.conf ]] || fail "there is no cell in $CELL_DIR; ./dev cell up $CELL_DIR makes one"
  local name value
  while IFS='=' read -r name value; do
    case $name in
      cell) CELL_NAME=$value ;;
      hosts) CELL_HOSTS=$value ;;
      lease) CELL_LEASE=$value ;;
    esac
  done <"$CELL_DIR/cell.conf"
}

# cell_host HOST: complains unless it is one of this cell's.
cell_host() {
  [[ -n ${1:-} ]] || fail "name a host; this cell has: $CELL_HOSTS"
  [[ " $CELL_HOSTS " == *" $1 "* ]] || fail "there is no host '$1' in $CELL_DIR; it has: $CELL_HOSTS"
  HOST=$1
}

cell_up() {
  local servers=1 clients=2 host
  CELL_LEASE='' CELL_NAME=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      --servers) need_value "$@" && servers=$2 ;;
      --clients) need_value "$@" && clients=$2 ;;
      --lease) need_value "$@" && CELL_LEASE=$2 ;;
      --cell) need_value "$@" && CELL_NAME=$2 ;;
      *) fail "'$1' is not known here; see ./dev help" ;;
    esac
    shift 2
  done
  [[ $servers == 1 ]] || fail "a cell has one server so far: --servers 1"
  [[ $clients =~ ^[0-9]+$ && $clients -le 100 ]] || fail "--clients takes a number from 0 to 100"
  [[ $clients == 0 ]] || need_fuse
  cell_settle "$clients"
  # shellcheck disable=SC2086
  need_packages "mount" $PACKAGES_MOUNT
  build_executables
  trap cell_up_failed EXIT
  say "making namespaces for $CELL_HOSTS…"
  switch_up
  for host in $CELL_HOSTS; do host_up "$host"; done
  cell_server s1
  for host in $CELL_HOSTS; do [[ $host != c* ]] || cell_client "$host"; done
  [[ $clients == 0 ]] || cell_first_light
  cell_write_json
  trap - EXIT
  cell_tell
}

# Makes the directory, or takes up what an earlier cell left in it: its data stays.
cell_settle() {
  local clients=$1 lease=$CELL_LEASE name=$CELL_NAME i
  if [[ -s $CELL_DIR/cell.conf ]]; then
    cell_load
    [[ -z $(pid_in "$CELL_DIR/switch.pid") ]] || fail "this cell is up already; to end it: ./dev cell down $CELL_DIR"
    [[ -z $name || $name == "$CELL_NAME" ]] || fail "$CELL_DIR holds the cell $CELL_NAME; choose another directory for $name"
  elif [[ -d $CELL_DIR && -n $(ls -A "$CELL_DIR") ]]; then
    fail "$CELL_DIR is not empty and holds no cell; choose another directory"
  fi
  CELL_NAME=${name:-${CELL_NAME:-dev}} CELL_LEASE=${lease:-${CELL_LEASE:-12}}
  CELL_HOSTS=s1
  for ((i = 1; i <= clients; i++)); do CELL_HOSTS+=" c$i"; done
  mkdir -p "$CELL_DIR/passwords"
  chmod 755 "$CELL_DIR"
  chmod 700 "$CELL_DIR/passwords"
  printf 'cell=%s\nhosts=%s\nlease=%s\n' "$CELL_NAME" "$CELL_HOSTS" "$CELL_LEASE" >"$CELL_DIR/cell.conf"
  [[ -s $CELL_DIR/users ]] || printf '%s\n' "admin 0" "alice 1000" "bob 1001" >"$CELL_DIR/users"
  local user _
  while read -r user _; do new_password_file "$CELL_DIR/passwords/$user"; done <"$CELL_DIR/users"
}

cell_up_failed() {
  trap - EXIT
  say "that did not work; taking it down again (logs stay in $CELL_DIR/*/log)"
  (cell_down) >/dev/null 2>&1 || true
  exit 1
}

cell_server() {
  local place=$CELL_DIR/$1 at
  at=$(address_of "$1"):7100
  if [[ ! -s $place/server/server.json ]]; then
    say "$1: making the cell $CELL_NAME…"
    inside "$1" "$BIN/vice-server" init --dir "$place/server" --cell "$CELL_NAME" --host "$1" --listen "$at" --advertise "$at" \
      --admin admin --admin-password-file "$CELL_DIR/passwords/admin" >>"$place/log/vice-server.log" 2>&1 ||
      fail "the cell could not be made: $(tail -1 "$place/log/vice-server.log")"
  fi
  say "$1: starting vice-server…"
  start_part "$1" vice-server
}

cell_client() {
  local host=$1 log=$CELL_DIR/$1/log/venus-client.log token
  if [[ ! -s $CELL_DIR/$host/client/client.json ]]; then
    say "$host: joining the cell…"
    token=$(inside s1 "$BIN/vice-server" invite --dir "$CELL_DIR/s1/server" --host "$host")
    inside "$host" "$INSIDE/bin/venus-client" join "$token" --dir "$INSIDE/client" --host "$host" >>"$log" 2>&1 ||
      fail "$host could not join the cell: $(tail -1 "$log")"
  fi
  say "$host: mounting /afs, starting butler…"
  start_part "$host" venus-client
  start_part "$host" butler
}

cell_first_light() {
  local host user uid scratch=/afs/$CELL_NAME/scratch
  say "users, logins and the volume scratch…"
  for host in $CELL_HOSTS; do [[ $host != c* ]] || cell_login "$host" admin 0; done
  while read -r user uid; do
    [[ $user == admin ]] || cell_user "$user" "$uid"
  done <"$CELL_DIR/users"
  if ! inside c1 "$INSIDE/bin/afsx" volume show scratch >/dev/null 2>&1; then
    inside c1 "$INSIDE/bin/afsx" volume create scratch --mount "$scratch" >/dev/null || fail "the volume scratch could not be made"
    inside c1 "$INSIDE/bin/afsx" acl set "$scratch" alice write bob write || fail "the rights on $scratch could not be set"
  fi
}

# cell_user USER UID: makes the user, if the cell has none of that name, and logs the uid in on every client host.
cell_user() {
  local host
  if ! grep -qE "^ *[0-9]+ +$1( |$)" < <(inside c1 "$INSIDE/bin/afsx" user list); then
    inside c1 "$INSIDE/bin/afsx" user create "$1" <"$CELL_DIR/passwords/$1" >/dev/null || fail "the user $1 could not be made"
  fi
  for host in $CELL_HOSTS; do [[ $host != c* ]] || cell_login "$host" "$1" "$2"; done
}

cell_login() {
  inside "$1" setpriv --reuid "$3" --regid "$3" --clear-groups "$INSIDE/bin/afsx" login "$2" <"$CELL_DIR/passwords/$2" >/dev/null ||
    fail "$2 could not be logged in on $1"
}

cell_tell() {
  cat <<TEXT

Cell $CELL_NAME is up under $CELL_DIR: $CELL_HOSTS; lease $CELL_LEASE s.
  write here       /afs/$CELL_NAME/scratch, seen from inside the hosts
  you are          admin; also there: alice (uid 1000), bob (uid 1001); passwords: $CELL_DIR/passwords
  logs             $CELL_DIR/HOST/log
  stop             ./dev cell down $CELL_DIR
TEXT
  [[ $CELL_HOSTS == *c1* ]] || return 0
  local other=c1
  [[ $CELL_HOSTS != *c2* ]] || other=c2
  cat <<TEXT
Try:
  ./dev cell exec $CELL_DIR c1 -- sh -c 'echo hello > /afs/$CELL_NAME/scratch/hello'
  ./dev cell exec $CELL_DIR $other -- cat /afs/$CELL_NAME/scratch/hello
  ./dev cell exec $CELL_DIR c1 --user alice -- afsx run --on $other -- hostname
TEXT
}

cell_exec() {
  local user='' uid='' home=/root
  cell_host "${1:-}"
  shift
  while [[ $# -gt 0 && $1 != -- ]]; do
    case $1 in
      --user) need_value "$@" && user=$2 ;;
      --uid) need_value "$@" && uid=$2 ;;
      -*) fail "'$1' is not known here; what is to run stands behind --: ./dev cell exec D HOST [--user U | --uid N] -- CMD" ;;
      *) break ;;
    esac
    shift 2
  done
  [[ ${1:-} != -- ]] || shift
  [[ $# -gt 0 ]] || fail "say what to run: ./dev cell exec D HOST -- CMD"
  [[ -z $user ]] || uid=$(cell_uid "$user")
  uid=${uid:-0}
  [[ $uid =~ ^[0-9]+$ ]] || fail "--uid takes a number"
  user=$(awk -v uid="$uid" '$2 == uid {print $1}' "$CELL_DIR/users")
  [[ $uid == 0 ]] || home=$INSIDE/home/${user:-nobody}
  local environment=(HOME="$home" USER="${user:-$uid}" LANG=C.UTF-8 PATH="$INSIDE/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    TERM="${TERM:-dumb}" AFSX_DIR="$INSIDE/client" AFSLIKE_CELL="$CELL_NAME" "$(host_mark "$HOST")")
  local become=()
  [[ $uid == 0 ]] || become=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
  local holder
  holder=$(pid_in "$CELL_DIR/$HOST/holder.pid")
  [[ -n $holder ]] || fail "host $HOST is not up; type: ./dev cell up $CELL_DIR"
  exec nsenter -t "$holder" -n -m -u --wd=/ -- "${become[@]}" env -i "${environment[@]}" sh -c 'cd "$1" 2>/dev/null; shift; exec "$@"' \
    exec "$(cell_working_directory)" "$@"
}

# In the namespace, so that `afsx run` works from there; at / where a chdir into it might wait for what was cut or frozen.
cell_working_directory() {
  local host part
  for host in s1 "$HOST"; do
    [[ ! -e $CELL_DIR/$host/cut && -z $(compgen -G "$CELL_DIR/$host/frozen.*") ]] || { echo / && return; }
    for part in $(parts_of "$host"); do
      [[ $part == butler || -n $(pid_in "$CELL_DIR/$host/run/$part.pid") ]] || { echo / && return; }
    done
  done
  [[ $HOST == s* ]] && echo / || echo "/afs/$CELL_NAME/scratch"
}

# cell_uid USER: of a user this cell knows; another is made now and gets a uid of its own.
cell_uid() {
  local uid host
  uid=$(awk -v user="$1" '$1 == user {print $2}' "$CELL_DIR/users")
  if [[ -z $uid ]]; then
    [[ $1 =~ ^[a-z][a-z0-9._-]*$ ]] || fail "'$1' cannot be a user's name"
    uid=$(awk '$2 >= last {last = $2} END {print last + 1}' "$CELL_DIR/users")
    note "the cell has no user $1 yet: making one, with uid $uid"
    new_password_file "$CELL_DIR/passwords/$1"
    printf '%s %s\n' "$1" "$uid" >>"$CELL_DIR/users"
    for host in $CELL_HOSTS; do host_files "$host"; done
    cell_user "$1" "$uid" >&2
  fi
  printf '%s\n' "$uid"
}

cell_cut() {
  cell_host "${1:-}"
  on_switch ip link set "$HOST" nomaster
  touch "$CELL_DIR/$HOST/cut"
}

cell_heal() {
  cell_host "${1:-}"
  on_switch ip link set "$HOST" master afslike0
  rm -f "$CELL_DIR/$HOST/cut"
}

# cell_parts HOST [PART] [DEFAULT...]: into PARTS. Short names will do.
cell_parts() {
  local part=${2:-}
  case $part in vice | venus) part=$part-$([[ $part == vice ]] && echo server || echo client) ;; esac
  # shellcheck disable=SC2206
  [[ -n $part ]] && PARTS=("$part") || PARTS=(${3:-$(parts_of "$1")})
  [[ -z $part || " $(parts_of "$1") " == *" $part "* ]] || fail "'$part' is no part of host $1; it has: $(parts_of "$1")"
}

cell_signal() {
  local signal=$1 part pid
  shift
  for part in "$@"; do
    pid=$(pid_in "$CELL_DIR/$HOST/run/$part.pid")
    [[ -n $pid ]] || fail "$part does not run on $HOST; type: ./dev cell start $CELL_DIR $HOST"
    kill "-$signal" "$pid"
  done
}

cell_kill() {
  local part PARTS
  cell_host "${1:-}"
  cell_parts "$HOST" "${2:-}"
  for part in "${PARTS[@]}"; do
    [[ -n $(pid_in "$CELL_DIR/$HOST/run/$part.pid") ]] || continue
    cell_signal KILL "$part"
    rm -f "$CELL_DIR/$HOST/frozen.$part"
    await_end "$CELL_DIR/$HOST/run/$part.pid" || fail "$part on $HOST does not die"
  done
  cell_write_json
}

cell_start() {
  local part PARTS
  cell_host "${1:-}"
  cell_parts "$HOST" "${2:-}"
  for part in "${PARTS[@]}"; do start_part "$HOST" "$part"; done
  cell_write_json
}

cell_freeze() {
  local part PARTS
  cell_host "${1:-}"
  cell_parts "$HOST" "${2:-}" "$([[ $HOST == s* ]] && echo vice-server || echo venus-client)"
  cell_signal STOP "${PARTS[@]}"
  for part in "${PARTS[@]}"; do touch "$CELL_DIR/$HOST/frozen.$part"; done
}

cell_thaw() {
  local part PARTS
  cell_host "${1:-}"
  cell_parts "$HOST" "${2:-}" "$([[ $HOST == s* ]] && echo vice-server || echo venus-client)"
  cell_signal CONT "${PARTS[@]}"
  for part in "${PARTS[@]}"; do rm -f "$CELL_DIR/$HOST/frozen.$part"; done
}

cell_status() {
  local host part pid state
  printf '%-6s %-14s %-13s %-9s %s\n' HOST ADDRESS PART STATE PID
  for host in $CELL_HOSTS; do
    for part in $(parts_of "$host"); do
      pid=$(pid_in "$CELL_DIR/$host/run/$part.pid")
      state=${pid:+runs}
      [[ ! -e $CELL_DIR/$host/frozen.$part ]] || state=frozen
      [[ ! -e $CELL_DIR/$host/cut || -z $pid ]] || state=$state,cut
      printf '%-6s %-14s %-13s %-9s %s\n' "$host" "$(address_of "$host")" "$part" "${state:-down}" "$pid"
    done
  done
}

cell_down() {
  local host
  say "ending the cell in $CELL_DIR…"
  for host in $(tr ' ' '\n' <<<"$CELL_HOSTS" | tac); do
    [[ ! -d $CELL_DIR/$host ]] || host_down "$host"
  done
  stop_daemons 0 "$CELL_DIR/switch.pid"
  rm -f "$CELL_DIR/switch.log"
  cell_write_json
  say "ended; the data stays in $CELL_DIR"
}

cell_write_json() {
  local host part pid comma='' inner
  {
    printf '{\n  "cell": "%s",\n  "lease_seconds": %s,\n  "hosts": [' "$CELL_NAME" "$CELL_LEASE"
    for host in $CELL_HOSTS; do
      pid=$(pid_in "$CELL_DIR/$host/holder.pid")
      printf '%s\n    {"name": "%s", "address": "%s", "namespaces_pid": %s, "daemons": [' "$comma" "$host" "$(address_of "$host")" "${pid:-null}"
      comma=, inner=''
      for part in $(parts_of "$host"); do
        pid=$(pid_in "$CELL_DIR/$host/run/$part.pid")
        printf '%s\n      {"name": "%s", "pid": %s, "log": "%s"}' "$inner" "$part" "${pid:-null}" "$CELL_DIR/$host/log/$part.log"
        inner=,
      done
      printf ']}'
    done
    printf '\n  ]\n}\n'
  } >"$CELL_DIR/.cell.json.$$"
  mv "$CELL_DIR/.cell.json.$$" "$CELL_DIR/cell.json"
}
