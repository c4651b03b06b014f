package durable

import (
	"errors"
	"os"
)

// Append truncates the file at path to size bytes and appends data. The data is on
// the disk when Append returns. After an error Append removes what it has written,
// as far as the disk allows. A process that is killed may leave the beginning of
// the data.
func Append(path string, size int64, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < size {
		return errors.New(path + " has become shorter")
	}
	if info.Size() > size {
		if err := f.Truncate(size); err != nil {
			return err
		}
	}
	_, err = f.WriteAt(data, size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return nil
}
