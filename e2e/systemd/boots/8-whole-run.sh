# shellcheck shell=bash disable=SC2154,SC2034
# A machine as new, which becomes the backup, is upgraded, and takes over in a whole run: without any network.

# shellcheck source=e2e/systemd/world.sh
. /run/proof/world.sh

a_machine_without_a_network_has_a_world_on_loopback() {
    as_new
    only_loopback
    serve_world
    install_TezBake
    app_user_reads_no_secret
    # The look finds what is there to be found.
    chmod 444 "$secret"
    [ "$(read_by_app_user /bake-buddy)" = "$secret" ]
    chmod 400 "$secret"
    owner_and_mode "$secret" > /var/lib/proof/secret
    dead "${signing[@]}"
    seen "devices: lo; the secret is $(owner_and_mode "$secret"), the start script $(owner_and_mode "$start_script")"
}

standby_puts_the_secret_where_the_app_user_does_not_read_it() {
    ok failover --config "$config" drill --signer tezsign
    watch_as_app_user
    run failover --config "$config" standby --yes
    watched
    exits 0
    says "systemd here: $version;"
    only_loopback
    [ ! -e "$secret" ]
    render_start_script '' '' | cmp - "$start_script"
    app_user_reads_no_secret
    nothing_signs
    seen 'exit 0, the guard holds, the secret is away, the start script is without it'
}

an_upgrade_of_TezBake_after_standby_gets_at_no_secret() {
    local name
    watch_as_app_user
    chown_as_TezBake_does
    for name in node baker accuser signer tezsign; do
        remove_service "$name"
        install_service "$name"
        run systemctl start "$(unit "$name")"
    done
    # No secret is stored: so it renders none.
    install_start_script 'of a newer version' ''
    chown_as_TezBake_does
    watched
    app_user_reads_no_secret
    nothing_signs
    seen "all below the app's folder was made $app_user's, the start script is rendered anew, nothing signs"
}

a_whole_run_without_a_network() {
    local plan
    run failover --json --config "$config" run --plan-only
    exits 0
    plan=$(jq -r 'select(.record == "plan") | "\(.name):\(.plan)"' <<< "$out")
    watch_as_app_user
    run failover --json --config "$config" run --yes --confirm-disconnected "$plan" --confirm-no-other-run "primary:${plan##*:}"
    watched
    exits 0
    only_loopback
    runs node baker signer tezsign
    run in_world primary systemctl is-active "$(unit baker)"
    [ "$out" = inactive ]
    seen 'exit 0, with lo alone'
    render_start_script 'of a newer version' "$(passphrase)" | cmp - "$start_script"
    passphrase | tr -d '\n' | cmp - "$secret"
    [ "$(owner_and_mode "$secret")" = "$(cat /var/lib/proof/secret)" ]
    app_user_reads_no_secret
    seen "the secret is back, $(owner_and_mode "$secret"), the newest start script stands"
    [ "$(show bb-default-pay-continual.service ActiveState)" = inactive ]
    ! grep pays /bake-buddy/signed || wrong 'what pays was started'
    run in_world world book
    [ "$(jq -r '.signed_twice == [] and .primary > 0 and .backup > 0' <<< "$out")" = true ]
    seen 'what pays was not started, nothing was signed twice'
}

for name in \
    a_machine_without_a_network_has_a_world_on_loopback \
    standby_puts_the_secret_where_the_app_user_does_not_read_it \
    an_upgrade_of_TezBake_after_standby_gets_at_no_secret \
    a_whole_run_without_a_network; do
    prove "$name"
done
next=end
