# script/check-includes against small trees: what it must reject, and that it accepts the rest.

setup() {
	root=$BATS_TEST_TMPDIR
	mkdir -p "$root/docs/adr" "$root"/src/{base,plan,agent,cli,modules/core,modules/lmod}
	cat > "$root/docs/adr/0001-parts.md" <<-'GRAPH'
		    base        <-
		    modules     <- base
		    plan        <- modules
		    agent       <- base
		    cli         <- all
	GRAPH
	touch "$root/src/base/str.h"
}

check() {
	run "$BATS_TEST_DIRNAME/../../script/check-includes" "$root"
}

rejects() {
	check
	[ "$status" -ne 0 ]
	[[ "$output" == *"$1"* ]]
}

@test "what stands behind the arrow may be included, and what that may include" {
	printf '#include "plan/plan.h"\n#include "modules/module.h"\n#include "base/str.h"\n' > "$root/src/plan/plan.c"
	printf '#include <string.h>\n#include "plan/plan.h"\n' > "$root/src/cli/main.c"
	check
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "what stands elsewhere is rejected with its place" {
	printf '\n  #  include "plan/plan.h"\n' > "$root/src/agent/main.c"
	rejects 'src/agent/main.c:2: #include "plan/plan.h": agent may not include plan'
}

@test "nothing includes the command line" {
	echo '#include "cli/cmd.h"' > "$root/src/plan/plan.c"
	rejects "plan may not include cli"
}

@test "a module does not include another" {
	echo '#include "modules/lmod/lmod.h"' > "$root/src/modules/core/core.c"
	rejects "module core may not include module lmod"
}

@test "an include without its part is rejected" {
	echo '#include "str.h"' > "$root/src/base/str.c"
	rejects 'write it "part/file.h"'
}

@test "a directory that the graph does not know is rejected" {
	mkdir "$root/src/odds"
	echo '#include "base/str.h"' > "$root/src/odds/ends.c"
	rejects "src/odds: a part that docs/adr/0001-parts.md does not know"
}

@test "a cycle in the graph is rejected" {
	sed -i 's/^    base .*/    base <- plan/' "$root/docs/adr/0001-parts.md"
	echo '#include "base/str.h"' > "$root/src/plan/plan.c"
	rejects "base <- plan, which is not above it"
}
