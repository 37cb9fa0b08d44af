# shellcheck shell=bash
# Sourced by the other scripts: what they need to know about Debian, Ubuntu and their packages.

# May packages be installed here? Only as root, and only where apt-get is.
can_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

# Install those of the named packages that the distribution has. One that it lacks is passed over,
# because Debian 12 and 13 cut Docker into packages differently.
install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    local package wanted=()
    for package in "$@"; do
        if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then
            wanted+=("$package")
        fi
    done
    echo "installing: ${wanted[*]}"
    # Without a terminal, and with the output in hand only for when it fails: it is 200 lines long.
    local log
    log=$(mktemp)
    if ! apt-get install -qq -y --no-install-recommends "${wanted[@]}" \
        >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}
