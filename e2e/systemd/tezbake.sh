# shellcheck shell=bash
# Stand-ins for what TezBake installs: its units, named and written as those of xtz.node and xtz.signer (2026) are, and
# programs of the real names that write a line whenever they would sign.

# TezBake's is 20. Nothing but a test's length depends on it: a case waits until a unit no longer waits to restart.
restart_sec=1

# The stand-in, run by a shell of the program's name: `stand-in UNIT ...`.
make_programs() {
    mkdir -p /bake-buddy/node/{bin,data} /bake-buddy/signer/{bin,data,__bin_generated}
    cat > /bake-buddy/stand-in <<'EOF'
say() { echo "$1 $2 at $(date +%T)" >> /bake-buddy/signed; }
case $2 in
    unlock) say "$1" unlocks; exit ;;
    node) did='follows the chain' ;;
    *) did=signs ;;
esac
while :; do say "$1" "$did"; sleep 1; done
EOF
    for program in node/bin/node node/bin/baker node/bin/accuser signer/bin/signer signer/bin/tezsign; do
        cp /bin/dash "/bake-buddy/$program"
    done
    cat > /bake-buddy/signer/__bin_generated/tezsign.service.sh <<'EOF'
#!/bin/sh
set -e
/bake-buddy/signer/bin/tezsign /bake-buddy/stand-in bb-default-signer-tezsign.service unlock
exec /bake-buddy/signer/bin/tezsign /bake-buddy/stand-in bb-default-signer-tezsign.service run --listen 127.0.0.1:20090 --no-retry
EOF
    chmod 755 /bake-buddy/signer/__bin_generated/tezsign.service.sh
    touch /bake-buddy/signed
    chmod 666 /bake-buddy/signed
    useradd --system --home-dir /bake-buddy tezbake
    useradd --system --home-dir /bake-buddy tezbake_tezsign
}

# What follows the program's name on its command line.
arguments() {
    case $1 in
        node) echo 'node run --rpc-addr 127.0.0.1:8732' ;;
        baker) echo '--remote-signer http://127.0.0.1:20090 run with local node /bake-buddy/node/data/.tezos-node baker' ;;
        accuser) echo '--remote-signer http://127.0.0.1:20090 run' ;;
        signer) echo 'launch http signer -a 127.0.0.1 -p 20090' ;;
    esac
}
unit_file() {
    local app=node user=tezbake exec
    case $1 in signer | tezsign) app=signer ;; esac
    exec="/bake-buddy/$app/bin/$1 /bake-buddy/stand-in $(unit "$1") $(arguments "$1")"
    # It has a user of its own.
    [ "$1" != tezsign ] || exec=/bake-buddy/signer/__bin_generated/tezsign.service.sh user=tezbake_tezsign
    cat <<EOF
[Unit]
Description=bb-default-$app $1 service
After=network.target
StartLimitIntervalSec=0

[Service]
User=$user
Group=$user
Type=simple
Restart=always
RestartSec=$restart_sec
Environment="HOME=/bake-buddy/$app/data"
ExecStart=$exec

[Install]
WantedBy=default.target
EOF
}

# As TezBake installs a service, and as it takes it away: stopped and disabled, and of its files only the unit's.
install_service() {
    unit_file "$1" > "/etc/systemd/system/$(unit "$1")"
    ok systemctl daemon-reload
    ok systemctl enable "$(unit "$1")"
}
remove_service() {
    ok systemctl stop "$(unit "$1")"
    ok systemctl disable "$(unit "$1")"
    ok rm "/etc/systemd/system/$(unit "$1")"
    ok systemctl daemon-reload
}
