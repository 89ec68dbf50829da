# shellcheck shell=bash
# ./dev test, check.

readonly TEST_CONFIGURATION=Release

test_main() {
  local units='' filter=()
  while [[ $# -gt 0 ]]; do
    case $1 in
      --units) units=1 ;;
      -*) fail "'$1' is not known here; see ./dev help" ;;
      *) filter=(-method "*$1*") ;;
    esac
    shift
  done
  [[ -n $units || $(id -u) -eq 0 ]] || fail "tests on real mounts need root; type: sudo ./dev test, or for the rest: ./dev test --units"
  # shellcheck disable=SC2086
  [[ -n $units ]] || need_packages "test" $PACKAGES_MOUNT $PACKAGES_TEST
  [[ -n $units ]] || build_executables
  build_solution
  if [[ -z $units && -z ${AFSLIKE_DEBIAN_SOURCE:-} ]]; then
    say "fetching a Debian source to build in the mount…"
    AFSLIKE_DEBIAN_SOURCE=$(debian_source gzip)
    [[ -n $AFSLIKE_DEBIAN_SOURCE ]] || note "none is to be had here (log: $HERE/artifacts/debian-source/log)"
    export AFSLIKE_DEBIAN_SOURCE
  fi
  PASSED=0 FAILED=0 SKIPPED=0 BROKEN=0 SIM_FAILED=()
  rm -f artifacts/AfsLike.*.log
  run_tests AfsLike.Tests "${filter[@]}"
  [[ -n $units ]] || run_tests AfsLike.Conformance -reporter verbose "${filter[@]}"
  [[ ${#filter[@]} -gt 0 ]] || test_simulation
  show_failures >&2
  echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
  [[ $FAILED -eq 0 && $BROKEN -eq 0 ]]
}

build_solution() {
  cd "$HERE"
  need_dotnet
  say "building everything, warnings are errors…"
  local log=artifacts/build.log
  mkdir -p artifacts
  if ! dotnet build AfsLike.sln -c "$TEST_CONFIGURATION" -v quiet --nologo </dev/null >"$log" 2>&1; then
    grep -E '(error|warning) ' "$log" | sort -u | head -30 >&2 || tail -20 "$log" >&2
    fail "it does not build (whole log: $HERE/$log)"
  fi
}

# run_tests PROJECT ARGUMENTS...: shows its output as it comes and adds its counts.
run_tests() {
  local project=$1 log=$HERE/artifacts/$1.log line status=0
  shift
  say "running $project…"
  (cd "$HERE" && AFSLIKE_BUILT=1 dotnet "tests/$project/bin/$TEST_CONFIGURATION/net10.0/$project.dll" -noColor "$@" </dev/null) 2>&1 |
    tee "$log" || status=$?
  line=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed' "$log" | tail -1) || line=''
  if [[ -z $line ]]; then
    [[ $status -eq 0 ]] || BROKEN=1
    return
  fi
  local total errors failed skipped rest
  total=$(count_of Total "$line") errors=$(count_of Errors "$line") failed=$(count_of Failed "$line")
  skipped=$(count_of Skipped "$line") rest=$(count_of 'Not Run' "$line")
  PASSED=$((PASSED + total - failed - skipped - rest)) FAILED=$((FAILED + failed + errors)) SKIPPED=$((SKIPPED + skipped))
  [[ $status -eq 0 || $((failed + errors)) -gt 0 ]] || BROKEN=1
}

# Said once more at the end, where whoever looks at the last lines only finds it.
show_failures() {
  local log
  for log in "$HERE"/artifacts/AfsLike.*.log; do
    awk '/\[FAIL\]/ { on = 1 } /\[(STARTING|FINISHED)\]|^ +(Finished|Discovered):/ { on = 0 } on' "$log"
  done | head -200
  [[ ${#SIM_FAILED[@]} -eq 0 ]] || printf 'the simulation broke with %s\n' "${SIM_FAILED[@]}"
}

count_of() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$2" | grep . || echo 0; }

check_main() {
  [[ $# -eq 0 ]] || fail "check takes no arguments; see ./dev help"
  cd "$HERE"
  say "checking blanks and links…"
  git diff --check HEAD >&2 || fail "there are blanks at line ends, as above"
  git diff --check "$(git hash-object -t tree /dev/null)" HEAD -- '*.cs' '*.md' '*.sh' dev >&2 || fail "there are blanks at line ends, as above"
  check_links
  test_main
}

# Every relative link of the documents leads somewhere.
check_links() {
  local page link bad=0
  while IFS= read -r page; do
    while IFS= read -r link; do
      [[ $link == *://* || $link == mailto:* || $link == '#'* ]] && continue
      link=${link%%#*}
      [[ -e $(dirname "$page")/$link ]] || { note "$page: there is no $link" && bad=1; }
    done < <(grep -oE '\]\([^) ]+\)' "$page" | sed -E 's/^\]\(//; s/\)$//')
  done < <(git ls-files '*.md')
  [[ $bad -eq 0 ]] || fail "links lead nowhere, as above"
}
