/*
 * Shows what a mount of a store would show, without a mount: the tree's own functions, called the way the kernel would
 * have them called (names looked up one by one, listings in pieces, files read in chunks). For tests; not installed.
 */
#include "core/base/cleanup.h"
#include "fs/tree/tree.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: kestrafs-dump [-c BYTES] STORE PATH…   print the files at PATH\n"
			    "       kestrafs-dump -l STORE PATH…           print the names in the folders at PATH, in the tree's order\n"
			    "       kestrafs-dump -r STORE                 print every path, its size and its type, tab between\n"
			    "\n"
			    "  -c BYTES   read files in chunks of so many bytes (131072)\n"
			    "\n"
			    "Exit: 0 done; 1 no such path, or something wrong; 2 wrong usage\n";

#define CHUNK_DEFAULT ((size_t)128 << 10)

static const char *const type_names[] = {[NODE_FILE] = "file", [NODE_FOLDER] = "folder", [NODE_LINK] = "link"};

static int complain(const char *path, int error)
{
	fprintf(stderr, "kestrafs-dump: %s: %s\n", path, strerror(-error));
	return error;
}

static int print_link(struct tree *tree, node_t node)
{
	struct buf target autobuf = BUF_INIT;
	int error = tree_link(tree, node, &target);

	if (error)
		return error;
	buf_add_char(&target, '\n');
	fwrite(target.data, 1, target.len, stdout);
	return buf_error(&target);
}

/** Prints the whole file and proves that its size was exact. */
static int print_file(struct tree *tree, const struct entry *entry, size_t chunk)
{
	char *data autofree = malloc(chunk);
	uint64_t offset = 0;
	size_t len;
	int error;

	if (!data)
		return -ENOMEM;
	do {
		error = tree_read(tree, entry->node, offset, data, chunk, &len);
		if (error)
			return error;
		fwrite(data, 1, len, stdout);
		offset += len;
	} while (len == chunk);
	if (offset == entry->attributes.size || entry->attributes.grows)
		return 0;
	fprintf(stderr, "kestrafs-dump: size says %" PRIu64 ", contents are %" PRIu64 " bytes\n", entry->attributes.size, offset);
	return -EIO;
}

/* One piece of a listing. It is gathered first and shown after tree_list has returned: nothing asks the tree while it is being asked. */
struct piece {
	struct buf entries; /* each: a byte for the type, the name, a NUL */
	uint64_t next;
};

static bool piece_add(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct piece *piece = context;

	(void)inode;
	buf_add_char(&piece->entries, (char)type);
	buf_add_bytes(&piece->entries, name);
	buf_add_char(&piece->entries, '\0');
	piece->next = next;
	return true;
}

static void piece_finish(struct piece *piece)
{
	buf_finish(&piece->entries);
}

typedef int visit_t(void *context, struct bytes name, enum node_type type);

static int piece_visit(const struct piece *piece, visit_t *visit, void *context)
{
	const char *at = piece->entries.data;
	const char *end = at + piece->entries.len;
	int error = buf_error(&piece->entries);

	while (!error && at < end) {
		struct bytes name = bytes_of(at + 1);

		error = visit(context, name, (enum node_type) * at);
		at = name.data + name.len + 1;
	}
	return error;
}

/** Calls `visit` for every name of a folder; stops at its first error and returns it. */
static int list(struct tree *tree, node_t folder, visit_t *visit, void *context)
{
	uint64_t from = 0;
	bool end = false;

	while (!end) {
		struct piece piece cleanup(piece_finish) = {.entries = BUF_INIT, .next = from};
		enum keep keep;
		int error = tree_list(tree, folder, from, piece_add, &piece, &keep, &end);

		if (!error)
			error = piece_visit(&piece, visit, context);
		if (!error && !end && piece.next == from)
			error = -ELOOP;
		if (error)
			return error;
		from = piece.next;
	}
	return 0;
}

static int print_name(void *context, struct bytes name, enum node_type type)
{
	(void)context;
	(void)type;
	fwrite(name.data, 1, name.len, stdout);
	putchar('\n');
	return 0;
}

struct walk {
	struct tree *tree;
	node_t folder;
	struct buf *path; /* of the folder, without a slash at its end */
};

static int print_tree(struct tree *tree, node_t folder, struct buf *path);

static int print_entry(void *context, struct bytes name, enum node_type type)
{
	struct walk *walk = context;
	size_t len = walk->path->len;
	struct entry entry;
	int error = tree_lookup(walk->tree, walk->folder, name, &entry);

	if (!error && (entry.node == 0 || entry.attributes.type != type))
		error = -ENOENT;
	buf_add_char(walk->path, '/');
	buf_add_bytes(walk->path, name);
	if (error || buf_error(walk->path))
		return complain(buf_text(walk->path), error ? error : -ENOMEM);
	printf("%.*s\t%" PRIu64 "\t%s\n", (int)walk->path->len, walk->path->data, entry.attributes.size, type_names[type]);
	if (type == NODE_FOLDER)
		error = print_tree(walk->tree, entry.node, walk->path);
	walk->path->len = len;
	return error;
}

static int print_tree(struct tree *tree, node_t folder, struct buf *path)
{
	struct walk walk = {.tree = tree, .folder = folder, .path = path};

	return list(tree, folder, print_entry, &walk);
}

struct command {
	bool names;
	bool recursive;
	size_t chunk;
};

static int print_path(struct tree *tree, const struct command *command, const char *path)
{
	struct entry entry;
	int error = tree_walk(tree, bytes_of(path), &entry);

	if (!error && command->names)
		error = list(tree, entry.node, print_name, NULL);
	else if (!error && entry.attributes.type == NODE_LINK)
		error = print_link(tree, entry.node);
	else if (!error)
		error = print_file(tree, &entry, command->chunk);
	return error ? complain(path, error) : 0;
}

static int print_paths(struct tree *tree, const struct command *command, char **paths)
{
	int error = 0;

	for (; *paths && !error; paths++)
		error = print_path(tree, command, *paths);
	return error;
}

static int run(const struct command *command, const char *store, char **paths)
{
	struct buf path autobuf = BUF_INIT;
	struct tree *tree;
	struct error e = {""};
	int error = tree_new(store, NULL, &tree, &e);

	if (error) {
		fprintf(stderr, "kestrafs-dump: %s\n", e.text[0] ? e.text : strerror(-error));
		return error;
	}
	error = command->recursive ? print_tree(tree, NODE_ROOT, &path) : print_paths(tree, command, paths);
	tree_free(tree);
	return error;
}

/** False where the call is wrong. */
static bool parse_options(int argc, char **argv, struct command *ret_command)
{
	int option;

	*ret_command = (struct command){.chunk = CHUNK_DEFAULT};
	while ((option = getopt(argc, argv, "lrc:")) != -1) {
		if (option == 'l')
			ret_command->names = true;
		else if (option == 'r')
			ret_command->recursive = true;
		else if (option == 'c')
			ret_command->chunk = strtoul(optarg, NULL, 10);
		else
			return false;
	}
	return ret_command->chunk > 0 && (ret_command->recursive ? argc - optind == 1 : argc - optind >= 2);
}

int main(int argc, char **argv)
{
	struct command command;
	int error;

	if (!parse_options(argc, argv, &command)) {
		fputs(usage, stderr);
		return 2;
	}
	error = run(&command, argv[optind], argv + optind + 1);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "kestrafs-dump: standard output: %s\n", strerror(errno));
		return 1;
	}
	return error ? 1 : 0;
}
