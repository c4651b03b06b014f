package filestore_test

import (
	"context"
	"errors"
	"log"
	"os"
	"path/filepath"

	"mellium.im/xmpp"

	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

func Example() {
	var session *xmpp.Session // as mellium.im/xmpp negotiated it

	dir, err := os.UserCacheDir()
	if err != nil {
		log.Fatal(err)
	}
	store, err := filestore.New(filepath.Join(dir, "mychat"))
	if err != nil {
		log.Fatal(err)
	}
	cache := roster.New(session, roster.Persist(store, func(err error) { log.Print(err) }))
	defer cache.Close()
	var damaged *filestore.DamagedError
	if err := cache.Load(context.Background()); errors.As(err, &damaged) {
		log.Printf("starting without what was known; the old file is %s", damaged.Aside)
	}
}
