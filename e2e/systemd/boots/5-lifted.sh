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

for name in \
    after_a_reboot_with_the_token_they_start_by_themselves \
    installed_again_they_stop_for_good; do
    prove "$name"
done
next=reset
