# Agents that lie, and connections that break in the middle: the host fails with its cause, nothing else does.
load lib
setup() { protocol_setup; peer; }
teardown() { protocol_teardown; }

liar() { # WORD, what is said
	host h "lie=$1"
	host good
	drive -c 3000 -t 15000 -m '{"verb":"x"}' h good
	has "$2"
	hasnt 'h answer'
	has 'good answer'
}

@test "another agent than the one that was sent" { liar digest 'h failed protocol it breaks the protocol: the agent that answers is not'; }
@test "another protocol" { liar protocol 'h failed protocol it breaks the protocol: the agent speaks protocol 2'; }
@test "not root" { liar uid 'does not run as root, but as uid 1000'; }
@test "a key that is none" { liar key 'hello is malformed'; }
@test "text instead of a hello" { liar text 'hello is not valid'; }
@test "no hello" { liar silent 'h failed timeout its agent was started and does not answer'; }
@test "an answer to another request" { liar id 'h error protocol it breaks the protocol: an answer to'; }
@test "a huge frame" { liar huge 'h error limit it sends more than the 72 KiB that its answers may have'; }
@test "an unknown type of frame" { liar type 'h error protocol it breaks the protocol: a frame of unknown type'; }
@test "garbage for JSON" { liar garbage 'h error protocol it breaks the protocol: a message: it is not JSON'; }
@test "JSON with a key twice" { liar duplicate-key 'h error protocol it breaks the protocol: a message: it is not JSON'; }
@test "an array for an object" { liar array 'h error protocol it breaks the protocol: a message that is not an object'; }
@test "an answer that is longer than what was asked for" { liar long 'h error limit it sends more than the 72 KiB'; }
@test "heartbeats without end" { liar beats 'h error limit it sends more than the 72 KiB'; }

@test "more values than a tree may have" {
	host h lie=values
	host good
	drive -c 3000 -t 15000 -m '{"verb":"x","max":4000000}' h good
	has 'h error limit a message: JSON of more than 100000 values'
	has 'good answer'
}

@test "more events than there is work" {
	host h
	drive -m '{"verb":"events","count":2000,"max":1000000}' h
	has 'h error limit it sends more events than there is work'
}

@test "both an answer and an error" { liar both 'h error protocol it breaks the protocol: an answer must have exactly one of ok, error and event'; }
@test "a blob that nobody asked for" { liar blob 'h error protocol it breaks the protocol: a blob'; }
@test "a secret that is none" { liar secret 'h error protocol it breaks the protocol: a secret'; }
@test "an agent that dies" { liar die 'h error unreachable its agent ended in the middle of the work (status 3)'; }

@test "an answer twice" {
	host h lie=twice
	drive -m '{"verb":"x"}' -m '{"verb":"y"}' h
	has 'h error protocol it breaks the protocol: an answer to'
}

@test "an agent that stops answering is failed at the deadline of the round" {
	host h lie=deaf
	host good
	drive -t 3000 -m '{"verb":"x"}' h good
	has 'h error timeout'
	has 'good answer'
}

@test "errors of the agent fail the request only, control bytes made visible" {
	host h
	drive -m '{"verb":"fail"}' -m '{"verb":"x"}' h
	has 'h error refused no\nway'
	has 'h answer'
}

@test "blobs, secrets and events" {
	host h
	drive -b 5000000 -s hush -m '{"verb":"x"}' -m '{"verb":"secret"}' -m '{"verb":"events","count":3}' h
	has 'h answer {"blobs":1,"bytes":5000000,"secrets":1,"verb":"x"}'
	has 'h secret munge.key s3cret'
	[ "$(grep -c 'h event' <<<"$output")" = 3 ]
}

# Cut at every byte of the conversation would be the same cases over and over; these steps fall into every frame.
cut_at() { # key, step, until
	local n=0 hosts=()
	for ((n = 0; n < $3; n += $2)); do
		host "h$n" "$1=$n"
		hosts+=("h$n")
	done
	host good
	drive -c 5000 -t 30000 -m '{"verb":"x"}' -m '{"verb":"secret"}' "${hosts[@]}" good
	[ "$(grep -c '^good answer' <<<"$output")" = 2 ]
	for n in "${hosts[@]}"; do
		[ "$(grep -c "^$n answer" <<<"$output")" -lt 2 ]
		grep -qE "^$n (failed|error) unreachable" <<<"$output" || { echo "no cause for $n"; return 1; }
	done
}

@test "the connection breaks anywhere in what the host says" { cut_at cut-after 13 480; }
@test "the connection breaks anywhere in what the host is told" { cut_at cut-in 40001 260000; }

@test "a host that falls silent is failed at the deadline, wherever it was" {
	local hosts=()
	for n in 0 30 41 60 200 300 350 400; do
		host "h$n" deaf-after=$n
		hosts+=("h$n")
	done
	host good
	drive -c 2000 -t 4000 -m '{"verb":"x"}' "${hosts[@]}" good
	has 'good answer'
	for n in "${hosts[@]}"; do
		grep -qE "^$n (failed|error) timeout|^$n answer" <<<"$output" || { echo "no cause for $n"; return 1; }
	done
	has 'h0 failed timeout'
	has 'h60 failed timeout'
}
