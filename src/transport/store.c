/*
 * Each file that is at work has one request in the round: first how much its host has, then a piece. A host that says what
 * cannot be (more than it was sent, less than it had) would have us send for ever: its file is failed.
 */
#include "transport/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

enum { AT_ONCE = 8 };

/* One that is at work. */
struct sending {
	struct store_file *file;
	struct stat st;
	uint64_t have;
	char *bytes;
	struct fleet_blob piece;
	json_t *message;
	int fd;
	bool asked; /* how much there is is known */
};

static int open_file(struct sending *x)
{
	struct store_file *f = x->file;
	x->fd = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (x->fd < 0 || fstat(x->fd, &x->st) < 0)
		return err_system(&f->error, errno, "cannot read %s", f->path);
	if (!S_ISREG(x->st.st_mode))
		return err_set(&f->error, ERR_INPUT, "%s is not a regular file", f->path);
	if (f->size && (uint64_t)x->st.st_size != f->size)
		return err_set(&f->error, ERR_INPUT, "%s has %lld bytes, not %llu", f->path, (long long)x->st.st_size,
			       (unsigned long long)f->size);
	return 0;
}

static bool has_changed(const struct sending *x)
{
	struct stat now;
	return fstat(x->fd, &now) < 0 || now.st_size != x->st.st_size || now.st_mtim.tv_sec != x->st.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != x->st.st_mtim.tv_nsec;
}

static int read_piece(struct sending *x)
{
	struct store_file *f = x->file;
	uint64_t left = (uint64_t)x->st.st_size - x->have;
	size_t want = left < WIRE_PIECE ? (size_t)left : WIRE_PIECE, got = 0;
	if (!x->bytes)
		x->bytes = xcalloc(1, WIRE_PIECE);
	while (got < want) {
		ssize_t n = pread(x->fd, x->bytes + got, want - got, (off_t)(x->have + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_system(&f->error, errno, "cannot read %s", f->path);
		if (n == 0)
			break;
		got += (size_t)n;
	}
	if (got < want || has_changed(x))
		return err_set(&f->error, ERR_INPUT, "%s changes while it is sent", f->path);
	x->piece = (struct fleet_blob){digest_of(x->bytes, got), x->bytes, got};
	return 0;
}

static bool is_done(const struct sending *x)
{
	return x->file->error.code || (x->asked && x->have == (uint64_t)x->st.st_size);
}

/* The next request. -1: there is none, since it is all there, or failed. */
static int next_request(struct sending *x, struct fleet_request *ret)
{
	struct store_file *f = x->file;
	if (is_done(x) || (!x->asked && open_file(x) < 0) || (x->asked && read_piece(x) < 0))
		return -1;
	x->message = json_pack("{s:s, s:s, s:I, s:I}", "verb", "store", "digest", f->digest.hex, "size",
			       (json_int_t)x->st.st_size, "offset", (json_int_t)x->have);
	if (x->asked)
		json_object_set_new(x->message, "piece", json_string(x->piece.digest.hex));
	*ret = (struct fleet_request){
	    .host = f->host, .message = x->message, .blobs = &x->piece, .blob_count = x->asked ? 1 : 0};
	return 0;
}

static void judge(struct sending *x, const struct fleet_request *request)
{
	struct store_file *f = x->file;
	const json_t *have = json_object_get(request->answer, "have");
	uint64_t size = (uint64_t)x->st.st_size, now = (uint64_t)json_integer_value(have);
	uint64_t sent = x->asked ? x->have + x->piece.len : 0;
	if (request->error.code)
		f->error = request->error;
	else if (!json_is_integer(have) || json_integer_value(have) < 0 || now > size || (x->asked && now != sent))
		err_set(&f->error, ERR_PROTOCOL, "it says that it has %lld bytes of %s, which cannot be",
			(long long)json_integer_value(have), f->path);
	x->have = now;
	x->asked = true;
}

static void end(struct sending *x)
{
	free(x->bytes);
	fd_closep(&x->fd);
}

/* One round for all of them; `*ret_done`: nothing is left to be sent. */
static int send_pieces(struct fleet *fleet, struct sending *all, struct fleet_request *requests, size_t count,
		       unsigned timeout_ms, bool *ret_done, struct err *err)
{
	struct sending *of[AT_ONCE];
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (next_request(&all[i], &requests[n]) == 0)
			of[n++] = &all[i];
	*ret_done = !n;
	int rc = n ? fleet_round(fleet, requests, n, timeout_ms, err) : 0;
	for (size_t i = 0; i < n; i++) {
		judge(of[i], &requests[i]);
		fleet_request_clear(&requests[i]);
		json_decref(of[i]->message);
	}
	return rc;
}

/* All of these until each has ended. */
static int send_some(struct fleet *fleet, struct sending *all, size_t count, unsigned timeout_ms,
		     void (*on_progress)(void *data, const struct store_file *file, uint64_t have, uint64_t size),
		     void *data, struct err *err)
{
	struct fleet_request *requests = xcalloc(AT_ONCE, sizeof *requests);
	bool done = false;
	int rc = 0;
	while (rc == 0 && !done) {
		bool was_done[AT_ONCE];
		for (size_t i = 0; i < count; i++)
			was_done[i] = is_done(&all[i]);
		rc = send_pieces(fleet, all, requests, count, timeout_ms, &done, err);
		for (size_t i = 0; on_progress && i < count; i++)
			if (!was_done[i] && all[i].asked && !all[i].file->error.code)
				on_progress(data, all[i].file, all[i].have, (uint64_t)all[i].st.st_size);
	}
	free(requests);
	return rc;
}

int store_files(struct fleet *fleet, struct store_file *files, size_t count, unsigned timeout_ms,
		void (*on_progress)(void *data, const struct store_file *file, uint64_t have, uint64_t size),
		void *data, struct err *err)
{
	for (size_t first = 0; first < count; first += AT_ONCE) {
		struct sending some[AT_ONCE];
		size_t n = count - first < AT_ONCE ? count - first : AT_ONCE;
		for (size_t i = 0; i < n; i++) {
			files[first + i].error = (struct err){0};
			some[i] = (struct sending){.file = &files[first + i], .fd = -1};
		}
		int rc = send_some(fleet, some, n, timeout_ms, on_progress, data, err);
		for (size_t i = 0; i < n; i++)
			end(&some[i]);
		if (rc < 0)
			return -1;
	}
	return 0;
}
