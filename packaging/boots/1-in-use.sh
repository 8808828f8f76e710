# shellcheck shell=bash disable=SC2154,SC2034
# The package on a machine whose systemd runs: what becomes of the watch, and of a guard, in an upgrade and a removal. In
# the words of e2e/systemd.

watch=failover-watch.service
package=/run/proof/failover.deb newer=/run/proof/newer.deb
# The watch needs a chain and a device. What systemd and the package do with its unit, they do with this program in it.
watch_is() {
    drop_in "$watch" 50-stand-in "[Service]
Type=exec
WatchdogSec=0
ExecStart=
ExecStart=$1"
    ok systemctl daemon-reload
}

installed_it_is_known_and_not_enabled() {
    ok dpkg -i "$package"
    [ "$(show "$watch" LoadState)" = loaded ]
    [ "$(show "$watch" UnitFileState)" = disabled ]
    dead "$watch"
    seen 'loaded, disabled, dead, without a daemon-reload by hand'
}

an_upgrade_restarts_a_watch_that_runs() {
    watch_is '/bin/sleep infinity'
    ok systemctl start "$watch"
    local pid
    pid=$(show "$watch" MainPID)
    ok dpkg -i "$newer"
    at_rest "$watch"
    [[ $(state "$watch") == 'active running'* ]]
    [ "$(show "$watch" MainPID)" != "$pid" ]
    seen 'it runs, as another process'
}

an_upgrade_is_not_kept_waiting_by_a_watch_that_is_not_ready() {
    drop_in "$watch" 60-never-ready '[Service]
Type=notify'
    ok systemctl daemon-reload
    systemctl restart --no-block "$watch"
    for _ in {1..100}; do [[ $(state "$watch") != activating* ]] || break; sleep 0.1; done
    ok timeout 60 dpkg -i "$package"
    [[ $(state "$watch") == activating* ]]
    rm "/etc/systemd/system/$watch.d/60-never-ready.conf"
    ok systemctl daemon-reload
    seen 'dpkg ended while the watch waited for its chain'
}

an_upgrade_starts_no_watch_that_was_stopped() {
    ok systemctl stop "$watch"
    ok dpkg -i "$newer"
    at_rest "$watch"
    dead "$watch"
    seen 'it stays dead'
}

an_upgrade_starts_no_watch_that_saw_a_duplicate() {
    watch_is "/bin/sh -c 'exit 5'"
    run systemctl start "$watch"
    at_rest "$watch"
    [[ $(state "$watch") == 'failed failed'* ]]
    ok dpkg -i "$package"
    at_rest "$watch"
    [[ $(state "$watch") == 'failed failed'* ]]
    seen 'ended with exit code 5, it stays ended'
}

a_removal_stops_a_watch_and_says_so() {
    watch_is '/bin/sleep infinity'
    ok systemctl start "$watch"
    ok dpkg -r failover
    says 'nothing stops this machine'
    dead "$watch"
    [ -z "$(pgrep -f 'sleep infinity' || true)" ]
    rm -r "/etc/systemd/system/$watch.d"
    seen 'it is stopped'
}

a_guarded_machine_stays_guarded_without_the_package() {
    ok dpkg -i "$package"
    make_programs
    local unit
    for unit in node baker signer tezsign; do install_service "$unit"; done
    mkdir -p /etc/failover
    cp /run/proof/config.toml /etc/failover/config.toml
    ok failover guard install --stop "$(uname -n)"
    guard_is holds
    local before
    before=$(everything)
    for how in -r -P; do
        ok dpkg "$how" failover
        run failover guard status
        exits 127
        for unit in "${signing[@]}"; do
            run systemctl start "$(unit "$unit")"
            exits 1
        done
        [ "$(everything)" = "$before" ]
    done
    nothing_signs
    seen 'removed and purged, a start fails loudly and nothing signs; drop-ins and state are byte for byte the same'
}

for name in \
    installed_it_is_known_and_not_enabled \
    an_upgrade_restarts_a_watch_that_runs \
    an_upgrade_is_not_kept_waiting_by_a_watch_that_is_not_ready \
    an_upgrade_starts_no_watch_that_was_stopped \
    an_upgrade_starts_no_watch_that_saw_a_duplicate \
    a_removal_stops_a_watch_and_says_so \
    a_guarded_machine_stays_guarded_without_the_package; do
    prove "$name"
done
next=reboot
