# shellcheck shell=bash
# ./dev bench: makes a cell of two clients, has it measured, and ends it, whatever happens.

readonly NEEDS_CELL=3

bench_main() {
  local status=0
  cd "$HERE"
  need_dotnet
  build_bench
  # Lists, comparisons and command lines that make no sense want no cell.
  (bench_program "$@") || status=$?
  [[ $status -eq $NEEDS_CELL ]] || return "$status"
  need_root bench
  need_fuse
  # shellcheck disable=SC2086
  need_packages "bench" $PACKAGES_MOUNT $PACKAGES_TEST
  build_executables
  BENCH_DIR=$(mktemp -d "${AFSLIKE_BENCH_DIR:-/var/tmp}/afslike-bench.XXXXXX")
  BENCH_PID=''
  trap bench_down EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [[ " $* " != *" --peers "* ]] || install_peers
  "$HERE/dev" cell up "$BENCH_DIR/cell" --clients 2 >&2 || fail "the cell for the benchmarks did not come up"
  status=0
  # In a session of its own and waited for: a Ctrl-C comes here alone, and here at once.
  bench_program --cell "$BENCH_DIR/cell" "$@" </dev/null &
  BENCH_PID=$!
  wait "$BENCH_PID" || status=$?
  return "$status"
}

# Before the cell is made: its hosts begin with the users of this machine. A peer that is not to be had is measured without, and the table says why.
install_peers() {
  local script name
  mkdir -p "$BENCH_DIR/peers"
  for script in "$HERE"/artifacts/bench/Peers/*.sh; do
    name=$(basename "$script" .sh)
    [[ $name != common ]] || continue
    say "installing $name, unless it is there…"
    if bash "$script" install 2>"$BENCH_DIR/peers/$name.absent"; then rm -f "$BENCH_DIR/peers/$name.absent"; fi
  done
}

build_bench() {
  local log=$HERE/artifacts/bench.log
  mkdir -p "$HERE/artifacts"
  dotnet publish "$HERE/tests/AfsLike.Benchmarks" -c Release -o "$HERE/artifacts/bench" -v quiet --nologo </dev/null >"$log" 2>&1 || {
    grep -E 'error' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
    fail "the benchmarks do not build (whole log: $log)"
  }
}

# Where the caller stands, for the names of files are the caller's. Becomes the program: for a subshell.
bench_program() {
  AFSLIKE_COMMIT=$(bench_commit)
  export AFSLIKE_COMMIT
  cd "$CALLED_FROM"
  exec setsid --wait dotnet "$HERE/artifacts/bench/AfsLike.Benchmarks.dll" "$@"
}

bench_commit() {
  local commit
  commit=$(git -C "$HERE" rev-parse --short HEAD 2>/dev/null) || return 0
  git -C "$HERE" diff --quiet HEAD 2>/dev/null || commit=$commit+changes
  echo "$commit"
}

# All that the program has begun and that is no daemon is of its session's group. A cell it was making takes itself down first.
bench_program_down() {
  local deadline=$((SECONDS + 60))
  [[ -n $BENCH_PID ]] || return 0
  kill -TERM -- "-$BENCH_PID" 2>/dev/null || return 0
  while kill -0 -- "-$BENCH_PID" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.2; done
  kill -KILL -- "-$BENCH_PID" 2>/dev/null || true
}

# Also after a failure and Ctrl-C. Cells lie beside each other: a section may have made one of its own.
bench_down() {
  local conf
  trap '' INT TERM
  bench_program_down
  for conf in "$BENCH_DIR"/*/cell.conf; do
    [[ ! -e $conf ]] || "$HERE/dev" cell down "${conf%/cell.conf}" >&2 || true
  done
  # What a peer had to make on the machine and could not take away itself: empty directories, or they stay.
  cat "$BENCH_DIR"/peers/*/made 2>/dev/null | xargs -r rmdir 2>/dev/null || true
  rm -rf "$BENCH_DIR"
}
