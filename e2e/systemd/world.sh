# shellcheck shell=bash disable=SC2154
# A simulated world for a whole run: a chain, a TezSign and a primary are served on loopback and sockets, and this machine's
# own services are the backup. What systemd starts and stops here, the programs that run tell the world.

world=/srv/world
config=$world/here.toml
# TezBake's users: the app's, and the one that tezsign runs as.
app_user=tezbake
tezsign_user=tezbake_tezsign
secret=/bake-buddy/signer/tezsign.secret
start_script=/bake-buddy/signer/__bin_generated/tezsign.service.sh

# Nothing of earlier boots is left: of TezBake, of the guard, of failover.
as_new() {
    local unit
    for unit in /etc/systemd/system/*-{node,signer,dal,pay}-*.service; do
        [ -e "$unit" ] || continue
        systemctl disable --now "${unit##*/}"
        rm -rf "$unit" "$unit.d"
    done
    sed -i '/failover/d' /etc/fstab
    systemctl daemon-reload
    umount /var/lib/failover 2>/dev/null || true
    rm -rf /var/lib/failover* /srv/state /etc/failover /bake-buddy /opt/x
    for user in "$app_user" "$tezsign_user"; do userdel "$user" 2>/dev/null || true; done
}

# TezBake with its services, all stopped, and what pays beside it. Each tells the world when it starts and when it is stopped.
install_TezBake() {
    local name
    make_programs
    cat > /bake-buddy/stand-in <<EOF
unit=\$1
say() { echo "\$unit \$1 at \$(date +%T)" >> /bake-buddy/signed; }
tell() { /run/proof/bin/failover stand-in $world/control.sock backup systemctl "\$1" "\$unit"; }
did=signs
case \$2 in
    # As the real one, it takes the passphrase from there.
    unlock) [ -n "\$TEZSIGN_UNLOCK_PASS" ] && say unlocks; exit ;;
    node) did='follows the chain' ;;
    pay) did=pays ;;
esac
trap 'tell stop; exit' TERM
tell start
while :; do say "\$did"; sleep 1; done
EOF
    for name in node baker accuser signer tezsign; do install_service "$name"; done
    sed 's|^ExecStart=.*|ExecStart=/bake-buddy/node/bin/node /bake-buddy/stand-in bb-default-pay-continual.service pay|' \
        "/etc/systemd/system/$(unit node)" > /etc/systemd/system/bb-default-pay-continual.service
    ok systemctl daemon-reload
    mkdir -p /bake-buddy/node/data/.tezos-client
    jq '[.keys[] | {name: .role, value: .key}]' "$world/world.json" > /bake-buddy/node/data/.tezos-client/public_key_hashs
    install -o "$tezsign_user" -g "$tezsign_user" -m 400 <(passphrase | tr -d '\n') "$secret"
    install_start_script '' "$(passphrase)"
    chown_as_TezBake_does
}

# `WORDS PASSPHRASE`, as TezBake 2026 renders it: the passphrase is in it where one is stored. A version has words of its own.
render_start_script() {
    cat <<EOF
#!/bin/sh
${1:+# $1
}set -e
export TEZSIGN_UNLOCK_PASS='$2'
/bake-buddy/signer/bin/tezsign /bake-buddy/stand-in bb-default-signer-tezsign.service unlock
exec /bake-buddy/signer/bin/tezsign /bake-buddy/stand-in bb-default-signer-tezsign.service run --listen 127.0.0.1:20090 --no-retry
EOF
}
install_start_script() {
    render_start_script "$@" > "$start_script.new"
    chown "$tezsign_user:$tezsign_user" "$start_script.new"
    chmod 500 "$start_script.new"
    mv "$start_script.new" "$start_script"
}
# Everything below an app's folder is the app's user's, except two names (TezBake 2026-04).
chown_as_TezBake_does() {
    find /bake-buddy/node /bake-buddy/signer ! -path "$secret" ! -path "$start_script" -exec chown "$app_user:$app_user" {} +
}

# Serves the world. The stand-ins of its primary call the program by the name that it has here.
serve_world() {
    mkdir -p "$world"
    # Its passphrase lies in there, for root alone; who runs a service may tell it what was started.
    chmod 711 "$world"
    ok systemd-run --quiet --unit=world -p UMask=0077 \
        /run/proof/bin/failover drill --signer tezsign --seed 17 --serve "$world"
    for _ in {1..300}; do
        [ ! -e "$world/failover.toml" ] || break
        sleep 0.1
    done
    [ -e "$world/failover.toml" ] || wrong 'no world is served'
    chmod 666 "$world/control.sock"
    sed -i "s|^exec '[^']*'|exec /run/proof/bin/failover|" "$world"/{primary,backup}/bin/*
    # The backup is this machine: no stand-in answers for it.
    sed '/^\[backup\]/,$ { /^path = /d }' "$world/failover.toml" > "$config"
}
in_world() { failover stand-in "$world/control.sock" "$@"; }
passphrase() { jq -r .passphrase "$world/world.json"; }

# What the app's user can read that has the passphrase in it: files, and what every process shows of itself.
read_by_app_user() {
    # By standard input: on a command line everybody would see it.
    passphrase | runuser -u "$app_user" -- sh -c 'grep -lsF -f - -r -D skip "$@" /proc/[0-9]*/environ /proc/[0-9]*/cmdline' sh "$@" || true
}
# It is tried with every file of the machine.
app_user_reads_no_secret() {
    local file found
    for file in "$secret" "$start_script"; do
        ! runuser -u "$app_user" -- cat "$file" > /dev/null 2>&1 || wrong "$app_user reads $file"
    done
    found=$(read_by_app_user /bake-buddy /etc /home /opt /root /run /srv /tmp /usr /var)
    [ -z "$found" ] || wrong "$app_user reads the passphrase in $found"
}
# Looks all the time, until `watched`: what is readable for a moment only.
watch_as_app_user() {
    rm -f /run/watched /run/was-read
    while [ ! -e /run/watched ]; do read_by_app_user /bake-buddy /etc/systemd /srv /tmp /var/lib >> /run/was-read; done &
    watcher=$!
}
watched() {
    touch /run/watched
    wait "$watcher"
    [ ! -s /run/was-read ] || wrong "$app_user read the passphrase in $(sort -u /run/was-read)"
}
owner_and_mode() { stat -c '%U:%G %a' "$1"; }
only_loopback() {
    local devices
    devices=$(sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev)
    [ "$devices" = lo ] || wrong "there are devices: $devices"
}
