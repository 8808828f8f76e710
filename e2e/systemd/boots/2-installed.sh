# shellcheck shell=bash disable=SC2154,SC2034
# The machine came up again with no guard. What installs it, what refuses, and every way to start a unit by its name.

after_a_reboot_an_unguarded_machine_signs() {
    runs node baker accuser signer tezsign
    mkdir -p /etc/failover
    cp /run/proof/config.toml /etc/failover/config.toml
    guard_is open
    seen 'this is what the guard is for; guard status says open'
}

install_refuses_while_something_signs() {
    local before
    before=$(everything)
    run failover guard install
    exits 4
    says 'something signs here'
    runs "${signing[@]}"
    [ "$(everything)" = "$before" ]
    seen 'exit 4, the services run, nothing was written'
}

a_user_without_root_is_refused() {
    local before
    useradd --create-home somebody
    before=$(everything)
    run runuser -u somebody -- failover guard install --stop "$(uname -n)"
    [ "$code" -ne 0 ]
    runs "${signing[@]}"
    [ "$(everything)" = "$before" ]
    seen "exit $code, the services run, nothing was written: $(grep -v '^$' <<< "$out" | head -n 1)"
}

a_read_only_etc_is_an_error() {
    ok mount --bind /etc /etc
    ok mount -o remount,bind,ro /etc
    run failover guard install --stop "$(uname -n)"
    umount /etc
    exits 4
    at_rest "${signing[@]}"
    dead "${signing[@]}"
    [ ! -e "$(guard_file baker)" ]
    guard_is open
    seen "exit 4, stopped but not guarded, and guard status says open"
}

a_drop_in_of_another_hand_stays() {
    drop_in baker zz-failover-guard '[Service]
Nice=5'
    run failover guard install
    exits 4
    says "not this guard's"
    [ "$(cat "$(guard_file baker)")" = '[Service]
Nice=5' ]
    [ -e "$(guard_file signer)" ]
    guard_is open
    plain
    seen 'exit 4, the file is as it was, the other units are guarded'
}

install_stop_on_running_units_one_of_which_waits_to_restart() {
    ok systemctl start "$(unit baker)" "$(unit signer)" "$(unit tezsign)"
    runs "${signing[@]}"
    ok systemctl kill -s SIGKILL "$(unit baker)"
    until_it_waits_to_restart baker
    ok failover guard install --stop "$(uname -n)"
    guard_is holds
    [[ $by == "root@primary at 20"*Z ]]
    nothing_signs
    seen "all are stopped, the one that waited does not come back, and guard status says holds, by $by"
}

node_and_accuser_are_not_guarded() {
    runs node accuser
    ok systemctl restart "$(unit node)" "$(unit accuser)"
    runs node accuser
    [ -z "$(show node DropInPaths)$(show accuser DropInPaths)" ]
    seen 'they ran all the time, and restart'
}

a_start_fails_loudly() {
    local unit
    for unit in "${signing[@]}"; do
        run systemctl start "$(unit "$unit")"
        exits 1
        says 'Assertion failed'
        dead "$unit"
    done
    seen 'systemctl start exits 1 for each signing unit'
}

# `starts NAME COMMAND...`: whatever the command exits with, nothing signs.
starts() {
    run "$@"
    at_rest "${signing[@]}"
    dead "${signing[@]}"
}
no_other_word_of_systemctl_starts_it() {
    local baker
    baker=$(unit baker)
    starts systemctl restart "$baker"
    starts systemctl try-restart "$baker"
    starts systemctl reload-or-restart "$baker"
    starts systemctl start --job-mode=ignore-dependencies "$baker"
    starts systemctl start --job-mode=replace-irreversibly "$baker"
    starts systemctl start 'bb-default-signer-*' --all
    starts systemctl reset-failed
    starts systemctl enable --now "$baker"
    starts systemctl reenable "$baker"
    starts systemctl preset "$baker"
    starts systemctl daemon-reload
    starts systemctl daemon-reexec
    starts systemctl start "$baker"
    starts systemctl isolate multi-user.target
    starts systemctl isolate graphical.target
    starts systemctl start default.target
    starts busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager StartUnit ss "$baker" replace
    guard_is holds
    nothing_signs
    runs node accuser
    seen 'restart, reload-or-restart, job modes, patterns, enable --now, reexec, isolate, D-Bus: none'
}

no_other_unit_starts_it() {
    local kind
    for kind in Wants Requires BindsTo Upholds; do
        printf '[Unit]\n%s=%s\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n' "$kind" "$(unit baker)" \
            > "/etc/systemd/system/pulls-$kind.service"
    done
    printf '[Timer]\nOnActiveSec=0\nAccuracySec=1us\nUnit=%s\n' "$(unit baker)" > /etc/systemd/system/at-once.timer
    ok systemctl daemon-reload
    for kind in Wants Requires BindsTo Upholds; do
        starts systemctl start "pulls-$kind.service"
        starts systemctl stop "pulls-$kind.service"
    done
    starts systemctl start at-once.timer
    nothing_signs
    systemctl stop at-once.timer
    rm /etc/systemd/system/pulls-* /etc/systemd/system/at-once.timer
    ok systemctl daemon-reload
    seen "Wants=, Requires=, BindsTo=, a timer$([ "$version" -lt 249 ] || echo ', Upholds='): none"
}

an_alias_and_an_instance_of_a_template() {
    ln -s "$(unit baker)" /etc/systemd/system/my-alias.service
    sed 's/xtz-baker.service/template/' "/etc/systemd/system/$(unit baker)" > /etc/systemd/system/templated@.service
    mkdir /etc/systemd/system/templated@.service.d
    cp "$(guard_file baker)" /etc/systemd/system/templated@.service.d/
    ok systemctl daemon-reload
    run systemctl start my-alias.service
    exits 1
    run systemctl start templated@one.service
    exits 1
    dead baker templated@one.service
    rm -r /etc/systemd/system/my-alias.service /etc/systemd/system/templated@.service*
    ok systemctl daemon-reload
    seen 'a start through an alias fails; a drop-in of a template holds its instances'
}

an_upgrade_of_TezBake() {
    local unit
    for unit in node baker accuser signer tezsign; do
        remove_service "$unit"
        install_service "$unit"
        run systemctl start "$(unit "$unit")"
    done
    runs node accuser
    guard_is holds
    nothing_signs
    seen 'stopped, disabled, replaced, enabled and started: nothing signs, guard status says holds'
}

a_copy_is_not_guarded_but_seen() {
    cp "/etc/systemd/system/$(unit baker)" /etc/systemd/system/my-baker.service
    ok systemctl daemon-reload
    ok systemctl start my-baker
    [ "$(show my-baker.service ActiveState)" = active ]
    run failover guard install
    exits 4
    says baker
    ok systemctl stop my-baker
    rm /etc/systemd/system/my-baker.service
    ok systemctl daemon-reload
    seen 'LIMIT: a copy under another name runs; guard install sees its process, and refuses'
}

for name in \
    after_a_reboot_an_unguarded_machine_signs \
    install_refuses_while_something_signs \
    a_user_without_root_is_refused \
    a_read_only_etc_is_an_error \
    a_drop_in_of_another_hand_stays \
    install_stop_on_running_units_one_of_which_waits_to_restart \
    node_and_accuser_are_not_guarded \
    a_start_fails_loudly \
    no_other_word_of_systemctl_starts_it \
    no_other_unit_starts_it \
    an_alias_and_an_instance_of_a_template \
    an_upgrade_of_TezBake \
    a_copy_is_not_guarded_but_seen; do
    prove "$name"
done
next=reboot
