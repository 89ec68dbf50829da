# shellcheck shell=bash
# Debian packages by what they are for. What is missing is installed when we may, else the line to type is printed.

# probe:package pairs; a probe with a slash is a file, else a command.
readonly PACKAGES_BUILD="git:git clang:clang /usr/include/zlib.h:zlib1g-dev"
readonly PACKAGES_MOUNT="fusermount3:fuse3 ip:iproute2 mount:mount nsenter:util-linux setpriv:util-linux"
readonly PACKAGES_TEST="gcc:gcc make:make sqlite3:sqlite3 rsync:rsync setfattr:attr setfacl:acl /usr/include/stdio.h:libc6-dev"

# need_packages WHY PAIR...
need_packages() {
  local why=$1 pair probe missing=()
  shift
  for pair in "$@"; do
    probe=${pair%%:*}
    if [[ $probe == /* ]]; then
      [[ -e $probe ]] || missing+=("${pair#*:}")
    elif ! command -v "$probe" >/dev/null 2>&1 && [[ ! -x /usr/sbin/$probe && ! -x /sbin/$probe ]]; then
      missing+=("${pair#*:}")
    fi
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  install_packages "$why" "${missing[@]}"
}

install_packages() {
  local why=$1 root=()
  shift
  command -v apt-get >/dev/null || fail "to $why, these are missing and this is no Debian: $*; install them, then try again"
  if [[ $(id -u) -ne 0 ]]; then
    sudo -n true 2>/dev/null || fail "to $why, packages are missing; type: sudo apt-get install -y $*"
    root=(sudo)
  fi
  say "installing what is needed to $why: $*"
  local log
  log=$(mktemp)
  if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1; then
    note "the package lists seem old; refreshing them"
    "${root[@]}" apt-get update >>"$log" 2>&1 || true
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1 || {
      tail -5 "$log" >&2
      fail "apt-get could not install them (log: $log); type: apt-get install -y $*"
    }
  fi
  rm -f "$log"
}

# debian_source NAME: the path of a Debian source archive of that name, from this machine's Debian mirror; nothing when it is not to be had.
debian_source() {
  local name=$1 to=$HERE/artifacts/debian-source uri options archive
  archive=$(compgen -G "$to/${name}_*.orig.tar.*" | grep -v "\.asc$" | head -1) || archive=""
  if [[ -z $archive ]] && command -v apt-get >/dev/null; then
    mkdir -p "$to/lists/partial"
    uri=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1) || uri=""
    # shellcheck disable=SC1091
    echo "deb-src ${uri:-http://deb.debian.org/debian} $(. /etc/os-release && echo "${VERSION_CODENAME:-stable}") main" >"$to/sources.list"
    options=(-o "Dir::Etc::SourceList=$to/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$to/lists")
    (cd "$to" && apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only "$name") </dev/null >"$to/log" 2>&1 || true
    archive=$(compgen -G "$to/${name}_*.orig.tar.*" | grep -v "\.asc$" | head -1) || archive=""
  fi
  echo "$archive"
}

need_dotnet() {
  command -v dotnet >/dev/null ||
    fail "the .NET SDK 10 is not installed; get it as https://learn.microsoft.com/dotnet/core/install/linux-debian says (package dotnet-sdk-10.0)"
  (cd "$HERE" && dotnet --version >/dev/null 2>&1) ||
    fail "the .NET SDK here is not the one global.json asks for; install dotnet-sdk-10.0 (there is: $(cd / && dotnet --version 2>&1 | head -1))"
}
