/*
 * fleet-tool: drives the transport from a shell, for tests.
 *
 *	fleet-tool [-F SSH_CONFIG] [-K KNOWN_HOSTS] [-C CONTROL_DIR] [-p SUDO_PASSWORD] [-c CONNECT_MS] [-t TIMEOUT_MS]
 * [-b BLOB_BYTES]
 *	           [-f SIZE:DIGEST=PATH] [-s SECRET] [-S SILENT_MS] [-w WAIT_MS] [-m MESSAGE]... HOST...
 *	fleet-tool [-F SSH_CONFIG] [-K KNOWN_HOSTS] [-R] -T HOST...
 *
 * Connects to all, sends each message to each in one round, then the file to the spool of each, says bye. A host "local" is this machine. Prints, a line
 * each, HOST and one of
 *	connected ARCH pushed|kept
 *	failed CODE TEXT
 *	answer JSON
 *	error CODE TEXT
 *	event JSON
 *	has BYTES, or: lacks CODE TEXT
 * and on stderr warnings, and at the end `connect MS round MS rss KIB`.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "transport/fleet.h"
#include "transport/store.h"
#include "transport/trust.h"

static volatile sig_atomic_t cancel;

static void on_signal(int number)
{
	cancel = number;
}

static void on_warning(void *data, size_t host, const char *text)
{
	(void)data;
	fprintf(stderr, "warning %zd: %s\n", (ssize_t)host, text);
}

static void on_event(void *data, struct fleet_request *request, const json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT);
	printf("%s event %s\n", fleet_name(data, request->host), text);
	free(text);
}

static void show(const struct fleet *fleet, const struct fleet_request *request)
{
	const char *name = fleet_name(fleet, request->host);
	if (request->answer) {
		char *text = json_dumps(request->answer, JSON_COMPACT | JSON_SORT_KEYS);
		printf("%s answer %s\n", name, text);
		free(text);
	}
	if (request->error.code)
		printf("%s error %s %s\n", name, err_code_name(request->error.code), request->error.text);
	if (request->secret)
		printf("%s secret %s %.*s\n", name, request->secret_name, (int)request->secret_len,
		       (const char *)request->secret);
}

static void on_progress(void *data, const struct store_file *file, uint64_t have, uint64_t size)
{
	printf("%s has %llu of %llu\n", fleet_name(data, file->host), (unsigned long long)have,
	       (unsigned long long)size);
}

/* SIZE:DIGEST=PATH. */
static int store(struct fleet *fleet, size_t count, const char *what, unsigned timeout, struct err *err)
{
	struct store_file *files = xcalloc(count, sizeof *files), one = {0};
	const char *colon = strchr(what, ':'), *equals = strchr(what, '=');
	_cleanup_free_ char *hex = colon && equals ? xasprintf("%.*s", (int)(equals - colon - 1), colon + 1) : NULL;
	if (!hex || digest_parse(hex, &one.digest) < 0)
		return free(files), err_set(err, ERR_INPUT, "not SIZE:DIGEST=PATH");
	one.size = strtoull(what, NULL, 10);
	one.path = equals + 1;
	for (size_t i = 0; i < count; i++) {
		files[i] = one;
		files[i].host = i;
	}
	int rc = store_files(fleet, files, count, timeout, on_progress, fleet, err);
	for (size_t i = 0; i < count; i++)
		if (files[i].error.code)
			printf("%s lacks %s %s\n", fleet_name(fleet, i), err_code_name(files[i].error.code),
			       files[i].error.text);
	free(files);
	return rc;
}

static int trust(const struct fleet_target *targets, size_t count, const struct fleet_options *options, bool replace)
{
	static const char *const states[] = {"known", "new", "changed", "revoked", "failed"};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct trust_key *keys = arena_calloc(arena, count, sizeof *keys);
	struct err err;
	if (trust_look(targets, count, options, arena, keys, &err) < 0) {
		printf("stopped %s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		printf("%s %s %s %s %s\n", targets[i].name, states[keys[i].state], keys[i].type, keys[i].fingerprint,
		       keys[i].error.text);
		if (keys[i].line && keys[i].state != TRUST_KNOWN &&
		    trust_accept(options->known_hosts, &keys[i], replace, &err) < 0)
			printf("%s refused %s\n", targets[i].name, err.text);
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool trusting = false, replace = false;
	struct fleet_options options = {.cancel = &cancel, .on_warning = on_warning};
	unsigned timeout = 20000, wait = 0;
	size_t blob_len = 0, message_count = 0;
	const char *secret_text = NULL, *messages[32], *file = NULL;
	struct err err;
	int opt;
	while ((opt = getopt(argc, argv, "F:K:C:p:c:t:b:f:s:S:w:m:TR")) != -1)
		switch (opt) {
		case 'F':
			options.ssh_config = optarg;
			break;
		case 'K':
			options.known_hosts = optarg;
			break;
		case 'C':
			options.control_dir = optarg;
			break;
		case 'T':
			trusting = true;
			break;
		case 'R':
			replace = true;
			break;
		case 'p':
			options.sudo_password = optarg;
			break;
		case 'c':
			options.connect_timeout_ms = (unsigned)atoi(optarg);
			break;
		case 't':
			timeout = (unsigned)atoi(optarg);
			break;
		case 'b':
			blob_len = (size_t)atol(optarg);
			break;
		case 'f':
			file = optarg;
			break;
		case 's':
			secret_text = optarg;
			break;
		case 'S':
			options.silent_ms = (unsigned)atoi(optarg);
			break;
		case 'w':
			wait = (unsigned)atoi(optarg);
			break;
		case 'm':
			if (message_count < 32)
				messages[message_count++] = optarg;
			break;
		default:
			return 64;
		}
	size_t count = (size_t)(argc - optind);
	struct fleet_target *targets = xcalloc(count ? count : 1, sizeof *targets);
	for (size_t i = 0; i < count; i++)
		targets[i] = (struct fleet_target){.name = argv[(size_t)optind + i],
						   .local = streq(argv[(size_t)optind + i], "local")};
	setlinebuf(stdout);
	if (trusting) {
		int status = trust(targets, count, &options, replace);
		free(targets);
		return status;
	}
	signal(SIGINT, on_signal);
	struct fleet *fleet = fleet_new(targets, count, &options, &err);
	if (!fleet) {
		printf("no fleet: %s\n", err.text);
		return 1;
	}
	uint64_t start = clock_ms();
	int rc = fleet_connect(fleet, timeout, &err);
	uint64_t connected = clock_ms();
	for (size_t i = 0; i < count; i++) {
		const struct fleet_hello *hello = fleet_hello(fleet, i);
		const struct err *why = fleet_error(fleet, i);
		if (why->code)
			printf("%s failed %s %s\n", fleet_name(fleet, i), err_code_name(why->code), why->text);
		else
			printf("%s %s %s %s\n", fleet_name(fleet, i), fleet_phase_name(fleet_phase(fleet, i)),
			       hello ? hello->arch : "?", hello && hello->pushed ? "pushed" : "kept");
	}
	if (wait && rc == 0)
		rc = fleet_pump(fleet, wait, &err);
	char *bytes = xcalloc(1, blob_len + 1);
	struct fleet_blob blob = {.digest = digest_of(bytes, blob_len), .bytes = bytes, .len = blob_len};
	struct fleet_secret secret = {
	    .name = "a.secret", .bytes = secret_text, .len = secret_text ? strlen(secret_text) : 0};
	struct fleet_request *requests = xcalloc(count * message_count + 1, sizeof *requests);
	json_t *bodies[32];
	size_t n = 0;
	for (size_t m = 0; m < message_count; m++) {
		bodies[m] = json_loads(messages[m], 0, NULL);
		if (!bodies[m])
			return 64;
		if (streq(json_string_value(json_object_get(bodies[m], "verb")), "secret"))
			json_object_set_new(bodies[m], "for", json_string(fleet_key(fleet)));
		for (size_t i = 0; i < count; i++)
			requests[n++] = (struct fleet_request){.host = i,
							       .message = bodies[m],
							       .blobs = &blob,
							       .blob_count = blob_len && m == 0,
							       .secrets = &secret,
							       .secret_count = secret_text && m == 0,
							       .on_event = on_event,
							       .data = fleet};
	}
	if (rc == 0)
		rc = fleet_round(fleet, requests, n, timeout, &err);
	if (rc == 0 && file)
		rc = store(fleet, count, file, timeout, &err);
	uint64_t done = clock_ms();
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	for (size_t i = 0; i < n; i++) {
		show(fleet, &requests[i]);
		fleet_request_clear(&requests[i]);
	}
	if (rc < 0)
		printf("stopped %s %s\n", err_code_name(err.code), err.text);
	fleet_bye(fleet, 2000);
	fleet_free(fleet);
	for (size_t m = 0; m < message_count; m++)
		json_decref(bodies[m]);
	free(bytes);
	free(requests);
	free(targets);
	fprintf(stderr, "connect %llu round %llu end %llu rss %ld\n", (unsigned long long)(connected - start),
		(unsigned long long)(done - connected), (unsigned long long)(clock_ms() - done), usage.ru_maxrss);
	return rc < 0 ? 1 : 0;
}
