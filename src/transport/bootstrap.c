#include "transport/bootstrap.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"

#define PLACES "$r/var/lib/reeve/agent $r/usr/local/libexec/reeve"

/*
 * Every process that a script starts costs each host as much as the rest of the script, so what the shell can find out
 * by itself is: /proc/self/status says "Uid:", real, effective, ... for id -u, and uname is asked only where an agent
 * has to come.
 */

/* Runs as the login user. $0 is the nonce, $1 the other script, $2... its arguments. */
static const char login_script[] = "set -f; IFS=; s=$1; shift; exec 3</proc/self/status; while read -r k <&3; do "
				   "case $k in Uid:?0?0?*) eval $s; exit;; Uid:*) break;; esac; done; "
				   "command -v sudo >/dev/null || { echo $0 fail sudo; exit 1; }; ";
#define AS_ROOT " /bin/sh -c $s $0 $1 $2 $3 $4"
static const char sudo_silent[] = "exec sudo -n" AS_ROOT;
static const char sudo_asking[] = "sudo -n /bin/sh -c : </dev/null 2>/dev/null && exec sudo -n" AS_ROOT "; "
				  "echo $0 asks; exec sudo -S -p $0:" AS_ROOT;

/* Runs as root. $0 is the nonce, then digest and size of the agent for x86_64 and for aarch64; "-": there is none. */
static const char root_script[] =
    "set -f; IFS=; umask 022; m=$0; r=$REEVE_ROOT; "
    "for d in " PLACES "; do for h in $1 $3; do f=$d/$h; "
    "if [ -f $f ] && [ -O $d ] && [ -x $f ]; then exec 3<$f; s=$(sha256sum <&3); "
    "case $s in $h*) echo $m ready; exec /proc/self/fd/3 $h;; esac; fi; done; done; "
    "a=$(uname -m); "
    "case $a in x86_64) h=$1; n=$2;; aarch64) h=$3; n=$4;; *) h=-;; esac; "
    "case $h in -) echo $m fail arch $a; exit 1;; esac; "
    "for d in " PLACES "; do t=$d/$h.$$; "
    "if mkdir -p -m 700 $d && [ -O $d ] && chmod 700 $d && true >$t && chmod 700 $t && [ -x $t ]; then "
    "echo $m need $a; head -c $n >$t; exec 3<$t; s=$(sha256sum <&3); "
    "case $s in $h*) mv -f $t $d/$h; find $d -type f -mmin +9 -not -name $h -exec rm -f {} +; "
    "echo $m ready; exec /proc/self/fd/3 $h;; esac; "
    "rm -f $t; echo $m fail copy $d; exit 1; fi; rm -f $t; done; "
    "echo $m fail place; exit 1";

const char *bootstrap_native_arch(void)
{
#if defined(__x86_64__)
	return "x86_64";
#elif defined(__aarch64__)
	return "aarch64";
#else
#error "an architecture that has no agent"
#endif
}

static const char *elf_arch(const char *bytes, size_t len)
{
	const unsigned char *u = (const unsigned char *)bytes;
	if (len < sizeof(Elf64_Ehdr) || memcmp(u, ELFMAG, SELFMAG) != 0 || u[EI_CLASS] != ELFCLASS64 ||
	    u[EI_DATA] != ELFDATA2LSB)
		return NULL;
	switch (u[offsetof(Elf64_Ehdr, e_machine)] | u[offsetof(Elf64_Ehdr, e_machine) + 1] << 8) {
	case EM_X86_64:
		return "x86_64";
	case EM_AARCH64:
		return "aarch64";
	}
	return NULL;
}

/* 1: read, 0: there is none. */
static int load_one(const char *dir, const char *name, struct arena *arena, struct bootstrap *b, struct err *err)
{
	char *path = arena_printf(arena, "%s/%s", dir, name);
	_cleanup_strbuf_ struct strbuf file = {0};
	struct err why;
	if (file_read(path, BOOTSTRAP_AGENT_MAX, &file, &why) < 0) {
		if (why.code == ERR_SYSTEM && (why.sys == ENOENT || why.sys == ENOTDIR))
			return 0;
		return err_set(err, why.code, "%s", why.text);
	}
	const char *arch = elf_arch(strbuf_str(&file), file.len);
	if (!arch)
		return err_set(err, ERR_INPUT, "%s is no 64-bit program for x86_64 or aarch64", path);
	if (bootstrap_agent_for(b, arch))
		return 1;
	void *bytes = arena_alloc(arena, file.len);
	memcpy(bytes, file.data, file.len);
	b->agents[b->count++] = (struct bootstrap_agent){
	    .arch = arch, .digest = digest_of(bytes, file.len), .bytes = bytes, .len = file.len};
	return 1;
}

static int load_dir(const char *dir, struct arena *arena, struct bootstrap *b, struct err *err)
{
	static const char *const names[] = {"reeve-agent", "reeve-agent-arm64"};
	for (size_t i = 0; i < 2; i++)
		if (load_one(dir, names[i], arena, b, err) < 0)
			return -1;
	return b->count ? 1 : 0;
}

int bootstrap_load(const char *dir, struct arena *arena, struct bootstrap *ret, struct err *err)
{
	memset(ret, 0, sizeof *ret);
	if (!dir)
		dir = getenv("REEVE_AGENT_DIR");
	if (dir) {
		int n = load_dir(dir, arena, ret, err);
		return n ? (n < 0 ? -1 : 0) : err_set(err, ERR_MISSING, "there is no reeve-agent in %s", dir);
	}
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len < 0)
		return err_system(err, errno, "/proc/self/exe");
	self[len] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	/* src/agent: where the build leaves it, seen from src/cli */
	static const char *const places[] = {"", "/../libexec/reeve", "/../agent", "/../../src/agent"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int n = load_dir(arena_printf(arena, "%s%s", self, places[i]), arena, ret, err);
		if (n)
			return n < 0 ? -1 : 0;
	}
	return err_set(err, ERR_MISSING, "there is no reeve-agent in %s nor in %s/../libexec/reeve", self, self);
}

const struct bootstrap_agent *bootstrap_agent_for(const struct bootstrap *b, const char *arch)
{
	for (size_t i = 0; i < b->count; i++)
		if (streq(b->agents[i].arch, arch))
			return &b->agents[i];
	return NULL;
}

void bootstrap_nonce(char out[BOOTSTRAP_NONCE + 1])
{
	unsigned char bytes[BOOTSTRAP_NONCE / 2];
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(out, BOOTSTRAP_NONCE + 1, bytes, sizeof bytes);
}

char *bootstrap_command(const struct bootstrap *b, const char *nonce, bool sudo_asks, struct arena *arena)
{
	const struct bootstrap_agent *x86 = bootstrap_agent_for(b, "x86_64"), *arm = bootstrap_agent_for(b, "aarch64");
	_cleanup_strbuf_ struct strbuf line = {0};
	strbuf_adds(&line, "exec /bin/sh -c '");
	strbuf_adds(&line, login_script);
	if (!getenv("REEVE_ROOT"))
		strbuf_adds(&line, "unset REEVE_ROOT; ");
	strbuf_adds(&line, sudo_asks ? sudo_asking : sudo_silent);
	strbuf_addf(&line, "' %s '%s'", nonce, root_script);
	strbuf_addf(&line, " %s %zu", x86 ? x86->digest.hex : "-", x86 ? x86->len : 0);
	strbuf_addf(&line, " %s %zu", arm ? arm->digest.hex : "-", arm ? arm->len : 0);
	return arena_strdup(arena, strbuf_str(&line));
}

/* The nonce with a space behind it: as an argument in an echoed command line it is followed by one too, but then by no
 * answer. */
static const char *find_line(const char *nonce, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	for (const char *at = bytes; at < end;) {
		const char *found = memmem(at, (size_t)(end - at), nonce, BOOTSTRAP_NONCE);
		if (!found)
			return NULL;
		const char *after = found + BOOTSTRAP_NONCE;
		if ((size_t)(end - after) < 2)
			return NULL;
		if (after[0] == ' ' && after[1] != '\'')
			return found;
		at = after;
	}
	return NULL;
}

int bootstrap_read(const char *nonce, const char *bytes, size_t len, struct bootstrap_answer *ret, struct err *err)
{
	*ret = (struct bootstrap_answer){.word = BOOTSTRAP_MORE, .noise = len};
	const char *line = len ? find_line(nonce, bytes, len) : NULL;
	if (!line)
		return 0;
	const char *word = line + BOOTSTRAP_NONCE + 1;
	const char *newline = memchr(word, '\n', len - (size_t)(word - bytes));
	if (!newline) {
		if (len - (size_t)(word - bytes) > sizeof ret->rest)
			return err_set(err, ERR_PROTOCOL, "the answer of the bootstrap has no end");
		return 0;
	}
	char text[sizeof ret->rest];
	size_t text_len = (size_t)(newline - word);
	if (text_len >= sizeof text)
		return err_set(err, ERR_PROTOCOL, "the answer of the bootstrap is too long");
	memcpy(text, word, text_len);
	text[text_len] = '\0';
	if (text_len && text[text_len - 1] == '\r')
		text[text_len - 1] = '\0';
	if (streq(text, "ready"))
		ret->word = BOOTSTRAP_READY;
	else if (streq(text, "asks"))
		ret->word = BOOTSTRAP_ASKS;
	else if (str_starts(text, "need "))
		ret->word = BOOTSTRAP_NEED;
	else if (str_starts(text, "fail "))
		ret->word = BOOTSTRAP_FAIL;
	else
		return err_set(err, ERR_PROTOCOL, "the bootstrap answers with an unknown word");
	ret->noise = (size_t)(line - bytes);
	ret->end = (size_t)(newline - bytes) + 1;
	if (ret->word == BOOTSTRAP_NEED || ret->word == BOOTSTRAP_FAIL)
		memmove(ret->rest, text + strlen("need "), strlen(text) - strlen("need ") + 1);
	return 0;
}
