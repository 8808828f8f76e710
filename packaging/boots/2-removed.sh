# shellcheck shell=bash disable=SC2154,SC2034
# The machine that was guarded came up again, and the package is not there.

after_a_reboot_nothing_signs_without_the_package() {
    [ -z "$(command -v failover || true)" ]
    for unit in "${signing[@]}"; do [ "$(show "$unit" UnitFileState)" = enabled ]; done
    runs node
    nothing_signed_at_boot
    seen 'enabled, and not started; the node is up'
}

installed_again_the_guard_is_what_it_was() {
    ok dpkg -i /run/proof/failover.deb
    guard_is holds
    ok failover guard lift --statement 'I have made sure that no other machine signs for mybaker. This machine may bake.'
    run failover guard status --json
    says '"may_bake":true'
    ok systemctl start "$(unit baker)"
    runs baker
    seen 'guard status says holds, and it is lifted as ever'
}

for name in after_a_reboot_nothing_signs_without_the_package installed_again_the_guard_is_what_it_was; do prove "$name"; done
