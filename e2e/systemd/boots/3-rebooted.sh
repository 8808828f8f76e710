# shellcheck shell=bash disable=SC2154,SC2034
# The first boot with the guard. Then hands that take it back: `guard status` has to say so each time.

after_a_reboot_nothing_signs() {
    local unit
    for unit in "${signing[@]}"; do [ "$(show "$unit" UnitFileState)" = enabled ]; done
    [ "$(show multi-user.target ActiveState)" = active ]
    runs node accuser
    guard_is holds
    nothing_signed_at_boot
    seen 'enabled, and not started; multi-user.target and the node are up; guard status says holds'
}

# As after its package was removed: systemd asks /usr/bin/test, and not the program.
a_program_that_is_gone() {
    mv /run/proof/bin/failover /run/failover
    run failover guard status
    exits 127
    run systemctl start "$(unit baker)"
    exits 1
    says 'Assertion failed'
    ok systemctl daemon-reload
    run systemctl restart "$(unit baker)"
    exits 1
    nothing_signs
    mv /run/failover /run/proof/bin/failover
    guard_is holds
    seen 'a start fails loudly, nothing signs; there again, guard status says holds'
}

# `hand WORDS`: what was done is told by guard status as a reason with these words; then all is as it was before.
hand() {
    guard_is open
    [[ $why == *"$1"* ]] || wrong "it does not say: $1"
    rm -rf "/etc/systemd/system/$(unit baker).d"
    cp -a /run/guarded "/etc/systemd/system/$(unit baker).d"
    systemctl daemon-reload
}
# Whether the baker could start now is proved, too: then an `open` is no false alarm.
and_it_starts() {
    ok systemctl start "$(unit baker)"
    runs baker
    ok systemctl stop "$(unit baker)"
}

a_hand_that_takes_it_back_is_told() {
    local guard
    guard=$(guard_file baker)
    cp -a "${guard%/*}" /run/guarded

    drop_in baker zzz-later '[Unit]
AssertPathExists='
    ok systemctl daemon-reload
    hand AssertPathExists

    drop_in baker zzz-later '[Service]
ExecCondition='
    ok systemctl daemon-reload
    hand ExecCondition

    drop_in baker zzz-later '[Unit]
AssertPathExists=
[Service]
ExecCondition='
    ok systemctl daemon-reload
    and_it_starts
    hand AssertPathExists
    seen 'a later empty AssertPathExists= and ExecCondition='

    : > "$guard"
    ok systemctl daemon-reload
    and_it_starts
    hand "not this guard's"
    seen 'an emptied file'

    sed -i 's/AssertPathExists/AssertPathExist/; s/ExecCondition/ExecConditon/' "$guard"
    ok systemctl daemon-reload
    [[ $(show baker DropInPaths) == *"$guard"* ]]
    and_it_starts
    hand AssertPathExists
    seen 'a typo, with the file still in DropInPaths'

    sed -i 's/^\[.*\]$//' "$guard"
    ok systemctl daemon-reload
    and_it_starts
    hand AssertPathExists
    seen 'a lost section'

    mv "$guard" "${guard%.conf}"
    ok systemctl daemon-reload
    and_it_starts
    hand 'not there'
    seen 'a name without .conf'

    ok systemctl revert "$(unit baker)"
    if [ -e "$guard" ]; then
        seen "systemctl revert leaves it, as the unit's own file is in /etc"
        guard_is holds
    else
        hand 'not there'
        seen 'systemctl revert'
    fi

    drop_in baker zzz-later '[Service]
SuccessExitStatus=1'
    ok systemctl daemon-reload
    hand SuccessExitStatus
    seen 'SuccessExitStatus=1'

    rm "$guard"
    hand 'not there'
    seen 'a file that is gone, before a reload'

    guard_is holds
    nothing_signs
}

a_success_exit_of_1_undoes_ExecCondition() {
    drop_in baker zzz-later '[Unit]
AssertPathExists=
[Service]
SuccessExitStatus=1'
    ok systemctl daemon-reload
    run systemctl start "$(unit baker)"
    at_rest baker
    local what='is not looked at: the baker stays dead'
    [[ $(state baker) != active* ]] || what='undoes ExecCondition=: the baker RUNS'
    run systemctl stop "$(unit baker)"
    hand AssertPathExists
    seen "SuccessExitStatus=1 $what"
}

a_token_by_hand_opens_it_and_is_told() {
    : > "$token"
    and_it_starts
    guard_is open
    says "the token $token is there"
    run failover guard check
    [ "$code" -ne 0 ]
    rm "$token"
    guard_is holds
    nothing_signs
    seen 'LIMIT: systemd looks whether it is there, not what it says; guard status says open, and guard check says no'
}

installed_again_after_a_hand() {
    rm -rf "/etc/systemd/system/$(unit baker).d"
    ok systemctl daemon-reload
    guard_is open
    ok failover guard install
    guard_is holds
    nothing_signs
    seen 'guard install puts back what is gone'
}

for name in \
    after_a_reboot_nothing_signs \
    a_program_that_is_gone \
    a_hand_that_takes_it_back_is_told \
    a_success_exit_of_1_undoes_ExecCondition \
    a_token_by_hand_opens_it_and_is_told \
    installed_again_after_a_hand; do
    prove "$name"
done
next=reset
