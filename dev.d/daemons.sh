# shellcheck shell=bash
# Daemons by pid file. A pid file holds "PID STARTTIME": a number that was given to another process since is not ours.

# start_of PID: clock ticks after boot, empty when it is gone or dead. A zombie is dead when the last of its threads is: until then they hold its files,
# its locks and its ports.
start_of() {
  local line
  { line=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  line=${line##*) }
  # shellcheck disable=SC2206
  local fields=($line)
  [[ ${fields[0]} == X || (${fields[0]} == Z && ${fields[17]} -le 1) ]] || printf '%s\n' "${fields[19]}"
}

# pid_in FILE: the pid if that very process lives, else nothing.
pid_in() {
  local pid start
  [[ -s $1 ]] && read -r pid start <"$1" && [[ $(start_of "$pid") == "$start" ]] && printf '%s\n' "$pid"
  return 0
}

remember_pid() { printf '%s %s\n' "$2" "$(start_of "$2")" >"$1"; }

# launch PIDFILE LOG CMD...: in a session of its own, so that a Ctrl-C here does not reach it. No process may fork before CMD.
launch() {
  local pidfile=$1 log=$2
  shift 2
  setsid "$@" </dev/null >>"$log" 2>&1 &
  remember_pid "$pidfile" $!
  disown
}

# start_daemon NAME PIDFILE LOG CMD...: and wait until its log says "NAME: ready".
start_daemon() {
  local name=$1 pidfile=$2 log=$3 from
  shift 3
  [[ -n $(pid_in "$pidfile") ]] && return
  touch "$log"
  from=$(($(stat -c %s "$log") + 1))
  launch "$pidfile" "$log" "$@"
  wait_ready "$name" "$pidfile" "$log" "$from"
}

readonly READY_SECONDS=90

wait_ready() {
  local name=$1 pidfile=$2 log=$3 from=$4 deadline=$((SECONDS + READY_SECONDS))
  until grep -q "^$name: ready" < <(tail -c "+$from" "$log"); do
    if [[ -z $(pid_in "$pidfile") ]]; then
      fail "$name did not start: $(tail -c "+$from" "$log" | grep -v '^ *at ' | tail -1) (log: $log)"
    fi
    ((SECONDS < deadline)) || fail "$name was not ready after $READY_SECONDS s (log: $log)"
    sleep 0.05
  done
}

# stop_daemons SECONDS PIDFILE...: SIGTERM to all, SIGKILL to those that have not ended in time.
stop_daemons() {
  local deadline=$((SECONDS + $1)) file pid
  shift
  for file in "$@"; do
    pid=$(pid_in "$file")
    [[ -z $pid ]] || kill -TERM "$pid" 2>/dev/null || true
    [[ -z $pid ]] || kill -CONT "$pid" 2>/dev/null || true
  done
  for file in "$@"; do
    while pid=$(pid_in "$file") && [[ -n $pid ]]; do
      if ((SECONDS >= deadline)); then
        kill -KILL "$pid" 2>/dev/null || true
        await_end "$file" || true
        break
      fi
      sleep 0.05
    done
    rm -f "$file"
  done
}

await_end() {
  local deadline=$((SECONDS + 5))
  while [[ -n $(pid_in "$1") ]]; do
    ((SECONDS < deadline)) || return 1
    sleep 0.02
  done
}

# is_mounted PATH: without touching what is mounted there, which may hang.
is_mounted() { grep -qxF -- "${1// /\\040}" < <(cut -d' ' -f5 /proc/self/mountinfo); }

port_is_taken() { (: <>"/dev/tcp/$1/$2") 2>/dev/null; }
