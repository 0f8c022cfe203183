#!/bin/sh
# Makes the man pages and the completions of the shells, from the definitions of the command line, into a
# folder that is laid out as below /usr:
#
#     packaging/generate.sh DIR [GIBUS]
#
# GIBUS is the program to ask, target/release/gibus if left out.
set -eu

dir=${1:?say which folder to make them in}
gibus=${2:-target/release/gibus}

mkdir -p "$dir/share/man/man1" "$dir/share/bash-completion/completions" \
    "$dir/share/zsh/vendor-completions" "$dir/share/fish/vendor_completions.d"
"$gibus" --quiet man "$dir/share/man/man1"
"$gibus" completions bash > "$dir/share/bash-completion/completions/gibus"
"$gibus" completions zsh > "$dir/share/zsh/vendor-completions/_gibus"
"$gibus" completions fish > "$dir/share/fish/vendor_completions.d/gibus.fish"
