bats_require_minimum_version 1.5.0

# The recipes in recipes/: each has what a reader of it needs, its checksums are checksums, and it says where they were read.
# They are read line by line here, not as YAML: keys stand at the left margin, one a line. A recipe of one's own may be laid out
# otherwise.

setup() {
	recipes=${RECIPES:-$BATS_TEST_DIRNAME/../../recipes}
}

kinds='apt|archive|deb|installer|source|image'
others='recipe|about|home|version|seen|note|mirrors|archs|sha256|strip|steps|build_packages|packages|job|timeout|check|module'

keys() {
	sed -nE 's/^([a-z_0-9]+):.*/\1/p' "$1"
}

# The lines of one key: its own and those that are indented under it.
part() {
	awk -v key="$2" '/^[^ ]/ { inside = index($0, key ":") == 1 } inside' "$1"
}

# Says what is wrong with a recipe, a line for each fault.
faults() {
	local file=$1 name key kind count version
	name=$(basename "$file" .yaml)
	for key in $(keys "$file" | grep -vxE "$kinds|$others"); do
		echo "$name: unknown key $key"
	done
	for key in $(keys "$file" | sort | uniq -d); do
		echo "$name: $key twice"
	done
	for key in recipe about home seen note check module; do
		[ "$(part "$file" "$key" | wc -c)" -gt $((${#key} + 3)) ] || echo "$name: without $key"
	done
	grep -qx "recipe: $name" "$file" || echo "$name: recipe is not the name of the file"
	grep -qE '^seen: "20[0-9][0-9]-[01][0-9]-[0-3][0-9], .{10}' "$file" || echo "$name: seen has no date and source"
	part "$file" module | grep -qE '^  name: [A-Z][A-Za-z]*$' || echo "$name: the module has no name"
	kind=$(keys "$file" | grep -xE "$kinds") || true
	count=$(wc -w <<<"$kind")
	part "$file" home | grep -qE '^home: https://[^ ]+$' || echo "$name: home is not https"
	if [ "$count" -ne 1 ]; then
		echo "$name: $count of $kinds"
		return
	fi
	if [ "$kind" = apt ]; then
		for key in version sha256 steps mirrors strip; do
			! keys "$file" | grep -qx "$key" || echo "$name: apt with $key"
		done
		return
	fi
	part "$file" "$kind" | grep -qE "^$kind: \"https://[^\" ]*\{version\}[^\" ]*\"$" || echo "$name: $kind is not https with {version}"
	if keys "$file" | grep -qx mirrors; then
		part "$file" mirrors | grep -qE '^mirrors: \["https://[^" ]+"(, "https://[^" ]+")*\]$' || echo "$name: mirrors are not https"
	fi
	version=$(sed -nE 's/^version: "([^"]+)"$/\1/p' "$file")
	[ -n "$version" ] || echo "$name: version is not a quoted text"
	part "$file" sha256 | grep -qF "  \"$version\": " || part "$file" sha256 | grep -qxF "  \"$version\":" || echo "$name: no checksum of $version"
	sums "$file"
	case $kind in
	source | installer | image) keys "$file" | grep -qx steps || echo "$name: $kind without steps" ;;
	esac
}

# Each quoted text under sha256 that is not a version is 64 hex digits, no two are the same, and a version has at least one.
sums() {
	local name
	name=$(basename "$1" .yaml)
	part "$1" sha256 | tail -n +2 | grep -vE '^  "[^"]+":( "[0-9a-f]{64}"| \{ (amd64|arm64): "[0-9a-f]{64}"(, arm64: "[0-9a-f]{64}")? \}|)$|^    (amd64|arm64): "[0-9a-f]{64}"$' |
		sed "s/^/$name: not a checksum: /"
	part "$1" sha256 | grep -oE '"[0-9a-f]{64}"' | sort | uniq -d | sed "s/^/$name: the same sum twice: /"
	part "$1" sha256 | awk -v name="$name" '
		/^  "/ { if (bare) print name ": no sum under " bare; bare = /:$/ ? $1 : ""; next }
		/^    / { bare = "" }
		END { if (bare) print name ": no sum under " bare }'
}

@test "each recipe is whole" {
	[ "$(find "$recipes" -name '*.yaml' | wc -l)" -ge 13 ]
	for file in "$recipes"/*.yaml; do
		faults "$file"
	done >"$BATS_TEST_TMPDIR/faults"
	cat "$BATS_TEST_TMPDIR/faults"
	[ ! -s "$BATS_TEST_TMPDIR/faults" ]
}

@test "steps are a script that sh can read" {
	for file in "$recipes"/*.yaml; do
		part "$file" steps | tail -n +2 | sed 's/^  //' >"$BATS_TEST_TMPDIR/steps"
		echo "$file"
		sh -n "$BATS_TEST_TMPDIR/steps"
		[ ! -s "$BATS_TEST_TMPDIR/steps" ] || grep -q 'PREFIX' "$BATS_TEST_TMPDIR/steps"
	done
}

@test "a fault in a recipe is seen" {
	while IFS=% read -r change fault; do
		sed -E "$change" "$recipes/golang.yaml" >"$BATS_TEST_TMPDIR/golang.yaml"
		run faults "$BATS_TEST_TMPDIR/golang.yaml"
		echo "$change -> $output"
		[[ "$output" == *"golang: $fault"* ]]
	done <<-'FAULTS'
		s/^check:/chek:/%unknown key chek
		/^seen:/d%without seen
		s/^seen: "[^,]*, /seen: "/%seen has no date and source
		/^note:/,/^archive:/{/^archive:/!d}%without note
		s/^recipe: golang/recipe: go/%recipe is not the name of the file
		s/^(    amd64: ".*)."$/\1"/%not a checksum
		s/^(    amd64: ".*)."$/\1G"/%not a checksum
		s/^(version: ").*"/\19.9"/%no checksum of 9.9
		s/^version: "(.*)"/version: \1/%version is not a quoted text
		s/^archive: "https/archive: "http/%archive is not https
		s/^home: https/home: http/%home is not https
		s/^mirrors: ..https/mirrors: ["http/%mirrors are not https
		/^archive:/d%0 of
		s/^strip:.*/deb: "https:..x{version}"/%2 of
		s/^  name: Golang/  title: Golang/%the module has no name
		/^    (amd64|arm64):/d%no sum under
	FAULTS
	run faults "$recipes/golang.yaml"
	[ -z "$output" ]
}
