# shellcheck shell=bash disable=SC2034
# How the scripts that make Debian roots become root, for those that read this: `"${root[@]}" COMMAND`.
root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)

# Is this a Debian or its like, and may this user be root without being asked?
on_debian() {
    command -v dpkg >/dev/null && command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}
