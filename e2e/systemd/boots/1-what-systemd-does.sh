# shellcheck shell=bash disable=SC2154,SC2034
# TezBake is installed, nothing is guarded, and the token is not there. What systemd does with a drop-in by hand: why the
# guard has the lines that it has.

assert="[Unit]
AssertPathExists=$token"
exec_condition="[Service]
ExecCondition=+/usr/bin/test -e $token"

# Starts the baker without any drop-in, puts one there while it runs, and kills the baker.
killed_with() {
    plain
    ok systemctl start "$(unit baker)"
    runs baker
    drop_in baker 50-hand "$1"
    ok systemctl daemon-reload
    runs baker
    ok systemctl kill -s SIGKILL "$(unit baker)"
    until_it_waits_to_restart baker
}

# Behind an ExecCondition= that says no: dead, but before systemd 250 a unit with Restart=always asks it again and again.
turned_away() {
    if [ "$version" -ge 250 ]; then
        dead baker
        return
    fi
    until_it_waits_to_restart baker
    sleep "$((${restart_sec:?} + 1))"
    until_it_waits_to_restart baker
    [ -z "$(processes baker)" ] || wrong 'baker has a process'
    ok systemctl stop "$(unit baker)"
}

TezBake_installs_and_enables_its_units_and_they_sign() {
    make_programs
    local unit
    for unit in node baker accuser signer tezsign; do
        install_service "$unit"
        ok systemctl start "$(unit "$unit")"
    done
    sleep 1
    runs node baker accuser signer tezsign
    [ "$(signatures)" -ge 4 ]
    ok systemctl stop "$(unit baker)" "$(unit signer)" "$(unit tezsign)"
    nothing_signs
    seen 'node and accuser run, what signs was stopped'
}

a_condition_alone_is_silent() {
    drop_in baker 50-hand "${assert/Assert/Condition}"
    ok systemctl daemon-reload
    ok systemctl start "$(unit baker)"
    dead baker
    seen 'systemctl start exits 0 and nothing runs'
}

an_assert_makes_a_start_fail_loudly() {
    drop_in baker 50-hand "$assert"
    ok systemctl daemon-reload
    run systemctl start "$(unit baker)"
    exits 1
    says 'Assertion failed'
    dead baker
    seen 'systemctl start exits 1, "Assertion failed"'
}

an_ExecCondition_alone_is_silent() {
    plain
    drop_in baker 50-hand "$exec_condition"
    ok systemctl daemon-reload
    ok systemctl start "$(unit baker)"
    turned_away
    seen 'systemctl start exits 0 and nothing runs'
    [ "$version" -ge 250 ] || seen 'it is asked again with every RestartSec='
}

killed_while_it_waits_behind_an_assert_alone() {
    killed_with "$assert"
    at_rest baker
    if [ "$version" -lt 254 ]; then
        dead baker
        seen 'it stays dead'
    else
        runs baker
        seen 'it RESTARTS and signs: this is why the guard has ExecCondition= too'
    fi
}

started_by_hand_while_it_waits_behind_an_assert_alone() {
    killed_with "$assert"
    run systemctl start "$(unit baker)"
    at_rest baker
    if [ "$version" -lt 254 ]; then
        dead baker
        seen "systemctl start exits $code and nothing runs"
    else
        runs baker
        seen "systemctl start exits $code and it RUNS"
    fi
}

killed_with_both_lines() {
    killed_with "$assert
$exec_condition"
    at_rest baker
    dead baker
    run systemctl start "$(unit baker)"
    exits 1
    dead baker
    seen "it stays dead ($(state baker)), and a start fails loudly"
}

stopped_while_it_waits_to_restart() {
    plain
    ok systemctl start "$(unit baker)"
    ok systemctl kill -s SIGKILL "$(unit baker)"
    until_it_waits_to_restart baker
    ok systemctl stop "$(unit baker)"
    nothing_signs
    seen 'it stays stopped'
}

the_plus_lets_the_check_run_as_root() {
    mkdir -p "${token%/*}"
    chmod 700 "${token%/*}"
    touch "$token"
    drop_in baker 50-hand "${exec_condition/+/}"
    ok systemctl daemon-reload
    ok systemctl start "$(unit baker)"
    turned_away
    drop_in baker 50-hand "$exec_condition"
    ok systemctl daemon-reload
    ok systemctl start "$(unit baker)"
    runs baker
    ok systemctl stop "$(unit baker)"
    plain
    seen "as the unit's user it does not see the token in a folder of mode 0700, with + it does"
}

before_a_daemon_reload_it_is_not_there() {
    plain
    ok systemctl start "$(unit baker)"
    drop_in baker 50-hand "$assert
$exec_condition"
    ok systemctl restart "$(unit baker)"
    runs baker
    local need
    need=$(show baker NeedDaemonReload)
    [ -z "$(show baker DropInPaths)" ]
    ok systemctl daemon-reload
    run systemctl restart "$(unit baker)"
    exits 1
    dead baker
    seen "systemctl restart runs it (NeedDaemonReload=$need), and no longer after a reload"
}

disable_is_undone_by_an_upgrade_and_mask_refuses() {
    plain
    ok systemctl disable "$(unit baker)"
    remove_service baker
    install_service baker
    [ "$(show baker UnitFileState)" = enabled ]
    run systemctl mask "$(unit baker)"
    [ "$code" -ne 0 ]
    says exists
    seen "enabled again; mask exits $code"
}

a_copy_under_another_name_is_not_guarded() {
    drop_in baker 50-hand "$assert
$exec_condition"
    cp "/etc/systemd/system/$(unit baker)" /etc/systemd/system/my-baker.service
    ok systemctl daemon-reload
    ok systemctl start my-baker
    [ "$(show my-baker.service ActiveState)" = active ]
    ok systemctl stop my-baker
    rm /etc/systemd/system/my-baker.service
    ok systemd-run --quiet --unit=by-hand /bake-buddy/node/bin/baker /bake-buddy/stand-in "$(unit baker)"
    sleep 1
    [ "$(show by-hand.service ActiveState)" = active ]
    ok systemctl stop by-hand
    dead baker
    plain
    seen 'LIMIT: a copy, and systemd-run of the same command, run: their processes are what failover sees'
}

for name in \
    TezBake_installs_and_enables_its_units_and_they_sign \
    a_condition_alone_is_silent \
    an_assert_makes_a_start_fail_loudly \
    an_ExecCondition_alone_is_silent \
    killed_while_it_waits_behind_an_assert_alone \
    started_by_hand_while_it_waits_behind_an_assert_alone \
    killed_with_both_lines \
    stopped_while_it_waits_to_restart \
    the_plus_lets_the_check_run_as_root \
    before_a_daemon_reload_it_is_not_there \
    disable_is_undone_by_an_upgrade_and_mask_refuses \
    a_copy_under_another_name_is_not_guarded; do
    prove "$name"
done
next=reboot
