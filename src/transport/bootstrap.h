/*
 * bootstrap: how the agent comes to run as root on a host that has nothing but a shell.
 *
 * The remote command is one line, `exec /bin/sh -c '...' NONCE '...' ...`. The user's login shell may be sh, bash, csh,
 * tcsh, fish or zsh; within single quotes they all agree as long as there is no `!` (csh's history), no backslash
 * (fish), no newline (csh) and no single quote. The scripts use no double quotes either: pathname expansion and word
 * splitting are switched off (`set -f`, empty IFS), so that an unquoted $1 is one word, also where it is handed on to
 * sudo.
 *
 * The script answers on stdout with lines that begin with a random nonce, so that whatever rc files and banners print
 * before can be told apart:
 *
 *	NONCE ready         the agent is executed now; frames follow
 *	NONCE need ARCH     send exactly the agent for that architecture; `ready` or `fail` follows
 *	NONCE asks          `sudo -n` was refused, and sudo asks for a password next; only where one was offered
 *	NONCE fail WORD...  it ends: sudo (not installed), arch ARCH, place (nowhere to put it), copy DIR (did not
 *	                    arrive whole)
 *
 * On the host the agent is kept as DIR/SHA256 in a directory of root's with mode 0700: /var/lib/reeve/agent, or, where
 * that is mounted noexec or cannot be written, /usr/local/libexec/reeve. It is opened once, hashed through that
 * descriptor, and executed through it (3), so that what was checked is what runs; its argument is the digest that was
 * found. Other agents there are removed when a new one comes. REEVE_ROOT in the environment of a root login is put in
 * front of both directories (scratch roots of the tests); who is not root cannot hand it on through sudo, unless this
 * side runs in a scratch root itself. On this machine the same command is run by
 * /bin/sh where sudo is needed.
 */
#ifndef REEVE_TRANSPORT_BOOTSTRAP_H
#define REEVE_TRANSPORT_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

enum { BOOTSTRAP_NONCE = 32 };           /* hexadecimal digits */
enum { BOOTSTRAP_NOISE_MAX = 65536 };    /* bytes before the first answer */
enum { BOOTSTRAP_AGENT_MAX = 64 << 20 }; /* bytes of an agent */

struct bootstrap_agent {
	const char *arch; /* as uname -m says: "x86_64", "aarch64"; from the file's ELF header */
	struct digest digest;
	const void *bytes;
	size_t len;
};

struct bootstrap {
	struct bootstrap_agent agents[2];
	size_t count;
};

/*
 * Reads reeve-agent and reeve-agent-arm64 from `dir`, whichever of them are there; `dir` NULL: $REEVE_AGENT_DIR, else
 * the directory of this program, else ../libexec/reeve from there. All lives in the arena. ERR_MISSING where there is
 * none, ERR_INPUT where a file is no program for a known architecture. Blocks on the disk.
 */
int bootstrap_load(const char *dir, struct arena *arena, struct bootstrap *ret, struct err *err);

/* The agent for an architecture, NULL where there is none. */
const struct bootstrap_agent *bootstrap_agent_for(const struct bootstrap *b, const char *arch);

/* The architecture this program was built for, in uname's words. */
const char *bootstrap_native_arch(void);

void bootstrap_nonce(char out[BOOTSTRAP_NONCE + 1]);

/*
 * The remote command. With `sudo_asks` sudo may prompt where `sudo -n` is refused: on stderr, with "NONCE:", after "NONCE
 * asks" on stdout; it reads a line from stdin.
 */
char *bootstrap_command(const struct bootstrap *b, const char *nonce, bool sudo_asks, struct arena *arena);

enum bootstrap_word { BOOTSTRAP_MORE, BOOTSTRAP_READY, BOOTSTRAP_ASKS, BOOTSTRAP_NEED, BOOTSTRAP_FAIL };

struct bootstrap_answer {
	enum bootstrap_word word;
	size_t noise;   /* bytes before the answer's line; with BOOTSTRAP_MORE all of it */
	size_t end;     /* where what follows the line begins */
	char rest[128]; /* of the line, after the word: the architecture, the reason */
};

/* Looks for an answer in what has come so far. ERR_PROTOCOL: a line with the nonce that is none of the answers. */
int bootstrap_read(const char *nonce, const char *bytes, size_t len, struct bootstrap_answer *ret, struct err *err);

#endif
