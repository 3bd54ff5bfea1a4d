/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* static.c: a folder of files.
 *
 * Two walls stand between a client and what lies outside of the folder. A path is cut at its
 * slashes, decoded part by part, and refused if a part is empty, is . or .., or holds a slash, a
 * backslash or a NUL. And the kernel resolves it beneath the folder (openat2 with RESOLVE_BENEATH),
 * so that a symbolic link leads nowhere else. Where the kernel has no openat2, the resolved path
 * must begin with the folder's.
 *
 * The folder is opened by its name for each request: one that is replaced as a whole, as a build
 * does, is seen at once. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/url.h"
#include "http/accept.h"
#include "http/request.h"

typedef struct vireo__folder {
    char *root; /* absolute */
    char *index;
    const char *headers;
    bool dotfiles;
    bool precompressed;
    char cache[64];
} folder;

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* --- a path of a URL to one of the system ----------------------------------------------------- */

static bool part_allowed(const folder *f, const char *part, size_t n)
{
    if (n == 0 || memchr(part, '/', n) != NULL || memchr(part, '\\', n) != NULL ||
        memchr(part, 0, n) != NULL)
        return false;
    if (part[0] != '.')
        return true;
    return f->dotfiles && !(n == 1 || (n == 2 && part[1] == '.'));
}

/* Writes the decoded parts of |path| to |out| with slashes between them. Only the last one may be
 * empty: that is a folder. */
static bool decode(const folder *f, vireo__str path, char out[PATH_MAX])
{
    char *to = out;
    if (path.len >= PATH_MAX)
        return false;
    for (size_t at = 0; at < path.len;) {
        const char *slash = memchr(path.at + at, '/', path.len - at);
        size_t len = slash ? (size_t)(slash - path.at) - at : path.len - at;
        ptrdiff_t n = vireo__url_decode(to, path.at + at, len, false);
        if (n < 0 || !part_allowed(f, to, (size_t)n))
            return false;
        to += n;
        at += len;
        if (slash != NULL) {
            *to++ = '/';
            at++;
        }
    }
    *to = '\0';
    return true;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* For kernels without openat2: between the two steps a link could be put in the file's place, by
 * whoever may write to the folder. */
static int open_resolved(const folder *f, const char *path)
{
    char whole[PATH_MAX], real[PATH_MAX], root[PATH_MAX];
    if ((size_t)snprintf(whole, sizeof whole, "%s/%s", f->root, path) >= sizeof whole)
        return -ENAMETOOLONG;
    if (realpath(f->root, root) == NULL || realpath(whole, real) == NULL)
        return -errno;
    size_t n = strlen(root);
    if (strncmp(real, root, n) != 0 || (real[n] != '/' && real[n] != '\0'))
        return -EXDEV;
    int fd = open(real, OPEN_FLAGS | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int open_beneath(const folder *f, const char *path)
{
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int root = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -errno;
    long fd = syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof how);
    int error = fd < 0 ? -errno : 0;
    close(root);
    if (error == -ENOSYS || error == -EPERM)
        return open_resolved(f, path);
    return error < 0 ? error : (int)fd;
}

static bool is_folder(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* --- serving ---------------------------------------------------------------------------------- */

/* The path as it came, which begins with exactly one slash and has no part that is empty: it cannot
 * name another host. */
static int redirect_to_folder(vireo_req *r)
{
    size_t n = r->raw_path.len + r->query.len;
    char *to = vireo__arena_take(&r->arena, n + 3, 1);
    if (to == NULL)
        return VIREO_ENOMEM;
    snprintf(to, n + 3, "%.*s/%s%.*s", (int)r->raw_path.len, r->raw_path.at,
             r->query.len > 0 ? "?" : "", (int)r->query.len, r->query.at);
    return vireo_redirect(r, 301, to);
}

/* A file compressed beforehand, if it is not older than what it was made from. */
static int open_variant(const folder *f, const char *path, const char *ending, int original)
{
    char name[PATH_MAX + NAME_MAX];
    struct stat of, st;
    if ((size_t)snprintf(name, sizeof name, "%s%s", path, ending) >= sizeof name)
        return -1;
    int fd = open_beneath(f, name);
    if (fd < 0)
        return -1;
    bool good =
        fstat(fd, &st) == 0 && fstat(original, &of) == 0 && S_ISREG(st.st_mode) &&
        (st.st_mtim.tv_sec > of.st_mtim.tv_sec ||
         (st.st_mtim.tv_sec == of.st_mtim.tv_sec && st.st_mtim.tv_nsec >= of.st_mtim.tv_nsec));
    if (good)
        return fd;
    close(fd);
    return -1;
}

/* Takes the variant that the client likes best in the place of |*fd|. */
static void choose_variant(const folder *f, const vireo_req *r, const char *path, int *fd,
                           vireo__file *file)
{
    const char *codings[] = {"br", "gzip", "identity"}, *endings[] = {".br", ".gz", ""};
    const char *header = vireo_header(r, "accept-encoding");
    for (size_t n = 3; n > 1; n--) {
        int best = vireo__accept_best(VIREO__ACCEPT_ENCODING, header, codings, n);
        if (best < 0 || (size_t)best == n - 1)
            return;
        int variant = open_variant(f, path, endings[best], *fd);
        if (variant >= 0) {
            close(*fd);
            *fd = variant;
            file->coding = codings[best];
            return;
        }
        for (size_t i = (size_t)best; i + 1 < n; i++) { /* there is none: what is the next best? */
            codings[i] = codings[i + 1];
            endings[i] = endings[i + 1];
        }
    }
}

static int serve_open(const folder *f, vireo_req *r, int fd, const char *path)
{
    vireo__file file = {.name = path, .cache = f->cache, .vary = f->precompressed};
    size_t before = r->reply_headers.len;
    if (f->precompressed)
        choose_variant(f, r, path, &fd, &file);
    if (f->headers != NULL && vireo__buf_append_str(&r->reply_headers, f->headers) < 0) {
        close(fd);
        return VIREO_ENOMEM;
    }
    int error = vireo__reply_open_file(r, fd, &file);
    if (error != VIREO_ENOTFOUND)
        return error;
    r->reply_headers.len = before;
    return 1;
}

/* What cannot be had is not there, for whatever reason, so that nothing can be learnt from the
 * answer; but for a reason that will pass, the client is told to come again. */
static int failed(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM ? error : 1;
}

int vireo__folder_serve(const folder *f, vireo_req *r, vireo__str path)
{
    char name[PATH_MAX + NAME_MAX];
    if (!decode(f, path, name))
        return 1;
    int fd = open_beneath(f, name);
    if (fd < 0)
        return failed(fd);
    bool wants_folder = path.len == 0 || path.at[path.len - 1] == '/';
    if (!is_folder(fd)) {
        if (!wants_folder)
            return serve_open(f, r, fd, name);
        close(fd);
        return 1;
    }
    close(fd);
    if (!wants_folder)
        return redirect_to_folder(r);
    if (f->index[0] == '\0' || strlen(f->index) > NAME_MAX)
        return 1;
    strcat(name, f->index);
    fd = open_beneath(f, name);
    return fd < 0 ? failed(fd) : serve_open(f, r, fd, name);
}

/* --- registration ----------------------------------------------------------------------------- */

void vireo__folder_free(folder *f)
{
    if (f == NULL)
        return;
    free(f->root);
    free(f->index);
    free(f);
}

static folder *new_folder(const char *path, const vireo_static_options *o)
{
    folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->root = realpath(path, NULL);
    f->index = strdup(o->index != NULL ? o->index : "index.html");
    f->headers = o->headers;
    f->dotfiles = o->dotfiles;
    f->precompressed = o->precompressed;
    snprintf(f->cache, sizeof f->cache, "public, max-age=%u%s", o->max_age_s,
             o->immutable ? ", immutable" : "");
    if (f->root == NULL || f->index == NULL) {
        vireo__folder_free(f);
        return NULL;
    }
    return f;
}

int vireo_static_files(vireo_app *app, const char *prefix, const char *path,
                       const vireo_static_options *options)
{
    vireo_static_options o = {0};
    struct stat st;
    char pattern[1024];
    size_t n = strlen(prefix);
    memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (prefix[0] != '/' || n + 2 > sizeof pattern)
        return VIREO_EINVAL;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return VIREO_ENOTFOUND;
    snprintf(pattern, sizeof pattern, "%s%s", prefix, prefix[n - 1] == '/' ? "" : "/");
    folder *f = new_folder(path, &o);
    if (f == NULL)
        return VIREO_ENOMEM;
    int error = vireo__app_add_route(
        app, &(vireo__route){.kind = VIREO__ROUTE_FOLDER, .method = "GET", .folder = f}, pattern);
    if (error < 0)
        vireo__folder_free(f);
    return error;
}
