#!/bin/sh
# Inside a pod's namespaces (pods.py): makes the mounts that its manifest asks for, and becomes its command.
#   pod_enter.sh NAME=VALUE... COMMAND...
set -eu
mount --make-rprivate /
hostname "$POD_HOSTNAME"
mount --bind "$POD_HOSTS" /etc/hosts
if [ -n "$POD_GROUP" ]; then
  case $POD_GROUP in
    /sys/fs/cgroup/cpu/*) mount --bind "$POD_GROUP" /sys/fs/cgroup/cpu ;;
    *) mount --bind "$POD_GROUP" /sys/fs/cgroup ;;
  esac
fi
mount -t tmpfs tmpfs /mnt
mkdir /mnt/src /mnt/out
mount --bind "$POD_PROJECT" /mnt/src
mount -o remount,bind,ro /mnt/src
mount --bind "$POD_OUT" /mnt/out
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /run
for path in $POD_MOUNTS; do mkdir -p "$path"; done
mount --bind "$POD_STATE" /var/lib/fastest
# A Secret's file is a link by way of ..data, which belongs to root and the pod's group.
mkdir /run/fastest/..1
printf %s "$POD_SECRET" >/run/fastest/..1/secret
chown -R "0:$POD_USER" /run/fastest
chmod 0440 /run/fastest/..1/secret
ln -s ..1 /run/fastest/..data
ln -s ..data/secret /run/fastest/secret
mount -o remount,ro /run
# The tests' Python may lie where only root can go.
case $POD_PYTHON in
  /root/*)
    rest=${POD_PYTHON#/root/}
    top=${rest%%/*}
    mkdir /mnt/top
    mount --bind "/root/$top" /mnt/top
    mount -t tmpfs tmpfs /root
    mkdir "/root/$top"
    mount --bind /mnt/top "/root/$top"
    chmod 755 /root
    ;;
esac
# The program may lie below /tmp.
mkdir /mnt/ours
mount --bind "$POD_OURS" /mnt/ours
mount -t tmpfs -o mode=1777 tmpfs /tmp
case $POD_OURS in
  /tmp/*)
    mkdir -p "$POD_OURS"
    mount --bind /mnt/ours "$POD_OURS"
    ;;
esac
if [ "$POD_READ_ONLY" = 1 ]; then mount -o remount,bind,ro /; fi
cd /mnt/src
exec setpriv --reuid "$POD_USER" --regid "$POD_USER" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  env -i "$@"
