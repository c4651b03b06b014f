// Package filestore keeps what is known of contacts in one file for each
// account. It is the store to pick where there is no database:
//
//	store, err := filestore.New(filepath.Join(dir, "presence"))
//	…
//	cache := roster.New(session, roster.Persist(store, nil))
//
// # The file
//
// Its name is the account's address with what is not a lower-case letter, a
// digit or one of @ . _ - as % and two hexadecimal digits for each byte, and
// .roster behind it; where that is longer than 200 bytes, the SHA-256 of the
// address in hexadecimal digits. Only its owner may read it. It is UTF-8, with
// one JSON value in each line: a head, which has the version of the format, the
// account, and the roster's version; a contact in each further line; and at the
// end a foot, with the SHA-256 of all that is before it. Times are microseconds
// since 1970.
//
// A file is never changed. A new one is written beside it under a temporary name
// that ends in .new, flushed to the disk, and takes its name, so that a process
// that is killed leaves the old file or the new one. Who writes holds a lock on
// the file (flock), so that no process overwrites what another has just written;
// where the system has no such locks, a file that ends in .lock serves.
//
// A file that is damaged is set aside under another name, see [DamagedError].
//
// # Forgetting
//
// [Store.Remove] and [Store.Edit] also delete what was set aside and the temporary
// files that killed processes left behind. They do not overwrite the blocks of the
// disk.
package filestore
