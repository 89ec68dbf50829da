# shellcheck shell=bash
# ./dev sim: a whole cell in one process, under a seed.

# What has broken a promise and was mended is written down among the units, as a history or a test of its own (docs/simulation.md): a seed is another history after each change.
readonly SIM_SEEDS=(1 2 3 16 34)

# Runs under a seed make much short-lived garbage: a larger nursery is cheaper than many small collections, and so is a larger first generation.
readonly SIM_NURSERY=0x4000000 SIM_FIRST_GENERATION=0x10000000

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
  DOTNET_GCgen0size=$SIM_NURSERY DOTNET_GCgen1size=$SIM_FIRST_GENERATION dotnet "$HERE/artifacts/sim/AfsLike.Simulation.dll" --commit "$(sim_commit)" "$@" </dev/null
}

sim_commit() {
  local commit
  commit=$(git -C "$HERE" rev-parse --short HEAD 2>/dev/null) || { echo none && return; }
  git -C "$HERE" diff --quiet HEAD 2>/dev/null || commit=$commit+changes
  echo "$commit"
}

# Each of these seeds is a test: a change that breaks one of them breaks what held before. Fresh ones, which find what nobody knows of yet, run as
# one more test for AFSLIKE_SIM_MINUTES minutes; 0: none.
test_simulation() {
  local seed
  build_simulation
  for seed in "${SIM_SEEDS[@]}"; do simulation_passes --seed "$seed"; done
  [[ ${AFSLIKE_SIM_MINUTES:-1} == 0 ]] || simulation_passes --minutes "${AFSLIKE_SIM_MINUTES:-1}"
}

simulation_passes() {
  say "running the simulation, $1 $2…"
  if run_simulation "$@"; then PASSED=$((PASSED + 1)); else FAILED=$((FAILED + 1)) SIM_FAILED+=("$1 $2"); fi
}
