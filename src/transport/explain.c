#include "transport/explain.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/str.h"

/* Texts of OpenSSH 8.4 to 9.9 (ssh.c, sshconnect.c, sshconnect2.c, readconf.c), sudo 1.8 to 1.9, shadow's nologin(8).
 */
enum whose {
	SSH,  /* ssh's words, known well enough not to be repeated */
	SAID, /* ssh's words, repeated behind ours */
	HOST, /* the host's: repeated as what it said, since it chose our advice by it */
};

static const struct known {
	const char *text;
	enum err_code code;
	enum whose whose;
	const char *meaning;
} known[] = {
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", ERR_REFUSED, SSH,
     "its host key is not the one that was trusted: it was reinstalled, or something else answers at its address; "
     "when you know why, run `reeve trust --replace %s`"},
    {"revoked", ERR_REFUSED, SSH,
     "its host key is revoked: another took its place (`reeve trust --replace`), and what answers has the old one"},
    {"host key is known for", ERR_REFUSED, SSH, "its host key is not known yet: run `reeve trust %s`"},
    {"Host key verification failed", ERR_REFUSED, SSH, "its host key is not trusted: run `reeve trust %s`"},
    {"Too many authentication failures", ERR_REFUSED, SSH,
     "ssh offered too many keys before the right one: set IdentityFile and IdentitiesOnly for it in ~/.ssh/config"},
    {"Permission denied (", ERR_REFUSED, SAID,
     "ssh may not log in: it takes none of your keys; try `ssh %s true`, and ssh-copy-id"},
    {"Could not resolve hostname", ERR_UNREACHABLE, SAID, "its name has no address: give `address` in cluster.yaml"},
    {"Connection refused", ERR_UNREACHABLE, SSH, "nothing listens on its ssh port (connection refused)"},
    {"No route to host", ERR_UNREACHABLE, SSH, "no route to it: it is off, or its address is wrong"},
    {"Network is unreachable", ERR_UNREACHABLE, SSH, "its network cannot be reached from here"},
    {"Connection timed out", ERR_UNREACHABLE, SSH, "it does not answer (connection timed out)"},
    {"Operation timed out", ERR_UNREACHABLE, SSH, "it does not answer (operation timed out)"},
    {"not responding", ERR_UNREACHABLE, SSH, "it stopped answering"},
    {"kex_exchange_identification", ERR_UNREACHABLE, SAID,
     "what answers on its ssh port closed the connection at once"},
    {"Bad configuration option", ERR_INPUT, SAID, "ssh does not understand its configuration"},
    {"Bad owner or permissions", ERR_INPUT, SAID, "ssh refuses its configuration"},
    {"you must have a tty to run sudo", ERR_REFUSED, HOST,
     "sudo wants a terminal there: add `Defaults:USER !requiretty` to its sudoers"},
    {"a password is required", ERR_REFUSED, HOST,
     "sudo wants a password there: use --ask-sudo, or give the user NOPASSWD in its sudoers"},
    {"terminal is required", ERR_REFUSED, HOST,
     "sudo wants a password there: use --ask-sudo, or give the user NOPASSWD in its sudoers"},
    {"no tty present and no askpass", ERR_REFUSED, HOST,
     "sudo wants a password there: use --ask-sudo, or give the user NOPASSWD in its sudoers"},
    {"incorrect password", ERR_REFUSED, HOST, "sudo does not accept the password there"},
    {"is not in the sudoers file", ERR_REFUSED, HOST, "the user may not use sudo there: it is not in sudoers"},
    {"may not run sudo", ERR_REFUSED, HOST, "the user may not use sudo there"},
    {"is not allowed to execute", ERR_REFUSED, HOST, "the user may not run everything as root through sudo there"},
    {"password has expired", ERR_REFUSED, HOST, "the user's password has expired there: log in once and change it"},
    {"Password change required", ERR_REFUSED, HOST, "the user's password has expired there: log in once and change it"},
    {"account has expired", ERR_REFUSED, HOST, "the user's account has expired there"},
    {"account is currently not available", ERR_REFUSED, HOST,
     "the user's login shell is nologin there: give it a shell (chsh), or set another `user`"},
    {"Exec format error", ERR_REFUSED, HOST, "the agent is not for its architecture"},
    {"No space left on device", ERR_FAILED, HOST, "there is no space left for the agent in /var/lib/reeve"},
};

/* Said by ssh about what does not matter, in lines of their own. */
static const char *const empty_words[] = {
    "Warning: Permanently added", "ControlSocket ", "mux_client_",           "Control socket connect",   "setlocale:",
    "bash: warning: setlocale",   "Connection to ", "Shared connection to ", "Pseudo-terminal will not", "** ",
};

static bool is_empty_word(const char *line, size_t len)
{
	for (size_t i = 0; i < sizeof empty_words / sizeof *empty_words; i++)
		if (len >= strlen(empty_words[i]) && memcmp(line, empty_words[i], strlen(empty_words[i])) == 0)
			return true;
	return len == 0;
}

void explain_quote(const char *text, size_t len, char *out, size_t size)
{
	enum { QUOTE = 300 };
	char joined[QUOTE + 1];
	size_t at = sizeof joined - 1;
	joined[at] = '\0';
	/* from the last line to the first, as far as there is room */
	while (len) {
		size_t start = len;
		while (start && text[start - 1] != '\n')
			start--;
		size_t line = len - start;
		while (line && (text[start + line - 1] == '\r' || text[start + line - 1] == ' '))
			line--;
		if (!is_empty_word(text + start, line)) {
			bool more = joined[at] != '\0';
			size_t need = line + (more ? 3 : 0);
			if (need > at) {
				if (!more) {
					memcpy(joined, text + start + line - at, at);
					at = 0;
				}
				break;
			}
			at -= need;
			memcpy(joined + at, text + start, line);
			if (more)
				memcpy(joined + at + line, " | ", 3);
		}
		len = start ? start - 1 : 0;
	}
	_cleanup_arena_ struct arena *arena = arena_new();
	snprintf(out, size, "%s", str_printable(arena, joined + at, sizeof joined - 1 - at));
}

static bool contains(const char *text, size_t len, const char *what)
{
	return len && memmem(text, len, what, strlen(what)) != NULL;
}

static int quoted(struct err *err, enum err_code code, const char *what, const char *text, size_t len)
{
	char quote[1300];
	explain_quote(text, len, quote, sizeof quote);
	if (quote[0])
		return err_set(err, code, "%s: \"%s\"", what, quote);
	return err_set(err, code, "%s", what);
}

/* The same with words that came from the host, whoever wrote them there. */
static int host_says(struct err *err, enum err_code code, const char *what, const struct explain *why, const char *text,
		     size_t len)
{
	char quote[1300];
	explain_quote(text, len, quote, sizeof quote);
	if (quote[0])
		return err_set(err, code, "%s; %s says: \"%s\"", what, why->name, quote);
	return err_set(err, code, "%s", what);
}

/*
 * May it be ssh that says this? It ends with 255 for reasons of its own (ssh(1)), and once the command has said something
 * it has nothing to say any more but that the connection broke.
 */
static bool ssh_may_say(const struct explain *why, const struct known *what)
{
	return !why->local && (why->status == -1 || !WIFEXITED(why->status) || WEXITSTATUS(why->status) == 255) &&
	       (!why->heard || what->code == ERR_UNREACHABLE);
}

static int explain_known(const struct explain *why, const char *text, size_t len, bool by_ssh, struct err *err)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if ((known[i].whose != HOST && !(by_ssh && ssh_may_say(why, &known[i]))) ||
		    !contains(text, len, known[i].text))
			continue;
		const char *hole = strstr(known[i].meaning, "%s");
		_cleanup_free_ char *what =
		    hole ? xasprintf("%.*s%s%s", (int)(hole - known[i].meaning), known[i].meaning, why->name, hole + 2)
			 : xstrdup(known[i].meaning);
		if (known[i].whose == SAID)
			quoted(err, known[i].code, what, text, len);
		else if (known[i].whose == HOST)
			host_says(err, known[i].code, what, why, text, len);
		else
			err_set(err, known[i].code, "%s", what);
		return 1;
	}
	return 0;
}

static int explain_fail(const struct explain *why, struct err *err)
{
	if (streq(why->fail, "sudo"))
		return err_set(
		    err, ERR_MISSING,
		    "the login is not root and there is no sudo: install sudo there, or log in as root (`user: root`)");
	if (streq(why->fail, "arch aarch64"))
		return err_set(err, ERR_REFUSED,
			       "there is no agent for its architecture, aarch64: script/build-agent-arm64 builds one; "
			       "it belongs beside reeve-agent");
	if (str_starts(why->fail, "arch "))
		return err_set(err, ERR_REFUSED, "there is no agent for its architecture, %s", why->fail + 5);
	if (streq(why->fail, "place"))
		return host_says(err, ERR_REFUSED,
				 "no place for the agent: /var/lib/reeve and /usr/local/libexec are both mounted "
				 "noexec, read-only or not root's; mount one of them with exec",
				 why, why->errors, why->errors_len);
	if (str_starts(why->fail, "copy "))
		return host_says(err, ERR_FAILED, "the agent did not arrive whole", why, why->errors, why->errors_len);
	return err_set(err, ERR_PROTOCOL, "the bootstrap ended for an unknown reason");
}

/* Without any text to go by. */
static int explain_status(const struct explain *why, struct err *err)
{
	int code = WIFEXITED(why->status) ? WEXITSTATUS(why->status) : -1;
	const char *text = why->errors;
	size_t len = why->errors_len;
	char what[200];
	if (why->opened) {
		if (code == 255 && !why->local)
			return quoted(err, ERR_UNREACHABLE, "the connection broke", text, len);
		snprintf(what, sizeof what, "its agent ended in the middle of the work (%s %d)",
			 code < 0 ? "signal" : "status", code < 0 ? WTERMSIG(why->status) : code);
		return host_says(err, ERR_UNREACHABLE, what, why, text, len);
	}
	if (code < 0) {
		snprintf(what, sizeof what, "ssh was killed by signal %d", WTERMSIG(why->status));
		return quoted(err, ERR_UNREACHABLE, what, text, len);
	}
	if (code == 255 && !why->local)
		return quoted(err, ERR_UNREACHABLE, why->heard ? "the connection broke" : "ssh failed", text, len);
	if (why->started && code == 126)
		return host_says(err, ERR_REFUSED,
				 "the agent may not be executed: /var/lib/reeve is mounted noexec, or a policy "
				 "(fapolicyd, SELinux) forbids it",
				 why, text, len);
	if (why->started) {
		snprintf(what, sizeof what, "its agent ended without an answer (status %d)", code);
		return host_says(err, ERR_FAILED, what, why, text, len);
	}
	if (!why->heard && code <= 1 && !len && !why->noise_len)
		return err_set(err, ERR_REFUSED,
			       "the user's login shell there ended without running anything (status %d): it is false "
			       "or nologin, or "
			       "its rc files exit",
			       code);
	snprintf(what, sizeof what, "the login shell there did not start the agent (status %d)", code);
	if (len)
		return host_says(err, ERR_FAILED, what, why, text, len);
	return host_says(err, ERR_FAILED, what, why, why->noise, why->noise_len);
}

int explain_failure(const struct explain *why, struct err *err)
{
	if (why->fail)
		return explain_fail(why, err);
	if (explain_known(why, why->errors, why->errors_len, true, err) ||
	    (!why->heard && explain_known(why, why->noise, why->noise_len, false, err)))
		return -1;
	if (why->status == -1) {
		if (why->started)
			return host_says(err, ERR_TIMEOUT, "its agent was started and does not answer", why,
					 why->errors, why->errors_len);
		if (why->heard)
			return host_says(err, ERR_TIMEOUT, "the agent could not be copied in time", why, why->errors,
					 why->errors_len);
		if (why->noise_len)
			return host_says(err, ERR_TIMEOUT,
					 "it logs in but never runs the command; its rc files print and wait", why,
					 why->noise, why->noise_len);
		return quoted(err, ERR_TIMEOUT, "it does not answer", why->errors, why->errors_len);
	}
	return explain_status(why, err);
}
