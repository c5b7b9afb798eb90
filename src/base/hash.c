#include "base/hash.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static struct digest as_hex(const unsigned char *raw)
{
	struct digest d;
	sodium_bin2hex(d.hex, sizeof d.hex, raw, crypto_hash_sha256_BYTES);
	return d;
}

struct digest digest_of(const void *bytes, size_t len)
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(raw, bytes, len);
	return as_hex(raw);
}

int digest_of_fd(int fd, struct digest *ret, struct err *err)
{
	crypto_hash_sha256_state state;
	unsigned char buf[65536], raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_init(&state);
	for (off_t at = 0;;) {
		ssize_t n = pread(fd, buf, sizeof buf, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_system(err, errno, "cannot read");
		if (n == 0)
			break;
		crypto_hash_sha256_update(&state, buf, (size_t)n);
		at += n;
	}
	crypto_hash_sha256_final(&state, raw);
	*ret = as_hex(raw);
	return 0;
}

int digest_parse(const char *hex, struct digest *ret)
{
	if (strspn(hex, "0123456789abcdef") != DIGEST_HEX || hex[DIGEST_HEX])
		return -1;
	memcpy(ret->hex, hex, sizeof ret->hex);
	return 0;
}

const struct digest *digests_of(struct digests *known, const void *bytes, size_t len, struct arena *arena)
{
	/* texts in an arena lie in no order, and constants close together */
	size_t slot = ((uintptr_t)bytes / 16 ^ (uintptr_t)bytes / 1024) % (sizeof known->slots / sizeof *known->slots);
	if (known && known->slots[slot].digest && known->slots[slot].bytes == bytes && known->slots[slot].len == len)
		return known->slots[slot].digest;
	struct digest *digest = arena_alloc(arena, sizeof *digest);
	*digest = digest_of(bytes, len);
	if (known) {
		known->slots[slot].bytes = bytes;
		known->slots[slot].len = len;
		known->slots[slot].digest = digest;
	}
	return digest;
}
