# shellcheck shell=bash disable=SC2154,SC2034
# Guarded after it was lifted, and switched off at once.

guarded_again_nothing_signs_after_a_reset() {
    runs node accuser
    guard_is holds
    nothing_signed_at_boot
    seen 'the token stays away; guard status says holds'
}

# Others beside the default one, as `tezbake instance second`, `--id my.baker-2` and `--path /opt/x` make them.
declare -A folders=([second]=/bake-buddy/instances/second [my.baker-2]=/bake-buddy/instances/third [x]=/opt/x)
units_of() { echo "$1-node-xtz-baker.service $1-signer-tezsign.service"; }

# Installs and starts one: its id and its folder.
install_instance() {
    local id=$1 folder=$2 app name exec
    mkdir -p "$folder"/node/{bin,data} "$folder"/signer/{bin,data,__bin_generated}
    cp /bin/dash "$folder/node/bin/node"
    cp /bin/dash "$folder/node/bin/baker"
    cp /bin/dash "$folder/signer/bin/tezsign"
    printf '#!/bin/sh\nexec %s/signer/bin/tezsign /bake-buddy/stand-in %s-signer-tezsign.service run\n' "$folder" "$id" \
        > "$folder/signer/__bin_generated/tezsign.service.sh"
    chmod 755 "$folder/signer/__bin_generated/tezsign.service.sh"
    for name in node-xtz-node node-xtz-baker signer-tezsign; do
        app=${name%%-*}
        exec="$folder/$app/bin/${name##*-} /bake-buddy/stand-in $id-$name.service ${name##*-} run"
        [ "$name" != signer-tezsign ] || exec=$folder/signer/__bin_generated/tezsign.service.sh
        cat > "/etc/systemd/system/$id-$name.service" <<EOF
[Unit]
Description=$id-$app ${name##*-} service
StartLimitIntervalSec=0
[Service]
User=tezbake
Restart=always
RestartSec=${restart_sec:?}
Environment="HOME=$folder/$app/data"
Environment=TEZOS_LOG='* -> info'
ExecStart=$exec
[Install]
WantedBy=default.target
EOF
    done
    ok systemctl daemon-reload
    # shellcheck disable=SC2046
    ok systemctl enable --now "$id-node-xtz-node.service" $(units_of "$id")
}
# A configuration of its own: the instance as it is named, its state folder.
configure() { { echo "state = \"$3\""; cat /run/proof/config.toml; echo "instance = \"$2\""; } > "/etc/failover/$1.toml"; }
# What `guard status` of a configuration lists: `yes UNIT` and `no UNIT`.
listed() {
    run failover --config "/etc/failover/$1.toml" guard status --json
    jq -r 'select(.record == "signing-units").units[] | "\(if .guarded then "yes" else "no" end) \(.unit)"' <<< "$out"
}

several_and_none_is_named() {
    local id before
    for id in "${!folders[@]}"; do install_instance "$id" "${folders[$id]}"; done
    before=$(everything)
    run failover guard install --stop "$(uname -n)"
    exits 4
    says 'bb-default, my.baker-2, second, x'
    [ "$(everything)" = "$before" ]
    # shellcheck disable=SC2046
    for id in "${!folders[@]}"; do runs $(units_of "$id"); done
    run failover guard status
    says ' no second-node-xtz-baker.service'
    says ' no x-signer-tezsign.service'
    says 'yes bb-default-node-xtz-baker.service'
    seen 'exit 4, all are named, nothing was stopped or written; guard status lists each of their units: no'
}

each_is_guarded_alone() {
    local id name left=(second my.baker-2 x)
    while [ "${#left[@]}" -gt 0 ]; do
        id=${left[0]} name=${left[0]}
        left=("${left[@]:1}")
        # One of them by its folder.
        [ "$id" != x ] || name=/opt/x
        configure "$id" "$name" "/var/lib/failover-$id"
        ok failover --config "/etc/failover/$id.toml" guard install --stop "$(uname -n)"
        # shellcheck disable=SC2046
        at_rest $(units_of "$id")
        # shellcheck disable=SC2046
        dead $(units_of "$id")
        runs "$id-node-xtz-node.service"
        [ "$(listed "$id" | grep -c ^yes)" = 2 ]
        listed "$id" | grep -qx "yes $id-node-xtz-baker.service"
        listed "$id" | grep -qx "yes $id-signer-tezsign.service"
        for other in "${left[@]}"; do
            # shellcheck disable=SC2046
            runs $(units_of "$other")
            [ -z "$(show "$other-node-xtz-baker.service" DropInPaths)" ]
        done
        run systemctl start "$id-node-xtz-baker.service"
        exits 1
    done
    configure default bb-default /var/lib/failover
    [ "$(listed default | grep -c '^yes bb-default-')" = 3 ]
    seen 'by id and by folder: two units of each are held, its node runs, and the others sign on until it is their turn'
}

for name in guarded_again_nothing_signs_after_a_reset several_and_none_is_named each_is_guarded_alone; do prove "$name"; done
next=reboot
