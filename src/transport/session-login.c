/*
 * How a session comes to its bootstrap, and who is given the password for sudo: a host where `sudo -n` was refused in
 * this run, once, and never one whose login is root. Which user that is only ssh knows on this side of the wire (`ssh
 * -G`, ssh(1)); what a host says about it counts for nothing. The password is written from where it was read to:
 * there is no copy of it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "transport/session.h"

enum { CONFIG_MAX = 64 << 10 }; /* bytes of what ssh -G prints */

struct ssh_dest session_dest(const struct session *s)
{
	return (struct ssh_dest){.host = s->target.address ? s->target.address : s->target.name,
				 .user = s->target.user,
				 .port = s->target.port};
}

/*
 * This machine's agent as root or in a scratch root, without a copy on the disk: what was read and hashed is what is
 * executed, through a descriptor that nobody writes to any more. -1: this kernel has no such files, or none to execute.
 */
static int agent_fd(struct fleet *f)
{
	const struct bootstrap_agent *agent = bootstrap_agent_for(&f->bootstrap, bootstrap_native_arch());
	if (f->agent_fd >= 0 || !agent)
		return f->agent_fd;
	_cleanup_fd_ int memory = memfd_create("reeve-agent", MFD_CLOEXEC);
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	if (memory >= 0 && fd_write_all(memory, agent->bytes, agent->len) == 0)
		f->agent_fd = open(path, O_RDONLY | O_CLOEXEC);
	return f->agent_fd;
}

bool session_runs_directly(struct session *s)
{
	return s->target.local && (geteuid() == 0 || getenv("REEVE_ROOT")) && agent_fd(s->fleet) >= 0;
}

static char **login_argv(struct session *s, struct arena *arena)
{
	struct fleet *f = s->fleet;
	if (session_runs_directly(s)) {
		char **argv = arena_calloc(arena, 2, sizeof *argv);
		argv[0] = arena_printf(arena, "/proc/%ld/fd/%d", (long)getpid(), agent_fd(f));
		return argv;
	}
	char *command = bootstrap_command(&f->bootstrap, s->nonce, f->options.sudo_password != NULL, arena);
	if (s->target.local) {
		char **argv = arena_calloc(arena, 4, sizeof *argv);
		argv[0] = arena_strdup(arena, "/bin/sh");
		argv[1] = arena_strdup(arena, "-c");
		argv[2] = command;
		return argv;
	}
	struct ssh_dest dest = session_dest(s);
	bool keep = f->ssh.control_dir != NULL;
	s->kept = keep && ssh_has_master(&f->ssh, &dest);
	return ssh_argv(&f->ssh, &dest, command, keep, arena);
}

static int spawn(struct session *s, char *const *argv, const struct channel_ops *ops, struct err *err)
{
	s->channel = channel_spawn(&s->fleet->channels, argv, ops, s, err);
	return s->channel ? 0 : -1;
}

static void on_config(void *data, const char *bytes, size_t len)
{
	struct session *s = data;
	if (s->input.len + len <= CONFIG_MAX)
		strbuf_add(&s->input, bytes, len);
}

static void on_words(void *data, const char *bytes, size_t len)
{
	(void)data;
	(void)bytes;
	(void)len;
}

/* "user NAME"; unknown is taken for root. */
static bool login_is_root(struct strbuf *config)
{
	char *rest = config->len ? config->data : NULL;
	strbuf_str(config);
	for (char *line; (line = str_next_line(&rest));)
		if (str_starts(line, "user "))
			return streq(line + strlen("user "), "root");
	return true;
}

static void on_config_end(void *data, int status)
{
	struct session *s = data;
	struct err err;
	_cleanup_arena_ struct arena *arena = arena_new();
	s->root = status != 0 || login_is_root(&s->input);
	channel_close(s->channel);
	s->channel = NULL;
	strbuf_free(&s->input);
	if (spawn(s, login_argv(s, arena), &session_ops, &err) < 0)
		session_fail(s, &err);
}

int session_login(struct session *s, struct err *err)
{
	static const struct channel_ops config_ops = {.on_out = on_config, .on_err = on_words, .on_end = on_config_end};
	_cleanup_arena_ struct arena *arena = arena_new();
	s->asks = false;
	s->prompts = 0;
	s->root = s->target.local ? geteuid() == 0 : s->target.user && streq(s->target.user, "root");
	if (!s->fleet->options.sudo_password || s->target.local || s->target.user)
		return spawn(s, login_argv(s, arena), &session_ops, err);
	struct ssh_dest dest = session_dest(s);
	return spawn(s, ssh_config_argv(&s->fleet->ssh, &dest, arena), &config_ops, err);
}

int session_take_asks(struct session *s, struct err *err)
{
	if (!s->fleet->options.sudo_password || s->asks)
		return err_set(err, ERR_PROTOCOL, "it breaks the protocol: it asks for a password that nobody offered");
	s->asks = true;
	return session_answer_sudo(s, err);
}

/* sudo -S asks once for each try; a second question means that the first answer was wrong. */
int session_answer_sudo(struct session *s, struct err *err)
{
	const char *password = s->fleet->options.sudo_password;
	if (!password || s->phase != FLEET_CONNECTING || s->heard)
		return 0;
	char prompt[BOOTSTRAP_NONCE + 2];
	size_t len = (size_t)snprintf(prompt, sizeof prompt, "%s:", s->nonce);
	const char *at = s->errors.len ? memmem(s->errors.data, s->errors.len, prompt, len) : NULL;
	if (s->root && (at || s->asks))
		return err_set(err, ERR_REFUSED,
			       "it asks for the sudo password, and its login is root: it was not sent");
	if (!at || !s->asks) /* the prompt and the word before it come by different ways */
		return 0;
	if (s->prompts++)
		return err_set(err, ERR_REFUSED, "sudo does not accept the password there");
	strbuf_consume(&s->errors, (size_t)(at - s->errors.data) + len);
	channel_write(s->channel, NULL, 0, password, strlen(password));
	channel_write(s->channel, NULL, 0, "\n", 1);
	s->sent_ms = uv_now(&s->fleet->loop);
	s->gave = true;
	return 0;
}
