# shellcheck shell=bash disable=SC2154,SC2034
# Booted with the token there, in a folder that is mounted: the services bake on. Then the guard again.

after_a_reboot_with_the_token_they_start_by_themselves() {
    [ "$(show var-lib-failover.mount ActiveState)" = active ]
    runs node baker accuser signer tezsign
    seen 'all run: RequiresMountsFor= made them wait for the mount'
}

installed_again_they_stop_for_good() {
    ok failover guard install --stop "$(uname -n)"
    [ ! -e "$token" ]
    guard_is holds
    nothing_signs
    run failover guard check
    exits 3
    runs node accuser
    seen 'stopped, no token, guard check exits 3'
}

# Before systemd 250 it has no limit: it starts the unit again and again, and systemd does nothing else any more. So this is the
# last case of a boot that ends with a reset, and no answer of systemctl is waited for.
a_path_unit_does_not_start_it() {
    local before
    before=$(signatures)
    printf '[Path]\nPathExists=/etc/hostname\nUnit=%s\n' "$(unit signer)" > /etc/systemd/system/at-once.path
    ok systemctl daemon-reload
    ok systemctl --no-block start at-once.path
    rm /etc/systemd/system/at-once.path
    sleep 5
    [ -z "$(processes signer)" ] || wrong 'signer has a process'
    [ "$(signatures)" -eq "$before" ] || wrong "signed all the same: $(tail -n 1 /bake-buddy/signed)"
    run timeout 5 systemctl show --value -p Result -- at-once.path
    if [ "$version" -ge 250 ]; then
        says trigger-limit-hit
        seen 'the path unit fails with trigger-limit-hit'
    else
        [ "$code" -ne 0 ]
        seen 'LIMIT: no start, and systemd is busy with it for good: systemctl gets no answer'
    fi
}

for name in \
    after_a_reboot_with_the_token_they_start_by_themselves \
    installed_again_they_stop_for_good \
    a_path_unit_does_not_start_it; do
    prove "$name"
done
next=reset
