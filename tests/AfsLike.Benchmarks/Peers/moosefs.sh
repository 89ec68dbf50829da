#!/usr/bin/env bash
# MooseFS: one master, one chunk server, one copy, its own settings: neither syncs what it has acknowledged.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install() { install_packages moosefs-master moosefs-chunkserver moosefs-client; }

server() {
  mkdir -p "$DIR/master" "$DIR/chunk"
  cp /var/lib/mfs/metadata.mfs.empty "$DIR/master/metadata.mfs"
  echo '* / rw,alldirs,admin,maproot=0:0' >"$DIR/exports.cfg"
  echo "$DIR/data" >"$DIR/hdd.cfg"
  local common=$'WORKING_USER = root\nWORKING_GROUP = root\nNICE_LEVEL = 0\nDISABLE_OOM_KILLER = 0\n'
  printf '%sDATA_PATH = %s\nEXPORTS_FILENAME = %s\n' "$common" "$DIR/master" "$DIR/exports.cfg" >"$DIR/master.cfg"
  printf '%sDATA_PATH = %s\nHDD_CONF_FILENAME = %s\nMASTER_HOST = %s\n' "$common" "$DIR/chunk" "$DIR/hdd.cfg" "$SERVER" >"$DIR/chunk.cfg"
  begin mfsmaster mfsmaster -f -c "$DIR/master.cfg" start
  await mfsmaster answers 9421
  begin mfschunkserver mfschunkserver -f -c "$DIR/chunk.cfg" start
  await mfschunkserver answers 9422
}

client() {
  begin mfsmount mfsmount -f "$MOUNT" -H "$SERVER" -S /
  await mfsmount is_mounted "$MOUNT"
  mfssetgoal 1 "$MOUNT" >/dev/null || fail "mfssetgoal does not work"
  # The chunk server is there some seconds after it listens.
  await mfsmount cp /etc/hostname "$MOUNT/hostname-$(uname -n)"
  echo "$MOUNT"
}

peer_main "$@"
