#!/usr/bin/env bash
# The program on real file systems: disks, sticks and shares, mounted by what people mount them with.
#
#   sudo tests/campaign/devices.sh [KIND…]
#
# KIND: ext4 xfs btrfs ntfs exfat fat sshfs smbnetfs gvfs rclone; all of them if left out. One whose programs are missing
# is skipped, and says what it needs. GIBUS is the program (target/release/gibus), CAMPAIGN_DIR where there is room for
# 8 GB (/var/tmp). Servers of ssh and SMB are started for it, with files of their own; SMB needs port 445.
#
# With each, in both layouts: back up, change, back up, be killed in the middle, go on, check every byte, extract and compare,
# delete, prune, and once more. Then files are extracted to it, and what lies on it is backed up before and after it is
# mounted anew.
set -euo pipefail

gibus=$(realpath "${GIBUS:-target/release/gibus}")
work=$(mktemp -d "${CAMPAIGN_DIR:-/var/tmp}/gibus-devices-XXXXXX")
disk=$work/disk
image=$work/image
server=$work/server
export HOME=$work/home
failed=()

main() {
    trap clean_up EXIT
    [ "$(id -u)" = 0 ] || { echo "it needs root to mount" >&2; exit 1; }
    local kinds=("$@")
    [ $# -gt 0 ] || kinds=(ext4 xfs btrfs ntfs exfat fat sshfs smbnetfs gvfs rclone)
    mkdir -p "$disk" "$HOME"
    for kind in "${kinds[@]}"; do
        local missing
        missing=$(missing_for "$kind")
        if [ -n "$missing" ]; then
            echo "SKIPPED $kind: it needs$missing"
            continue
        fi
        echo "== $kind"
        # A run of its own, so that one that fails does not end all. (In a condition `set -e` would do nothing.)
        set +e
        (set -e; on_device "$kind"; echo "   well")
        [ $? = 0 ] || failed+=("$kind")
        set -e
        unmount_disk
        rm -rf "$image" "$server"
    done
    [ ${#failed[@]} = 0 ] || { echo "FAILED: ${failed[*]}"; exit 1; }
}

clean_up() {
    unmount_disk
    for pid in "$work"/*.pid; do
        [ ! -f "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
    done
    rm -rf --one-file-system "$work"
}

missing_for() {
    local programs
    case $1 in
    ext4) programs="mke2fs" ;;
    xfs) programs="mkfs.xfs" ;;
    btrfs) programs="mkfs.btrfs" ;;
    ntfs) programs="mkntfs lowntfs-3g" ;;
    exfat) programs="mkfs.exfat mount.exfat-fuse" ;;
    fat) programs="mkfs.vfat fusefat" ;;
    sshfs) programs="sshfs sshd ssh-keygen" ;;
    smbnetfs) programs="smbd smbpasswd smbnetfs" ;;
    gvfs) programs="smbd smbpasswd gio dbus-run-session" ;;
    rclone) programs="rclone" ;;
    *) echo " to be a known kind"; return ;;
    esac
    for program in $programs; do
        PATH=$PATH:/usr/sbin type "$program" >/dev/null 2>&1 || printf ' %s' "$program"
    done
}

# Mounts a kind; what is to be used of it is then in $place.
mount_disk() {
    place=$disk/place
    case $1 in
    ext4) make_image mke2fs -q -t ext4 -F; mount -o loop "$image" "$disk" ;;
    xfs) make_image mkfs.xfs -q -f; mount -o loop "$image" "$disk" ;;
    btrfs) make_image mkfs.btrfs -q -f; mount -o loop "$image" "$disk" ;;
    ntfs) make_image mkntfs -qFf; lowntfs-3g "$image" "$disk" ;;
    exfat) make_image mkfs.exfat; mount.exfat-fuse "$(losetup -f --show "$image")" "$disk" >/dev/null 2>&1 ;;
    fat) make_image mkfs.vfat; (fusefat -o rw+ "$image" "$disk" >/dev/null 2>&1 &) ;;
    rclone) mkdir -p "$server"; rclone mount --vfs-cache-mode writes ":local:$server" "$disk" --daemon 2>/dev/null ;;
    sshfs)
        start_sshd
        sshfs -p 2222 -o "IdentityFile=$work/key,StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null" \
            "root@localhost:$server" "$disk" 2>/dev/null
        ;;
    smbnetfs) start_smbd; smbnetfs "$disk"; place=$disk/127.0.0.1/s/place ;;
    gvfs) start_smbd; start_gvfs; place="$disk/smb-share:server=127.0.0.1,share=s/place" ;;
    esac
    for _ in $(seq 50); do
        ! { mountpoint -q "$disk" && mkdir -p "$place" 2>/dev/null; } || return 0
        sleep 0.2
    done
    echo "   it could not be mounted" >&2
    return 1
}

make_image() {
    [ ! -f "$image" ] || return 0
    truncate -s 3G "$image"
    "$@" "$image" >/dev/null 2>&1
}

unmount_disk() {
    sync
    [ ! -f "$work/gvfs.pid" ] || { kill "$(cat "$work/gvfs.pid")" 2>/dev/null || true; rm "$work/gvfs.pid"; }
    for mounted in "$disk" "$work/run/gvfs"; do
        ! mountpoint -q "$mounted" || umount "$mounted" 2>/dev/null || umount -l "$mounted"
    done
    for _ in $(seq 50); do
        pgrep -f "[ ]$disk( |\$)" >/dev/null || break
        sleep 0.1
    done
    losetup -j "$image" | cut -d: -f1 | xargs -r losetup -d
}

start_sshd() {
    mkdir -p "$server" /run/sshd
    [ ! -f "$work/sshd.pid" ] || return 0
    for key in key host_key; do ssh-keygen -q -N "" -f "$work/$key"; done
    cp "$work/key.pub" "$work/authorized_keys"
    "$(PATH=$PATH:/usr/sbin type -P sshd)" -p 2222 -h "$work/host_key" -o "PidFile=$work/sshd.pid" -o StrictModes=no \
        -o "AuthorizedKeysFile=$work/authorized_keys" -o PermitRootLogin=yes -o ListenAddress=127.0.0.1 -f /dev/null \
        -o "Subsystem=sftp internal-sftp"
    sleep 1
}

start_smbd() {
    mkdir -p "$server" "$HOME/.smb"
    [ ! -f "$work/smbd.pid" ] || return 0
    local folders=() folder
    for folder in private state cache lock pid ncalrpc; do
        mkdir -p "$work/smb/$folder"
    done
    printf '%s\n' "[global]" "server role = standalone server" "interfaces = lo" "bind interfaces only = yes" \
        "private dir = $work/smb/private" "state directory = $work/smb/state" "cache directory = $work/smb/cache" \
        "lock directory = $work/smb/lock" "pid directory = $work" "ncalrpc dir = $work/smb/ncalrpc" \
        "log file = $work/smb/log" "[s]" "path = $server" "read only = no" "force user = root" >"$work/smb.conf"
    printf 'secret\nsecret\n' | smbpasswd -c "$work/smb.conf" -s -a root >/dev/null
    smbd -D -s "$work/smb.conf"
    cp "$work/smb.conf" "$HOME/.smb/smb.conf"
    echo 'auth "root" "secret"' >"$HOME/.smb/smbnetfs.auth"
    echo 'host 127.0.0.1 visible=true' >"$HOME/.smb/smbnetfs.host"
    printf '%s\n' 'include "smbnetfs.auth"' 'include "smbnetfs.host"' >"$HOME/.smb/smbnetfs.conf"
    chmod 600 "$HOME"/.smb/*
    sleep 1
}

# A session bus with what GNOME mounts shares with, as long as it is needed.
start_gvfs() {
    mkdir -p "$work/run"
    chmod 700 "$work/run"
    XDG_RUNTIME_DIR=$work/run dbus-run-session bash -c "
        /usr/libexec/gvfsd & sleep 1
        printf 'root\nWORKGROUP\nsecret\n' | gio mount smb://127.0.0.1/s
        /usr/libexec/gvfsd-fuse '$disk' -f & wait" >/dev/null 2>&1 &
    echo $! >"$work/gvfs.pid"
}

on_device() {
    for layout in packed loose; do
        mount_disk "$1"
        repository_on_it "$layout"
        unmount_disk
        rm -rf "$image"
        [ ! -d "$server" ] || find "$server" -mindepth 1 -delete
    done
    files_on_it "$1"
}

repository_on_it() {
    new_source
    say "a repository, $1"
    run repo create main --location "$place" --layout "$1"
    run archive create docs --repo main --keep-broken-links --include "$work/source"
    run backup -A docs
    sleep 1.1
    echo more >>"$work/source/libraries"
    rm -r "$work/source/$(ls "$work/source" | head -1)"
    run backup -A docs
    head -c 100000000 /dev/urandom >"$work/source/new"
    "$gibus" -q backup -A docs &
    local backup=$!
    sleep 0.3
    kill -9 $backup 2>/dev/null || true
    wait $backup 2>/dev/null || true
    sleep 1.1
    run backup -A docs
    run repo check main --read-data
    same_tree
    run delete -A docs --keep-last 1
    run prune main --repack
    run repo check main --read-data
    local left
    left=$("$gibus" repo check main)
    [[ $left == Sound:* ]] || { say "left over: $left"; return 1; }
    run backup -A docs
    same_tree
    rm -rf "$HOME/.config/gibus"
}

# Extracts to it, and backs up what lies on it. What the file system cannot take is told, and ends with 3.
files_on_it() {
    new_source
    mount_disk "$1"
    say "files on it"
    run repo create main --location "$work/repository"
    run archive create docs --repo main --keep-broken-links --include "$work/source"
    run backup -A docs
    local code=0
    "$gibus" -q extract -A docs --into "$place/out" / 2>"$work/told" >/dev/null || code=$?
    [ $code = 0 ] || [ $code = 3 ] || { cat "$work/told"; return 1; }
    local file
    (cd "$work/source" && find . -type f) | while read -r file; do
        cmp "$work/source/$file" "$place/out$work/source/$file"
    done
    [ "$(find "$place/out" -name '.gibus-*' | wc -l)" = 0 ]
    # smbnetfs hangs up when it is asked for extended attributes.
    if [ "$1" != smbnetfs ] && [ "$1" != rclone ]; then
        run archive create out --repo main --keep-broken-links --include "$place/out"
        code=0
        "$gibus" -q backup -A out 2>"$work/told" || code=$?
        [ $code = 0 ] || [ $code = 3 ] || { cat "$work/told"; return 1; }
        unmount_disk
        mount_disk "$1"
        # So long after they were written their times are trusted.
        sleep 61
        "$gibus" -q backup -A out 2>/dev/null || true
        sleep 1.1
        local read_files
        read_files=$("$gibus" --json backup -A out 2>/dev/null | grep -o '"read_files":[0-9]*' | head -1 || true)
        [ "${read_files#*:}" -lt 100 ] || { say "read again: $read_files"; return 1; }
    fi
    unmount_disk
    rm -rf "$HOME/.config/gibus" "$work/repository"
}

# Some thousand files, and a long one.
new_source() {
    rm -rf "$work/source" "$work/out" "$work/repository" "$HOME/.config/gibus"
    mkdir -p "$work/source"
    cp -a /usr/share/doc/[a-g]* "$work/source/"
    cat /usr/lib/x86_64-linux-gnu/lib[a-d]*.so* >"$work/source/libraries"
    find "$work/source" -exec touch -h -d '2026-01-02 03:04:06' {} +
}

same_tree() {
    rm -rf "$work/out"
    run extract -A docs --into "$work/out" /
    diff -r --no-dereference "$work/source" "$work/out$work/source"
}

run() {
    "$gibus" -q "$@" >"$work/told" 2>&1 || { say "gibus $* ended with $?"; cat "$work/told"; return 1; }
}

say() {
    echo "   $*"
}

main "$@"
