#!/bin/sh
# Installs Gibus with everything that belongs to it: man pages, completions, icons, the entry in the menu, timers.
#
#     packaging/install.sh [GIBUS]
#
# GIBUS is the program, target/release/gibus if left out. It goes below PREFIX, /usr/local if not set; into one's own
# home with PREFIX=~/.local. What makes packages sets DESTDIR to a folder that stands for the root.
set -eu

gibus=${1:-target/release/gibus}
prefix=${PREFIX:-/usr/local}
dir=${DESTDIR:-}$prefix
here=$(dirname "$0")

install -Dm755 "$gibus" "$dir/bin/gibus"
install -Dm644 "$here/gibus.desktop" "$dir/share/applications/gibus.desktop"
install -Dm644 "$here/gibus.metainfo.xml" "$dir/share/metainfo/org.gibus.Gibus.metainfo.xml"
icons=$dir/share/icons/hicolor
install -Dm644 "$here/../assets/icons/gibus.svg" "$icons/scalable/apps/gibus.svg"
install -Dm644 "$here/../assets/icons/gibus-128.png" "$icons/128x128/apps/gibus.png"
for unit in "$here"/systemd/*; do
    target=$dir/share/systemd/user/$(basename "$unit")
    install -Dm644 "$unit" "$target"
    # A unit has to say where the program is.
    sed -i "s|/usr/bin/gibus|$prefix/bin/gibus|" "$target"
done
"$here/generate.sh" "$dir" "$gibus"
