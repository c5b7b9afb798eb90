#!/bin/sh
# Written by reeve: builds Lmod's spider cache again where a module file or a directory of the trees is newer than it.
# Usage: cache.sh CACHE TREE...
cache=$1
shift
stamp=$cache/timestamp
for tree; do
	[ -d "$tree" ] || continue
	trees=${trees:+$trees:}$tree
	[ -n "${newer:-}" ] || newer=$([ -e "$stamp" ] && find "$tree" -newercm "$stamp" -print -quit || echo none yet)
done
case ${newer:-} in "") [ -e "$stamp" ] && [ "$(cat "$cache/trees")" = "${trees:-}" ] && exit 0 ;; esac
# What a builder of another number left can be removed, and not be written to.
rm -f "$cache"/*.old.* "$cache/trees.new"
/usr/share/lmod/lmod/libexec/update_lmod_system_cache_files -d "$cache" -t "$stamp" "${trees:-/etc/lmod/modules}" || exit
echo "${trees:-}" >"$cache/trees.new" && mv -f "$cache/trees.new" "$cache/trees"
