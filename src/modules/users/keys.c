#include "modules/users/users.h"

#include <sodium.h>
#include <string.h>

#include "base/str.h"

enum { KEY_BYTES = 8192 }; /* sshd(8): lines of authorized_keys, 8 kilobytes */

static bool is_type(const char *word, size_t len)
{
	/* ssh-keygen(1), -t; DSA is gone from OpenSSH. */
	static const char *const types[] = {"ssh-ed25519",
					    "ssh-rsa",
					    "ecdsa-sha2-nistp256",
					    "ecdsa-sha2-nistp384",
					    "ecdsa-sha2-nistp521",
					    "sk-ssh-ed25519@openssh.com",
					    "sk-ecdsa-sha2-nistp256@openssh.com",
					    NULL};
	for (const char *const *t = types; *t; t++)
		if (strlen(*t) == len && !memcmp(*t, word, len))
			return true;
	return false;
}

/* Up to the next space that is in no quotes: options may have some. */
static size_t word_length(const char *text)
{
	bool quoted = false;
	size_t i = 0;
	for (; text[i] && (quoted || text[i] != ' '); i++)
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\\' && text[i + 1] == '"')
			i++;
	return i;
}

/* RFC 4253, 6.6: the key says its type itself, behind the length of that in four bytes. */
static bool is_blob_of(const char *text, const char *type, size_t type_len)
{
	unsigned char bytes[KEY_BYTES];
	size_t len, text_len = strcspn(text, " ");
	if (text_len > KEY_BYTES || sodium_base642bin(bytes, sizeof bytes, text, text_len, NULL, &len, NULL,
						      sodium_base64_VARIANT_ORIGINAL) < 0)
		return false;
	return len > 4 + type_len && !bytes[0] && !bytes[1] && !bytes[2] && bytes[3] == type_len &&
	       !memcmp(bytes + 4, type, type_len);
}

const char *users_key_fault(const char *line)
{
	size_t first = word_length(line), len = strlen(line);
	if (strstr(line, "PRIVATE KEY"))
		return "is a private key";
	if (len > KEY_BYTES)
		return "is longer than sshd reads";
	if (!str_is_utf8(line, len) || strchr(line, '\n'))
		return "is not one line of text";
	const char *type = is_type(line, first) || !line[first] ? line : line + first + strspn(line + first, " ");
	size_t type_len = strcspn(type, " ");
	if (!is_type(type, type_len))
		return "does not begin with the type of a key, like 'ssh-ed25519'";
	const char *blob = type + type_len + strspn(type + type_len, " ");
	return is_blob_of(blob, type, type_len) ? NULL : "is cut off or damaged";
}
