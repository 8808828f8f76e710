# shellcheck shell=bash disable=SC2154,SC2034
# Several TezBakes, each guarded: nothing of them signs after a reboot, and a lift is for one of them.

after_a_reboot_no_instance_signs() {
    local id
    at_rest {second,my.baker-2,x}-{node-xtz-baker,signer-tezsign}.service
    dead {second,my.baker-2,x}-{node-xtz-baker,signer-tezsign}.service
    runs {second,my.baker-2,x}-node-xtz-node.service
    nothing_signed_at_boot
    seen 'all six units are dead, the nodes run'
}

one_is_lifted_and_the_others_stay_guarded() {
    mkdir -p /var/lib/failover-second
    : > /var/lib/failover-second/ACTIVE
    ok systemctl start second-signer-tezsign.service second-node-xtz-baker.service
    runs second-signer-tezsign.service second-node-xtz-baker.service
    for id in my.baker-2 x bb-default; do
        run systemctl start "$id-node-xtz-baker.service"
        exits 1
    done
    dead {my.baker-2,x,bb-default}-node-xtz-baker.service
    seen 'its own token starts it alone'
}

for name in after_a_reboot_no_instance_signs one_is_lifted_and_the_others_stay_guarded; do prove "$name"; done
next=reboot
