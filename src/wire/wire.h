/*
 * wire: the protocol between reeve and its agent, over the stdin and stdout of one ssh session. docs/protocol.md says
 * the same for people; where they differ, this file is right.
 *
 * FRAMES. Everything after the bootstrap's answer line is frames, both ways:
 *
 *	byte 0-3   length of the payload, big-endian, at most WIRE_MAX
 *	byte 4     type, one of enum wire_type
 *	byte 5-    payload
 *
 * An unknown type, or a length over the bound, ends the session. MESSAGE payloads are one JSON object each, UTF-8,
 * strict (JSON_REJECT_DUPLICATES, no NUL). HEARTBEAT has no payload; either side sends one when it has sent nothing for
 * WIRE_BEAT_MS, and takes the other for dead when nothing at all has come for WIRE_DEAD_MS. BLOB is 64 bytes of
 * lower-case hex SHA-256 and then the bytes, which are checked against it. SECRET is a name of 1 to 64 bytes of
 * [a-z0-9._-], a NUL, and a sealed box (crypto_box_seal) for the session key of the receiver.
 *
 * SESSION. The agent speaks first:
 *
 *	{"hello": {"protocol": 1, "agent": DIGEST, "arch": "x86_64", "key": HEX32, "uid": 0}}
 *
 * `key` is the public half of a key pair (crypto_box) made for this session, held in locked memory. Then the operator's
 * side asks, {"id": N, "verb": V, ...}, and the agent answers each in order with {"id": N, "ok": {...}} or
 * {"id": N, "error": {"code": C, "text": T}}; before that answer there may be {"id": N, "event": {...}} (progress).
 * Requests may be sent ahead: the agent works on one after the other. N is 1 to 2^31, growing.
 *
 * VERBS. All are generic, but for one question: `hardware` is what `slurmd -C` prints.
 *
 * collect  {"items": [ITEM...]} -> {"items": {NAME: RESULT...}, "start": MS, "end": MS}
 *	(wall clock of the host before and after). ITEM is {"name": N, and one of
 *	  "read": PATH, "max": BYTES          -> {"text": S} | {"b64": S} | {"errno": E}  (regular, proc and sys files)
 *	  "run": [ARGV...], "input": S?, "max": BYTES, "timeout": MS
 *	                                      -> {"status": 0-255 | "signal": N | "timeout": true,
 *	                                          "out": S | "out_b64": S, "err": S, "cut": bool}
 *	  "stat": PATH, "follow": bool        -> {"type": "file|directory|link|other", "mode": "0755", "uid": N, "gid": N,
 *	                                          "owner": S, "group": S, "size": N, "mtime": MS, "ctime": MS, "dev": N,
 *	                                          "fstype": S?, "target": S?} | {"errno": E}
 *	  "fs": PATH                          -> {"total": KIB, "free": KIB, "inodes": N, "free_inodes": N} | {"errno": E}
 *	  "tail": PATH, "max": BYTES          -> {"size": N, "text": S | "b64": S} | {"errno": E}   (its last lines)
 *	  "list": PATH, "max": COUNT          -> {"names": [S...]} | {"errno": E}
 *	  "fingerprint": PATH, "salt": HEX32  -> {"hex": HEX32, "ctime": MS} | {"errno": E}
 *	                                          (keyed hash: the content does not travel)
 *	  "packages": [NAME...]               -> {"versions": {NAME: S}, "held": [NAME...], "broken": S?,
 *	                                          "interrupted": bool, "busy": bool} | EXCUSE  (versions: those installed
 *	                                          whole; broken: any package that is half done; busy: dpkg is at work)
 *	  "users": [NAME...]                  -> {"users": {NAME: {"uid": N, "gid": N}}} | EXCUSE  (those there are)
 *	  "units": [UNIT...]                  -> {"units": {UNIT: {"load": S, "active": S, "sub": S, "file": S, "result": S,
 *	                                          "pid": N, "since": US, "stopped": bool}}} | EXCUSE  (systemd's words; US:
 *	                                          monotonic clock, 0: not since boot; stopped: its main process was, by a
 *	                                          signal)
 *	                                         EXCUSE is {"error": S, "late": bool}: it failed, or took too long
 *	  "begun": true                       -> {"held": bool, "holder": S?, "begun": S?}  (does another session hold the lock;
 *	                                          the lines of /var/lib/reeve/lock and /var/lib/reeve/begun)
 *	  "connect": [[ADDRESS, PORT]...], "timeout": MS
 *	                                      -> {"results": {"ADDRESS PORT": E...}}  (0: somebody listens there, else why
 *	                                          not, as an errno; who listens does not notice; at most WIRE_CONNECT_MAX)
 *	  "tree": PATH, "of": [NAME...], "max": COUNT, "where": {"file": NAME, "begins": [S...]}?, "prefix": [S...]?
 *	                                      -> {"entries": {NAME: {NAME: {"text": S} | {"link": S} | {"names": [S...]}}}}
 *	                                         | {"errno": E}  (a directory of directories of small files, as /sys has)
 *	  "hardware": true                    -> as of a run; kept by the host until memory, CPUs or slurmd change
 *	}. Runs go in parallel, at most 8 at a time. Names are 1 to 64 bytes. Commands are run with an empty environment
 *	but for PATH and LC_ALL=C.UTF-8, in /, stdin /dev/null or `input`.
 * probe    {"resources": [RESOURCE...], "content": bool} -> {"observed": [OBSERVED...]}      (catalog/catalog.h)
 * apply    {"epoch": N, "resources": [RESOURCE...]}
 *	-> events {"id": ID, "result": R, "what": S}, one a resource, then {"changed": N, "failed": N}
 *	Between them there may be events {"id": ID, "progress": S}, for who waits. Needs the host lock. Each resource is
 *	probed again right before it is changed. After a failure the rest is "blocked".
 * run      {"argv": [...], "input": S?, "max": BYTES, "timeout": MS, "env": {K: V}?, "user": NAME?, "sandbox": SANDBOX?}
 *	-> as collect's run. SANDBOX is {"unshare": ["mount","net","uts","pid","ipc"], "hostname": S?,
 *	"address": "10.0.0.1/24"? (on a dummy interface in the new network namespace, with lo up), "tmpfs": [PATH...],
 *	"bind": [[FROM, TO, "ro"|"rw"]...]}: with "mount" all else is read-only; everything that was made ends with it.
 * secret   {"path": PATH, "name": N, "for": HEX32, "max": BYTES}
 *	-> a SECRET frame with the file's content sealed for that key, then {"size": N}
 * lock     {"epoch": N, "holder": S, "run": S, "over": N?} -> {"epoch": N}, or error "refused" whose text names holder and since when
 *	Takes the host's lock (/var/lib/reeve/lock, flock), and refuses an epoch that is not higher than that of the last
 *	(/var/lib/reeve/epoch), unless that is `over` (-1: a file that holds none). Held until the session ends and the last child that was started under it has ended.
 * mark     {"step": S} -> {}     what the run that has the lock begins now, in /var/lib/reeve/begun
 * unlock   {"done": bool?} -> {}     gives it back before the session ends; who holds none has none. Children that were started
 *	under it keep it. With done the run has come to its end, and its mark is removed.
 * put      {"path": PATH under /var/lib/reeve/, "digest": HEX64, "mode": "0600"} -> {}     writes a blob, atomically
 * store    {"digest": HEX64, "size": N, "offset": N, "piece": HEX64?} -> {"have": N}     puts a blob, the piece, into this
 *	host's spool (agent/spool.h), behind the first `offset` bytes of the content of that digest, which are here; without
 *	one it says how many are. `have` is `size` when all is here and the digest is right. The piece leaves memory. A piece
 *	has at most WIRE_PIECE bytes. Needs the host lock. Content of another digest is thrown away, and an error.
 * prune    {"path": PATH under /var/lib/reeve/, "keep": [NAME...]} -> {"removed": N}     of the directories in PATH those that
 *	are not named go, with the files in them. Needs the host lock. No PATH is no error; a directory in one of them is.
 * append   {"path": PATH under /var/log/reeve/, "line": S} -> {}     one line, fsync
 * bye      {} -> {}, and the agent ends with status 0.
 *
 * When the operator's side is gone (end of file, or silence) the agent starts nothing new, lets what runs under the
 * lock end, and ends.
 */
#ifndef REEVE_WIRE_WIRE_H
#define REEVE_WIRE_WIRE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/strbuf.h"

enum { WIRE_PROTOCOL = 1 };
enum { WIRE_MAX = 32 << 20 };     /* bytes of payload; of an agent's, what the operator's side has left for it */
enum { WIRE_HEADER = 5 };         /* bytes */
enum { WIRE_BEAT_MS = 5000 };     /* silence after which a heartbeat is sent */
enum { WIRE_DEAD_MS = 30000 };    /* silence after which the other side is taken for dead */
enum { WIRE_SECRET_NAME = 64 };   /* bytes at most */
enum { WIRE_PIECE = 8 << 20 };    /* bytes of a piece of a file that does not fit in memory */
enum { WIRE_CONNECT_MAX = 4096 }; /* addresses of one question */

enum wire_type { WIRE_MESSAGE = 'M', WIRE_HEARTBEAT = 'H', WIRE_BLOB = 'B', WIRE_SECRET = 'S' };

struct wire_frame {
	enum wire_type type;
	const char *payload; /* borrowed from the buffer it was taken from */
	size_t len;
};

/*
 * The frame at the front of `in`, without taking it off: 1 and `*ret`, 0 where it is not complete yet, -1
 * (ERR_PROTOCOL) where it breaks the protocol. Take it off with strbuf_consume(in, WIRE_HEADER + ret->len) when done
 * with the payload.
 */
int wire_next(const struct strbuf *in, struct wire_frame *ret, struct err *err);

/* The same over plain memory, for payloads of at most `most` bytes: a longer one is found by its header. */
int wire_parse(const char *bytes, size_t len, size_t most, struct wire_frame *ret, struct err *err);

void wire_put(struct strbuf *out, enum wire_type type, const void *payload, size_t len);
void wire_put_json(struct strbuf *out, const json_t *message); /* borrows message */
void wire_put_blob(struct strbuf *out, const struct digest *digest, const void *bytes, size_t len);

/*
 * Payload of a MESSAGE to JSON: an object, or NULL with ERR_PROTOCOL. The caller owns it. `values` is what it may weigh
 * (base/json-text.h), and what is left of that afterwards; NULL: the other side is trusted. ERR_LIMIT over it.
 */
json_t *wire_message(const struct wire_frame *frame, size_t *values, struct err *err);

/* Payload of a BLOB, its digest checked. The bytes are borrowed from the frame. */
int wire_blob(const struct wire_frame *frame, struct digest *ret_digest, const char **ret_bytes, size_t *ret_len,
	      struct err *err);

/* A session's key pair; the secret half lives in memory that is locked and left out of dumps (sodium_malloc). */
struct wire_keys;
struct wire_keys *wire_keys_new(void);
void wire_keys_free(struct wire_keys *keys); /* NULL is fine */
void wire_keys_public_hex(const struct wire_keys *keys, char out[65]);

/* Seals `bytes` for `public_hex` and puts the SECRET frame. -1 for a name or key that is none. */
int wire_put_secret(struct strbuf *out, const char *name, const char *public_hex, const void *bytes, size_t len,
		    struct err *err);

/* Opens a SECRET frame: `*ret` is from sodium_malloc, the caller frees it with sodium_free. */
int wire_secret(const struct wire_frame *frame, const struct wire_keys *keys, char ret_name[WIRE_SECRET_NAME + 1],
		unsigned char **ret, size_t *ret_len, struct err *err);

/* Keyed hash of a secret, hex: crypto_generichash(32 bytes) with `salt_hex` (32 bytes) as key. -1 for a salt that is
 * none. */
int wire_fingerprint(const char *salt_hex, const void *bytes, size_t len, char out[65], struct err *err);

#endif
