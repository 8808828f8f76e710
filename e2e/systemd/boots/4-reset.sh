# shellcheck shell=bash disable=SC2154,SC2034
# The machine was switched off, not shut down. Without its state folder; then lifted, by a person's statement.

folder=${token%/*}

after_a_reset_nothing_signs() {
    runs node accuser
    guard_is holds
    nothing_signed_at_boot
    seen 'guard status says holds'
}

a_state_folder_that_is_gone() {
    mv "$folder" /var/lib/elsewhere
    local unit
    for unit in "${signing[@]}"; do
        run systemctl start "$(unit "$unit")"
        exits 1
    done
    nothing_signs
    mv /var/lib/elsewhere "$folder"
    guard_is holds
    seen 'no start'
}

a_state_folder_that_is_not_mounted() {
    mkdir -p /srv/state
    cp -a "$folder/." /srv/state/
    echo "/srv/state $folder none bind,nofail 0 0" >> /etc/fstab
    ok systemctl daemon-reload
    ok systemctl start var-lib-failover.mount
    guard_is holds
    # What is to be mounted there is no folder; and below the mount lies a token.
    ok systemctl stop var-lib-failover.mount
    mv /srv/state /srv/gone
    touch /srv/state "$token"
    run systemctl start "$(unit baker)"
    [ "$code" -ne 0 ]
    says ependency
    nothing_signs
    rm "$token" /srv/state
    mv /srv/gone /srv/state
    ok systemctl start var-lib-failover.mount
    guard_is holds
    seen 'RequiresMountsFor=: no start without the mount, even with a token below it'
}

statement='I have made sure that no other machine signs for mybaker. This machine may bake.'
lift_wants_the_whole_statement() {
    run failover guard lift --statement "${statement/mybaker/mybraker}"
    exits 2
    run failover guard lift
    [ "$code" -ne 0 ]
    [ ! -e "$token" ]
    nothing_signs
    seen 'another text, and none: refused, no token'
}

lifted_by_a_statement_the_services_start() {
    ok failover guard lift --statement "$statement"
    dead "${signing[@]}"
    ok systemctl start "$(unit baker)" "$(unit signer)" "$(unit tezsign)"
    runs "${signing[@]}"
    run failover guard status --json
    exits 0
    says '"may_bake":true'
    run failover guard check
    exits 0
    seen "$(failover guard status | head -n 1)"
}

lifted_a_killed_baker_comes_back() {
    ok systemctl kill -s SIGKILL "$(unit baker)"
    until_it_waits_to_restart baker
    at_rest baker
    runs baker
    seen 'the guard is in no way when it is lifted'
}

for name in \
    after_a_reset_nothing_signs \
    a_state_folder_that_is_gone \
    a_state_folder_that_is_not_mounted \
    lift_wants_the_whole_statement \
    lifted_by_a_statement_the_services_start \
    lifted_a_killed_baker_comes_back; do
    prove "$name"
done
next=reboot
