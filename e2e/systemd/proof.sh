#!/bin/bash
# Runs the cases of this boot, of which the disk keeps count, and ends the machine or boots it again. A case is a function
# of `boots/N-*.sh`; its line, and all that it did and saw, go to standard output.
set -uo pipefail
export PATH=/run/proof/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SYSTEMD_COLORS=0 SYSTEMD_PAGER='' TERM=dumb COLUMNS=200 USER=root
cd /

state=/var/lib/proof
mkdir -p "$state"
boot=$(($(cat "$state/boot" 2>/dev/null || echo 0) + 1))
echo "$boot" > "$state/boot"
version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
failed() { : > "$state/failed"; }

# shellcheck source=e2e/systemd/words.sh
. /run/proof/words.sh
# shellcheck source=e2e/systemd/tezbake.sh
. /run/proof/tezbake.sh

echo "==== boot $boot of systemd $version"
systemctl is-system-running --wait
cases=(/run/proof/boots/"$boot"-*.sh)
next=end
if [ -e "${cases[0]}" ]; then
    # shellcheck disable=SC1090
    . "${cases[0]}"
else
    echo "FAIL boot $boot: there was to be none"
    failed
fi
# For the next boot: whether something signed before its cases ran.
signatures > "$state/signatures"
echo "==== what systemd said in boot $boot"
journalctl --no-pager -q -b -o short-monotonic _PID=1
case $next in
    reboot) systemctl reboot ;;
    # As when it is switched off: nothing is stopped, nothing is asked.
    reset) systemctl --force --force reboot ;;
    end)
        if [ -e "$state/failed" ]; then echo failed; else echo passed; fi > "$state/ended"
        systemctl --force --force poweroff
        ;;
esac
