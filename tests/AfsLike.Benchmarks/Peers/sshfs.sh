#!/usr/bin/env bash
# sshfs: SFTP through FUSE, with sshfs's own settings. What a server has acknowledged is in its memory, not on its disk.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly PORT=2222

install() { install_packages sshfs openssh-server; }

server() {
  local kind
  mount -t tmpfs -o mode=755 afslike-run /run
  mkdir /run/sshd
  for kind in host user; do ssh-keygen -q -t ed25519 -N '' -f "$DIR/$kind.key"; done
  cat >"$DIR/sshd_config" <<CONFIG
ListenAddress $SERVER:$PORT
HostKey $DIR/host.key
AuthorizedKeysFile $DIR/user.key.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
CONFIG
  begin sshd /usr/sbin/sshd -D -e -f "$DIR/sshd_config"
  await sshd answers "$PORT"
}

client() {
  begin sshfs sshfs -f -o "port=$PORT,IdentityFile=$DIR/user.key,StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,BatchMode=yes" \
    "root@$SERVER:$DIR/data" "$MOUNT"
  await sshfs is_mounted "$MOUNT"
  echo "$MOUNT"
}

peer_main "$@"
