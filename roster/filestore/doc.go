// Package filestore keeps what is known about contacts in files, one for each
// account. Use it if you have no database:
//
//	store, err := filestore.New(filepath.Join(dir, "presence"))
//	…
//	contacts := roster.New(session, roster.Persist(store, nil))
//
// # The file
//
// The file's name is the account's address, with .roster at the end. Bytes
// other than lower-case letters, digits and @ . _ - are written as % and two
// hexadecimal digits. If that is longer than 200 bytes, the SHA-256 of the
// address, in hexadecimal, takes its place.
//
// The file is UTF-8, with one JSON value in each line: a head with the version
// of the format, the account and the roster's version; then one line for each
// contact; then a foot with the SHA-256 of everything before it. Times are
// microseconds since 1970. Only the owner may read the file.
//
// A file is never changed in place. A new file is written beside it, under a
// temporary name that ends in .new, is flushed to the disk, and then renamed. A
// process that is killed leaves the old file or the new one. A process that
// writes locks the file (flock), so that no other overwrites what it writes; on
// systems without such locks, a file whose name ends in .lock is used.
//
// A damaged file is set aside under another name, see [DamagedError].
//
// # Forgetting
//
// [Store.Remove] and [Store.Edit] also delete files that were set aside and
// temporary files of processes that were killed. They do not overwrite the
// blocks on the disk.
package filestore
