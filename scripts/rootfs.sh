# shellcheck shell=bash
# Sourced by scripts/images: small root file systems out of the distribution's packages.
#
# Packages are downloaded and unpacked into a temporary folder, never installed: no service of
# theirs starts on this machine, nothing of it changes, and no root is needed.

# Say why images cannot be made here, if so. Arguments: the engine's architecture, image names.
check_packages() {
    local architecture=$1 tool here
    shift
    for tool in apt-get dpkg-deb tar; do
        if ! command -v "$tool" >/dev/null 2>&1; then
            echo "these images are missing and Docker Hub cannot be reached: $*" >&2
            echo "They can be made on Debian or Ubuntu only ($tool was not found). Bring them from" >&2
            echo "another machine: docker save IMAGE | ssh HERE docker load" >&2
            return 1
        fi
    done
    here=$(dpkg --print-architecture)
    [ "$here" != armhf ] || here=arm
    if [ "$here" != "$architecture" ]; then
        echo "the packages of this machine are for $here, the engine is $architecture:" >&2
        echo "run this on a machine like the engine's, or pull the images there: $*" >&2
        return 1
    fi
}

# apt-get with a state of its own: an empty list of what is installed, so that the whole closure of
# dependencies is fetched and not only what this machine happens to lack.
private_apt() {
    apt-get -qq -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
        -o Dir::State::status=/dev/null -o Dir::Cache::archives="$work/archives" "$@"
}

download() {
    private_apt "$@" -y --no-install-recommends --download-only \
        install busybox-static haproxy docker-registry >"$work/apt.log" 2>&1
}

# Download and unpack the programs and the libraries they may need into $1/packages.
fetch_packages() {
    local work=$1 deb lists
    mkdir -p "$work/archives/partial" "$work/lists/partial" "$work/packages"
    # The machine's own package lists may be missing, or so old that the files are gone.
    if ! download; then
        lists=(-o Dir::State::lists="$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
        if ! private_apt "${lists[@]}" update >"$work/apt.log" 2>&1 || ! download "${lists[@]}"; then
            echo "the packages could not be downloaded:" >&2
            tail -n 20 "$work/apt.log" >&2
            return 1
        fi
    fi
    # All of them: a name does not tell which ones hold libraries (zlib1g).
    for deb in "$work"/archives/*.deb; do
        dpkg-deb --extract "$deb" "$work/packages"
    done
}

# A tree with what every program expects to find: users, name resolution, a /tmp for all.
base_tree() {
    local tree=$1
    mkdir -p "$tree"/{bin,dev,etc,proc,root,run,sys,tmp,usr/sbin,usr/bin,var/tmp}
    chmod 1777 "$tree/tmp" "$tree/var/tmp"
    chmod 0700 "$tree/root"
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' \
        'nobody:x:65534:65534:nobody:/nonexistent:/bin/false' >"$tree/etc/passwd"
    printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$tree/etc/group"
    # The GNU C library asks DNS only where this file says so.
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$tree/etc/nsswitch.conf"
}

# The shell and the small commands, which people and health checks use with `docker exec`.
add_busybox() {
    local tree=$1 applet binary
    # In /bin or /usr/bin, by release.
    binary=$(find "$work/packages" -path '*/bin/busybox' -type f | head -n 1)
    cp "$binary" "$tree/bin/busybox"
    for applet in $("$binary" --list); do
        [ "$applet" = busybox ] || ln -sf busybox "$tree/bin/$applet"
    done
}

# The folders of the unpacked packages that hold libraries, as a search path.
library_path() {
    local packages=$work/packages
    find "$packages/lib" "$packages/usr/lib" -maxdepth 1 -type d \
        \( -name '*-linux-gnu*' -o -name lib \) 2>/dev/null | paste -sd:
}

# Copy a program, the libraries that it loads and their loader.
add_program() {
    local tree=$1 goal=$1$3 packages=$work/packages loader found library
    local program=$packages$2
    mkdir -p "$(dirname "$goal")"
    cp "$program" "$goal"
    # Not the link in /lib64, which may point to this machine's own loader.
    loader=$(find "$packages" -name 'ld-linux*.so.*' -type f | head -n 1)
    # Asked of the unpacked loader, so that this machine's own libraries play no part.
    found=$("$loader" --inhibit-cache --library-path "$(library_path)" --list "$program")
    if grep -v -e linux-vdso -e "$packages/" <<<"$found" | grep -q '=>'; then
        echo "$2 needs libraries that its packages do not have:" >&2
        grep -v "$packages/" <<<"$found" >&2
        return 1
    fi
    while read -r library; do
        copy_library "$tree" "$library"
    done < <(sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' <<<"$found" | grep "^$packages/")
    # Name look-ups load these by name, where they are not part of the C library (before 2.34).
    for library in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
        found=$(find "$packages" -name "$library" | head -n 1)
        [ -z "$found" ] || copy_library "$tree" "$found"
    done
    copy_loader "$tree" "$program" "$loader"
}

# Libraries go where every loader looks; links are followed.
copy_library() {
    mkdir -p "$1/lib"
    cp -L "$2" "$1/lib/$(basename "$2")"
}

# The loader goes to the place that the program names (the ELF interpreter).
copy_loader() {
    local place
    place=$(grep -a -o -m 1 '/lib[0-9a-z]*/ld-linux[0-9a-z.-]*' "$2" | head -n 1)
    mkdir -p "$1$(dirname "$place")"
    cp -L "$3" "$1$place"
}
