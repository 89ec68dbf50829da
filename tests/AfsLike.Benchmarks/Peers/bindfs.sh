#!/usr/bin/env bash
# bindfs: a directory of the local disk through FUSE, without a network. What FUSE costs by itself.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

install() { install_packages bindfs; }

server() { :; }

client() {
  begin bindfs bindfs -f "$DIR/data" "$MOUNT"
  await bindfs is_mounted "$MOUNT"
  echo "$MOUNT"
}

peer_main "$@"
