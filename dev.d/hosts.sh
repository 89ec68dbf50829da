# shellcheck shell=bash
# The hosts of a cell on one machine. Each is three namespaces (network, mount, uts), held open by a sleeping process; all
# hang on a bridge in a network namespace of its own, so that nothing of this machine's network is touched.
#
#   D/switch.pid              holds the bridge's namespace
#   D/HOST/holder.pid         holds the host's
#   D/HOST/{run,log,client|server,jobs,home}
#   D/HOST/cut, frozen.PART   marks of what was done to it
#
# Inside a host: /var/lib/afslike is a tmpfs with client, bin, jobs and home bound in (unix sockets have room for 107 bytes of
# path, and other uids need a way in); /afs is the mount; /etc/passwd, group, hosts and hostname are the host's own.

readonly INSIDE=/var/lib/afslike
readonly NETWORK=10.77.0

address_of() { case $1 in s*) printf '%s.%s\n' "$NETWORK" "$((10 + ${1#s}))" ;; c*) printf '%s.%s\n' "$NETWORK" "$((100 + ${1#c}))" ;; esac; }

parts_of() { case $1 in s*) echo vice-server ;; c*) echo venus-client butler ;; esac; }

# inside HOST CMD...: as root in all of the host's namespaces. nsenter becomes CMD: no process in between.
inside() {
  local holder
  holder=$(pid_in "$CELL_DIR/$1/holder.pid")
  [[ -n $holder ]] || fail "host $1 of $CELL_DIR is not up; see ./dev cell status $CELL_DIR"
  shift
  nsenter -t "$holder" -n -m -u --wd=/ -- "$@"
}

on_switch() { nsenter -t "$(pid_in "$CELL_DIR/switch.pid")" -n -- "$@"; }

# Every process of a host carries this in its environment, or shares a mount namespace with one that does.
host_mark() { printf 'AFSLIKE_HOST=%s/%s\n' "$CELL_DIR" "$1"; }

switch_up() {
  [[ -z $(pid_in "$CELL_DIR/switch.pid") ]] || return 0
  launch "$CELL_DIR/switch.pid" "$CELL_DIR/switch.log" env "$(host_mark switch)" unshare -n sh -c 'echo apart; exec sleep infinity'
  await_line apart "$CELL_DIR/switch.pid" "$CELL_DIR/switch.log"
  on_switch ip link add afslike0 type bridge
  on_switch ip link set afslike0 up
  on_switch ip link set lo up
}

await_line() {
  local deadline=$((SECONDS + 10))
  until grep -qx "$1" "$3" 2>/dev/null; do
    [[ -n $(pid_in "$2") ]] && ((SECONDS < deadline)) || fail "namespaces cannot be made here: $(tail -1 "$3")"
    sleep 0.02
  done
}

host_up() {
  local host=$1 place=$CELL_DIR/$1 holder
  mkdir -p "$place/run" "$place/log" "$place/jobs" "$place/home" "$place/client"
  chmod 711 "$place/jobs"
  [[ -z $(pid_in "$place/holder.pid") ]] || return 0
  rm -f "$place"/cut "$place"/frozen.* "$place/log/holder.log"
  # shellcheck disable=SC2016
  launch "$place/holder.pid" "$place/log/holder.log" env "$(host_mark "$host")" \
    unshare -n -m -u --propagation private sh -c 'hostname "$1" && echo apart && exec sleep infinity' holder "$host"
  await_line apart "$place/holder.pid" "$place/log/holder.log"
  holder=$(pid_in "$place/holder.pid")
  on_switch ip link add "$host" type veth peer name eth0 netns "$holder"
  on_switch ip link set "$host" master afslike0 up
  inside "$host" ip address add "$(address_of "$host")/24" dev eth0
  inside "$host" ip link set lo up
  inside "$host" ip link set eth0 up
  host_files "$host"
  host_mounts "$host"
}

host_files() {
  local place=$CELL_DIR/$1 user uid other
  mkdir -p "$place/etc"
  awk -F: '$3 < 1000 || $3 == 65534' /etc/passwd >"$place/etc/passwd"
  awk -F: '$3 < 1000 || $3 == 65534' /etc/group >"$place/etc/group"
  while read -r user uid; do
    printf '%s:x:%s:%s::%s/home/%s:/bin/sh\n' "$user" "$uid" "$uid" "$INSIDE" "$user" >>"$place/etc/passwd"
    printf '%s:x:%s:\n' "$user" "$uid" >>"$place/etc/group"
    mkdir -p "$place/home/$user"
    chown "$uid:$uid" "$place/home/$user"
  done < <(grep -v '^admin ' "$CELL_DIR/users")
  echo "$1" >"$place/etc/hostname"
  {
    echo "127.0.0.1 localhost"
    for other in $CELL_HOSTS; do echo "$(address_of "$other") $other"; done
  } >"$place/etc/hosts"
}

host_mounts() {
  local place=$CELL_DIR/$1
  mkdir -p "$INSIDE" /afs || fail "/afs and $INSIDE, where hosts of a cell mount, cannot be made here"
  # shellcheck disable=SC2016
  inside "$1" sh -euc '
    place=$1 bin=$2 inside=$3
    exec 9<"$place" 8<"$bin"
    mount -t tmpfs -o mode=755,size=16m afslike-host "$inside"
    mkdir "$inside/client" "$inside/bin" "$inside/jobs" "$inside/home"
    for part in client jobs home; do mount --bind "/proc/self/fd/9/$part" "$inside/$part"; done
    mount --bind /proc/self/fd/8 "$inside/bin"
    for file in passwd group hosts hostname; do
      [ ! -e "/etc/$file" ] || mount --bind "$place/etc/$file" "/etc/$file"
    done' mounts "$place" "$BIN" "$INSIDE"
}

# The command of a part, as words in COMMAND.
command_of() {
  case $2 in
    vice-server) COMMAND=("$BIN/vice-server" run --dir "$CELL_DIR/$1/server" --lease "$CELL_LEASE") ;;
    venus-client) COMMAND=("$INSIDE/bin/venus-client" run --dir "$INSIDE/client" --mount /afs --setuid) ;;
    butler) COMMAND=("$INSIDE/bin/butler" run --dir "$INSIDE/client" --scratch "$INSIDE/jobs") ;;
    *) fail "'$2' is no part of host $1; it has: $(parts_of "$1")" ;;
  esac
}

start_part() {
  local host=$1 part=$2 place=$CELL_DIR/$1 holder COMMAND
  holder=$(pid_in "$place/holder.pid")
  [[ -n $holder ]] || fail "host $host of $CELL_DIR is not up; type: ./dev cell up $CELL_DIR"
  command_of "$host" "$part"
  rm -f "$place/frozen.$part"
  start_daemon "$part" "$place/run/$part.pid" "$place/log/$part.log" \
    env "$(host_mark "$host")" LANG=C.UTF-8 nsenter -t "$holder" -n -m -u --wd=/ -- "${COMMAND[@]}"
}

# All processes of a host: its daemons, their children, what was started in it. Known by the mark and by the namespace.
host_processes() {
  local own spaces=() link pid
  own=$(readlink /proc/self/ns/mnt)
  while read -r link; do
    link=$(readlink "${link%/environ}/ns/mnt" 2>/dev/null) || continue
    [[ $link == "$own" ]] || spaces+=("$link")
  done < <(grep -lzxF "$(host_mark "$1")" /proc/[0-9]*/environ 2>/dev/null)
  [[ ${#spaces[@]} -gt 0 ]] || return 0
  for pid in /proc/[0-9]*; do
    link=$(readlink "$pid/ns/mnt" 2>/dev/null) || continue
    [[ " ${spaces[*]} " != *" $link "* ]] || printf '%s\n' "${pid#/proc/}"
  done
}

host_down() {
  local host=$1 place=$CELL_DIR/$1 holder processes
  holder=$(pid_in "$place/holder.pid")
  stop_daemons 5 "$place/run/butler.pid" "$place/run/venus-client.pid" "$place/run/vice-server.pid"
  if [[ -n $holder ]]; then
    nsenter -t "$holder" -m -- umount -l /afs 2>/dev/null || true
  fi
  mapfile -t processes < <(host_processes "$host")
  [[ ${#processes[@]} -eq 0 ]] || kill -KILL "${processes[@]}" 2>/dev/null || true
  stop_daemons 0 "$place/holder.pid"
  rm -f "$place"/cut "$place"/frozen.*
}
