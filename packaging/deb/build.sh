#!/bin/sh
# Makes a Debian package of the program that was built, with plain tools: dpkg-deb, and objdump of the C compiler.
#
#     cargo build --release
#     packaging/deb/build.sh DIR [GIBUS]
#
# It goes into DIR. GIBUS is the program, target/release/gibus if left out.
set -eu

out=${1:?say which folder to put the package into}
gibus=${2:-target/release/gibus}
here=$(dirname "$0")
root=$here/../..

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
architecture=$(dpkg --print-architecture)
# The newest symbol of the C library that the program asks for.
libc=$(objdump -T "$gibus" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1)

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
umask 022

PREFIX=/usr DESTDIR=$stage "$here/../install.sh" "$gibus"
strip --strip-unneeded "$stage/usr/bin/gibus"
gzip -9n "$stage"/usr/share/man/man1/*.1
doc=$stage/usr/share/doc/gibus
install -d "$doc"
cp "$root"/docs/manual.md "$root"/docs/excludes.md "$root"/docs/json.md "$root"/docs/format.md "$doc/"
gzip -9nc "$root/CHANGELOG.md" > "$doc/changelog.gz"
{
    echo "Gibus is licensed under MIT or Apache-2.0, as you like."
    echo
    cat "$root/LICENSE-MIT"
    echo
    echo "The Apache License, Version 2.0, is in /usr/share/common-licenses/Apache-2.0."
    echo
    echo "The fonts of the window (Inter, by The Inter Project Authors) have this license:"
    echo
    cat "$root/assets/fonts/OFL.txt"
} > "$doc/copyright"
chmod 644 "$doc"/*

install -d "$stage/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@LIBC@/$libc/" \
    -e "s/@SIZE@/$(du -sk "$stage/usr" | cut -f 1)/" \
    -e "s/@MAINTAINER@/${DEBFULLNAME:-Whoever built it} <${DEBEMAIL:-root@localhost}>/" \
    "$here/control" > "$stage/DEBIAN/control"
(cd "$stage" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2 > DEBIAN/md5sums)

mkdir -p "$out"
dpkg-deb --root-owner-group --build "$stage" "$out/gibus_${version}_${architecture}.deb"
