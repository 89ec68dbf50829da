#!/usr/bin/env bash
# OpenAFS: one machine with all its servers, and the client in user space that Debian packages beside the kernel module (openafs-fuse). Nobody has a
# token, for that client takes none: the servers run without authentication, and the volume's ACL lets everybody do everything.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly CELL=bench.test VOLUME=root.cell PARTITION=/vicepa
readonly SYSTEM_ADMINISTRATORS='\xff\xff\xff\x34' SYSTEM_ANYUSER='\xff\xff\xff\x9b' ALL_RIGHTS='\x00\x00\x00\x7f'

install() {
  # The questions of the package, answered here: the client must not start with the machine.
  if command -v debconf-set-selections >/dev/null; then
    printf 'openafs-client openafs-client/%s\n' "thiscell string $CELL" "run-client boolean false" | debconf-set-selections || true
  fi
  install_packages openafs-fuse openafs-fileserver openafs-dbserver
}

configuration() {
  mkdir -p "$1"
  echo "$CELL" >"$1/ThisCell"
  printf '>%s\n%s #s1\n' "$CELL" "$SERVER" >"$1/CellServDB"
}

server() {
  configuration "$DIR/etc"
  configuration "$DIR/etc/server"
  mkdir -p "$DIR/var/db" "$DIR/var/local" "$DIR/var/logs"
  touch "$DIR/var/local/NoAuth" "$DIR/etc/server/UserList" "$DIR/data/AlwaysAttach"
  [[ -d $PARTITION ]] || { mkdir "$PARTITION" && echo "$PARTITION" >"$DIR/made"; }
  mount --bind "$DIR/data" "$PARTITION"
  mount --bind "$DIR/etc" /etc/openafs
  mount --bind "$DIR/var" /var/lib/openafs
  mkdir -p /var/log/openafs
  mount --bind "$DIR/var/logs" /var/log/openafs
  local part
  for part in ptserver vlserver fileserver volserver; do begin "$part" "/usr/lib/openafs/$part"; done
  await vlserver vos listvldb -noauth -server "$SERVER"
  await fileserver vos create "$SERVER" a root.afs -noauth
  await volserver vos create "$SERVER" a "$VOLUME" -maxquota 0 -noauth
  open_to_everybody
}

# A token would be needed to change the ACL; a dump of the volume holds it too.
open_to_everybody() {
  vos dump "$VOLUME" -file "$DIR/dump" -noauth >/dev/null 2>&1 || fail "vos dump does not work"
  LC_ALL=C sed -i "s/$SYSTEM_ADMINISTRATORS$ALL_RIGHTS/$SYSTEM_ANYUSER$ALL_RIGHTS/" "$DIR/dump"
  vos restore "$SERVER" a "$VOLUME" "$DIR/dump" -overwrite full -noauth >/dev/null 2>&1 || fail "vos restore does not work"
}

client() {
  local own
  own=$DIR/client-$(uname -n)
  configuration "$own"
  mkdir -p "$own/cache"
  echo "$MOUNT:$own/cache:2000000" >"$own/cacheinfo"
  begin afsd.fuse afsd.fuse -confdir "$own" -dynroot -fakestat -f
  await afsd.fuse is_mounted "$MOUNT"
  await afsd.fuse mkdir "$MOUNT/$CELL/seen-$(uname -n)"
  echo "$MOUNT/$CELL"
}

# What lies over the machine's directories in s1, and the one directory that had to be made on the machine.
stop() {
  local place
  stop_all
  for place in /var/log/openafs /var/lib/openafs /etc/openafs "$PARTITION"; do
    while is_mounted "$place"; do umount "$place" || umount -l "$place"; done
  done
  [[ ! -s $DIR/made || $(uname -n) != s1 ]] || rmdir "$(<"$DIR/made")" || true
}

peer_main "$@"
