# shellcheck shell=bash
# ./dev sim: a whole cell in one process, under a seed.

# Runs under a seed make much short-lived garbage: a larger nursery is cheaper than many small collections.
readonly SIM_NURSERY=0x4000000

sim_main() {
  build_simulation
  run_simulation "$@"
}

# Compiled ahead, so that a single seed does not spend its first seconds in the compiler.
build_simulation() {
  cd "$HERE"
  need_dotnet
  local log=artifacts/sim.log options=(-c Release -o artifacts/sim -v quiet --nologo --self-contained false --use-current-runtime -p:PublishReadyToRun=true)
  mkdir -p artifacts
  dotnet publish tests/AfsLike.Simulation "${options[@]}" </dev/null >"$log" 2>&1 || {
    grep -E 'error' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
    fail "the simulation does not build (whole log: $HERE/$log)"
  }
}

run_simulation() {
  DOTNET_GCgen0size=$SIM_NURSERY dotnet "$HERE/artifacts/sim/AfsLike.Simulation.dll" --commit "$(sim_commit)" "$@" </dev/null
}

sim_commit() {
  local commit
  commit=$(git -C "$HERE" rev-parse --short HEAD 2>/dev/null) || { echo none && return; }
  git -C "$HERE" diff --quiet HEAD 2>/dev/null || commit=$commit+changes
  echo "$commit"
}

# Fresh seeds for a while, as one test.
test_simulation() {
  build_simulation
  say "running fresh seeds for $1 minutes (AFSLIKE_SIM_MINUTES; 0: none)…"
  if run_simulation --minutes "$1"; then PASSED=$((PASSED + 1)); else FAILED=$((FAILED + 1)); fi
}
