#!/usr/bin/env bash
# A machine in namespaces of its own: its processes, mounts, cgroups, network, name and IPC. As root:
#   machine.sh ROOT RUN PROOF LOG SECONDS   copies ROOT to RUN and boots that until it says that it is done
#   machine.sh possible                     exit 0 where this can be done
set -euo pipefail

# A cgroup for it: cgroup2 lies here, or beside the older kind.
cgroups=
for folder in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ ! -e "$folder/cgroup.controllers" ] || cgroups=$folder
done
namespaces=(unshare --mount --pid --fork --kill-child --uts --ipc --net)

case $1 in
    possible)
        [ -n "$cgroups" ] && mkdir "$cgroups/possible.$$" 2>/dev/null || exit 1
        rmdir "$cgroups/possible.$$"
        exec "${namespaces[@]}" --cgroup sh -c 'mount -t proc proc /proc && mount -t cgroup2 cgroup2 /sys/fs/cgroup'
        ;;
    enter)
        # The first process of the new namespaces. It alone is in the machine's cgroup: systemd wants its own to itself.
        echo 0 > "$2/cgroup.procs"
        exec unshare --cgroup "$0" boot "${@:3}"
        ;;
    boot)
        root=$2 proof=$3 log=$4
        cd "$root"
        mount --make-rprivate /
        mount --bind . "$root"
        cd "$root"
        mount -t proc proc proc
        # What the kernel has once for all machines is not this one's to set.
        for shared in sys sysrq-trigger; do
            [ -e "proc/$shared" ] || continue
            mount --bind "proc/$shared" "proc/$shared"
            mount -o remount,bind,ro "proc/$shared"
        done
        mount -t sysfs -o ro sysfs sys
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        mount -t tmpfs -o mode=755 dev dev
        for device in null zero full random urandom tty; do
            : > "dev/$device"
            mount --bind "/dev/$device" "dev/$device"
        done
        mkdir dev/pts dev/shm
        mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        mount -t tmpfs -o mode=1777 shm dev/shm
        # The cases, the program, and one unit that runs them, in memory: the disk has no trace of them.
        mount -t tmpfs -o mode=755 run run
        cp -r --no-preserve=ownership "$proof" run/proof
        : > run/proof/log
        mount --bind "$log" run/proof/log
        mkdir -p run/systemd/system/default.target.wants
        cp run/proof/proof.service run/systemd/system/
        ln -s ../proof.service run/systemd/system/default.target.wants/
        pivot_root . mnt
        umount -l /mnt
        # Modules, the clock and raw devices are this machine's too.
        exec setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-mknod,-syslog --inh-caps=-all \
            env -i container=proof PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init </dev/null >/dev/null 2>&1
        ;;
esac

root=$1 run=$2 proof=$3 log=$4 seconds=$5
end=$((SECONDS + seconds))
rm -rf --one-file-system "$run"
cp -a --reflink=auto "$root" "$run"
cgroup=$cgroups/failover-proof.$$
mkdir "$cgroup"
machine=
# shellcheck disable=SC2317
ended() {
    [ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null || true
    for _ in {1..50}; do
        find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.1
    done
}
trap ended EXIT
trap 'exit 1' TERM INT

# A boot ends when the machine switches itself off or boots again, as it says in a file.
for boot in {1..9}; do
    "${namespaces[@]}" "$0" enter "$cgroup" "$run" "$proof" "$log" </dev/null >"$run.console" 2>&1 &
    machine=$!
    # How it ends is no news: by the signal that a reboot is for its namespace.
    disown "$machine"
    while kill -0 "$machine" 2>/dev/null; do
        if [ "$SECONDS" -ge "$end" ]; then echo "not done after $seconds s" >&2; exit 1; fi
        sleep 0.1
    done
    machine=
    case $(cat "$run/var/lib/proof/ended" 2>/dev/null) in
        passed) exit 0 ;;
        failed) exit 1 ;;
    esac
    [ -e "$run/var/lib/proof/boot" ] || { cat "$run.console" >&2; echo 'it did not boot' >&2; exit 1; }
done
echo "it booted $boot times and was not done" >&2
exit 1
