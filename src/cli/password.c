#include "cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"

/* One line, byte for byte: a stdio buffer would keep a copy. -1: end of file or a signal. */
static int read_line(int fd, char *line)
{
	size_t len = 0;
	while (len < PASSWORD_MAX) {
		ssize_t n = read(fd, &line[len], 1);
		if (n != 1)
			return -1;
		if (line[len] == '\n') {
			line[len] = '\0';
			return 0;
		}
		len++;
	}
	errno = EOVERFLOW;
	return -1;
}

const char *password_ask(const char *prompt, struct err *err)
{
	_cleanup_fd_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios shown, hidden;
	if (fd < 0 || tcgetattr(fd, &shown) < 0) {
		err_set(err, ERR_MISSING, "there is no terminal to ask for the password on");
		return NULL;
	}
	char *line = sodium_init() < 0 ? NULL : sodium_malloc(PASSWORD_MAX + 1);
	if (!line) {
		err_set(err, ERR_SYSTEM, "no locked memory for the password (see ulimit -l)");
		return NULL;
	}
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	fd_write_all(fd, prompt, strlen(prompt));
	tcsetattr(fd, TCSAFLUSH, &hidden);
	int status = read_line(fd, line);
	tcsetattr(fd, TCSAFLUSH, &shown);
	fd_write_all(fd, "\n", 1);
	if (status == 0)
		return line;
	sodium_free(line);
	err_set(err, ERR_CANCELLED, "no password was entered");
	return NULL;
}
