bats_require_minimum_version 1.5.0

# What is told in several places, for the build and for debian/, is the same there. The packages themselves: tests/package.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	: "${REEVE:?}"
}

# field NAME [PACKAGE]: the words of a list in debian/control, of the source or of one package, one a line, without versions.
field() {
	awk -v field="$1" -v package="${2:-}" '
		/^Source:/ { own = "" }
		/^Package:/ { own = $2 }
		/^[A-Z]/ { on = own == package && $1 == field ":" }
		on && /^ / { sub(/,$/, "", $1); print $1 }' debian/control
}

@test "the version of meson.build is that of the program, of the packages and of CHANGELOG.md" {
	version=$(sed -nE "s/^  version: '([^']+)',\$/\\1/p" meson.build)
	[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]
	[ "$("$REEVE" --version)" = "reeve $version" ]
	[ "$("${REEVE_AGENT:?}" --version)" = "reeve-agent $version" ]
	[ "$(sed -nE '1s/^reeve \(([^)]+)\) .*/\1/p' debian/changelog)" = "$version" ]
	[ "$(sed -n 's/^## //p' CHANGELOG.md | head -n 1)" = "$version" ]
}

@test "packages are built with what script/setup installs to build, and with nothing else" {
	# build-essential is there in any case, and meson brings ninja
	diff <(bash -c 'eval "$(grep -E "^(build|cross)=\(.*\)$" script/setup)"; printf "%s\n" "${build[@]}" "${cross[@]}"' |
		grep -vxE 'gcc|libc6-dev|ninja-build' | sort) <(field Build-Depends | grep -vx debhelper-compat | sort)
}

@test "reeve-lab names each package that the lab asks for" {
	{ sed -n '/ tools\[\]\[2\]/,/};/p' src/lab/*.c | grep -oE '\{"[a-z0-9.-]+", "[a-z0-9-]+"\}' &&
		grep -ohE 'tool_need\("[a-z0-9.-]+", "[a-z0-9-]+"' src/lab/*.c; } | cut -d'"' -f4 | sort -u >"$BATS_TEST_TMPDIR/asked"
	grep -ohE 'apt-get install [a-z0-9-]+' src/lab/*.[ch] | cut -d' ' -f3 | sort -u >>"$BATS_TEST_TMPDIR/asked"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/asked")" -gt 6 ]
	{ field Depends reeve-lab && field Recommends reeve-lab && field Suggests reeve-lab; } >"$BATS_TEST_TMPDIR/named"
	while read -r package; do
		case $package in apt | coreutils | util-linux) continue ;; esac # on every Debian
		echo "$package"
		grep -qxF "$package" "$BATS_TEST_TMPDIR/named"
	done <"$BATS_TEST_TMPDIR/asked"
	# and what it cannot do without, it does not only suggest
	for package in iproute2 nftables openssh-client mmdebstrap systemd-container debian-archive-keyring; do
		field Depends reeve-lab | grep -qx "$package"
	done
}

@test "script/package builds for the suites that it knows, and says which these are" {
	run script/package nonsense
	echo "$output"
	[ "$status" -eq 1 ]
	[[ "$output" == *"not for 'nonsense'"* ]]
	for suite in bookworm trixie forky; do [[ "$output" == *"$suite"* ]]; done
}
