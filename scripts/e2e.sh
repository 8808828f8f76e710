#!/usr/bin/env bash
# The device tests: a small VM with Debian's kernel, simulated devices behind a real USB and HID stack, the real program.
# Needs Debian or Ubuntu on amd64. Nothing of this machine is changed but the packages that are installed.
#   scripts/e2e.sh            install what is missing, build, run; exit 0 when every test passed
#   scripts/e2e.sh possible   exit 0 where it can run here (nothing is installed)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

deadline=${E2E_DEADLINE:-600}
cache=.cache/e2e
say() { echo "e2e: $*" >&2; }
stop() { say "$*"; exit 1; }

# Everything is read to its end: a pipe that is closed early is an error here.
kernel() { apt-cache depends linux-image-amd64 2>/dev/null | awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ && !n { n = $2 } END { print n }'; }

possible() {
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] && command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || command -v qemu-system-x86_64 >/dev/null || sudo -n true 2>/dev/null || return 1
    compgen -G "$cache/linux-image-*/order" >/dev/null || [ -n "$(kernel)" ] || { scripts/packages.sh && [ -n "$(kernel)" ]; }
}
if [ "${1:-}" = possible ]; then possible; exit; fi
possible || stop 'this needs Debian or Ubuntu on amd64, and root or sudo once to install qemu'

missing=()
command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
busybox=/bin/busybox
{ [[ "$("$busybox" --list 2>/dev/null)" == *insmod* ]] && ! ldd "$busybox" >/dev/null 2>&1; } || missing+=(busybox-static)
command -v xz >/dev/null || missing+=(xz-utils)
[ "${#missing[@]}" -eq 0 ] || scripts/packages.sh "${missing[@]}"

# What a module needs comes before it; `modules.dep` is not in the package, so each module is asked.
modules=(virtio_pci 9pnet_virtio 9p dummy_hcd libcomposite usb_f_fs usb_f_hid usbhid hid-generic)
declare -A loaded
load() {
    local name=${1//-/_} file need
    [ -z "${loaded[$name]:-}" ] || return 0
    loaded[$name]=1
    file=$(awk -v want="$name" -F/ '{ n = $NF; sub(/\.ko.*/, "", n); gsub(/-/, "_", n); if (n == want) { print; exit } }' "$new/files")
    [ -n "$file" ] || { grep -q "/$name.ko" <(tr - _ < "$new/builtin") && return 0; stop "the kernel has no module $name"; }
    cp "$file" "$new/modules/$name.ko"
    for need in $(tr '\0' '\n' < "$file" | sed -n 's/^depends=//p' | tr , ' '); do load "$need"; done
    case $name in dummy_hcd) name+='.ko num=4' ;; *) name+='.ko' ;; esac
    echo "$name" >> "$new/modules/order"
}

# Unpacked once, beside what this machine boots from.
image=$(basename "$(compgen -G "$cache/linux-image-*/order" | tail -n 1 | xargs -r dirname)")
if [ -z "$image" ]; then
    image=$(kernel)
    [ -n "$image" ] || stop 'apt knows no linux-image-amd64'
    say "fetching $image"
    new=$cache/new
    rm -rf "$new"
    mkdir -p "$new/package" "$new/modules"
    (cd "$new" && apt-get -qq download "$image" 2>/dev/null) || stop "$image could not be downloaded; run apt-get update and try again"
    dpkg-deb --fsys-tarfile "$new"/*.deb | tar -x -C "$new/package"
    rm "$new"/*.deb
    packed=$(echo "$new"/package/boot/vmlinuz-*)
    offset=$(LC_ALL=C grep -abom1 -P '\xFD7zXZ\x00' "$packed" | tr -dc '0-9:\n' | sed -n '1s/:.*//p')
    [ -n "$offset" ] || stop 'the kernel is not packed with xz'
    # What follows the packed kernel is no part of it, and xz says so.
    tail -c "+$((offset + 1))" "$packed" | xz -dc --single-stream > "$new/vmlinux" 2>/dev/null || true
    [ -s "$new/vmlinux" ] || stop 'the kernel could not be unpacked'
    find "$new/package" -name '*.ko' > "$new/files"
    cat "$new"/package/lib/modules/*/modules.builtin > "$new/builtin"
    for module in "${modules[@]}"; do load "$module"; done
    rm -rf "$new/package" "$new/files" "$new/builtin"
    mv "$new/modules/order" "$new/order"
    mv "$new" "$cache/$image"
fi

cargo build --quiet --locked -p failover-cli -p failover-e2e
built=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)

work=$(mktemp -d)
vm=
trap '[ -z "$vm" ] || kill "$vm" 2>/dev/null || true; rm -rf "$work"' EXIT
files=$work/root
mkdir -p "$files"/{bin,proc,sys,dev,host,tmp,run,etc,root}
cp "$busybox" "$files/bin/busybox"
cp e2e/init "$files/init"
chmod 755 "$files/init"
cp -r "$cache/$image/modules" "$files/modules"
cp "$cache/$image/order" "$files/modules/order"
echo "${E2E_ONLY:-}" > "$files/only"
# What is taken from this machine's root, and where it goes there: busybox has no flock, which a claim needs.
programs=("$built/failover" "$built/failover-e2e" "$(command -v flock)")
{
    for program in "${programs[@]}"; do echo "$program /bin/$(basename "$program")"; done
    ldd "${programs[@]}" | grep -o '/[^ :]*\.so[^ ]*' | sort -u | while read -r library; do echo "$(realpath "$library") $library"; done
} > "$files/files"
(cd "$files" && find . | "$busybox" cpio -o -H newc 2>/dev/null) > "$work/initramfs"

# Emulated, the machine's time is counted in its own instructions (8 ns each): on a busy host the tests take longer and
# see the same times, so that no deadline passes for want of CPU; and where all of it waits, the wait is jumped over.
accelerator=(-accel tcg -cpu max -icount 'shift=3,sleep=off')
# A /dev/kvm that opens may still not work.
if [ -w /dev/kvm ] && grep -qE '^flags.*\b(vmx|svm)\b' /proc/cpuinfo; then accelerator=(-accel kvm -accel tcg -cpu max); fi
log=$cache/e2e.log
say "booting $image; what the tests saw goes to $log"
timeout --kill-after=5 "$deadline" qemu-system-x86_64 "${accelerator[@]}" -M pc -smp 1 -m 512 -vga none -net none \
    -display none -monitor none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=0x04 \
    -serial "file:$work/console" -serial "file:$log" \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    -kernel "$cache/$image/vmlinux" -initrd "$work/initramfs" -append 'console=ttyS0 panic=-1 quiet mitigations=off nokaslr' </dev/null >"$work/qemu" 2>&1 &
vm=$!
# Shows each test as it ends.
tail --pid="$vm" -n +1 -s 0.2 -F "$work/console" 2>/dev/null | sed -u 's|\r||g' | grep --line-buffered -aE '^(PASS|FAIL|e2e:)' || true
code=0
wait "$vm" || code=$?
vm=
cp "$work/console" "$cache/console.log" 2>/dev/null || true
case $code in
    1) say "all passed in $SECONDS s" ;;
    3) stop "FAILED; see $log" ;;
    124 | 137) stop "FAILED: not done after $deadline s; see $log and $cache/console.log" ;;
    *) cat "$work/qemu" >&2; stop "FAILED: the machine ended with $code; see $cache/console.log" ;;
esac
