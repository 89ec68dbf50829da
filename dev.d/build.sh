# shellcheck shell=bash
# artifacts/bin: all five executables side by side, where they look for each other. An executable is published again only when
# something it is made of is newer than its stamp. Files are replaced, never rewritten in place: running daemons keep theirs.

readonly COMMON_SOURCES="common Directory.Build.props Directory.Build.targets Directory.Packages.props global.json"

# name | project | native? | sources
executables() {
  cat <<'LIST'
vice-server|vice-server/vice-server|jit|vice-server
venus-client|venus-client/venus-client|jit|venus-client/AfsLike.Venus venus-client/AfsLike.Fuse venus-client/venus-client
butler|venus-client/butler|jit|venus-client/AfsLike.Butler venus-client/butler
afsx|venus-client/afsx|aot|venus-client/AfsLike.Butler venus-client/afsx
venus-supervisor|venus-client/venus-supervisor|aot|venus-client/AfsLike.Fuse/Abi venus-client/AfsLike.Fuse/Supervision venus-client/venus-supervisor
LIST
}

build_main() {
  [[ $# -eq 0 ]] || fail "build takes no arguments; see ./dev help"
  build_executables
  say "built: $BIN"
}

build_executables() {
  local native=${AFSLIKE_AOT:-1} name project kind sources
  cd "$HERE"
  need_dotnet
  if [[ $native == 1 ]]; then
    # shellcheck disable=SC2086
    need_packages "build" $PACKAGES_BUILD
  fi
  mkdir -p "$BIN" artifacts/stamps
  while IFS='|' read -r name project kind sources; do
    [[ $kind == aot && $native != 1 ]] && kind=jit
    # shellcheck disable=SC2086
    is_current "$name" "$kind" $COMMON_SOURCES $sources || publish "$name" "$project" "$kind"
  done < <(executables)
}

is_current() {
  local stamp=artifacts/stamps/$1.$2
  shift 2
  [[ -e $stamp && -z $(find "$@" \( -name bin -o -name obj \) -prune -o -type f -newer "$stamp" -print -quit) ]]
}

publish() {
  local name=$1 project=$2 kind=$3 out=artifacts/publish/$1 log=artifacts/publish/$1.log started
  local options=(-c Release -o "$out" -v quiet --nologo)
  [[ $kind == aot ]] && note "$name is compiled to native code; this takes a minute or two"
  # Compiled ahead as far as that goes, so that a daemon is quick from its first request; the busy parts are compiled again while it runs.
  [[ $kind == jit ]] && options+=(-p:PublishAot=false --self-contained false --use-current-runtime -p:PublishReadyToRun=true)
  say "building $name…"
  rm -rf "$out"
  mkdir -p "$out"
  started=$(mktemp)
  if ! dotnet publish "$project" "${options[@]}" </dev/null >"$log" 2>&1; then
    rm -f "$started"
    grep -E 'error|warning' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
    fail "$name does not build (whole log: $HERE/$log)"
  fi
  rm -f "artifacts/stamps/$name".*
  cp -a --remove-destination "$out/." "$BIN/"
  mv "$started" "artifacts/stamps/$name.$kind"
}
