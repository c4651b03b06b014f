package roster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/mux"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

// verona is a server on which Romeo went offline ten minutes ago.
func verona() *server.Server {
	srv := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318})
	srv.AddAccount(juliet, "")
	srv.AddAccount(romeo, "")
	srv.Befriend(juliet, romeo, "Romeo")
	orchard, _ := romeo.WithResource("orchard")
	srv.SetOffline(orchard, time.Now().Add(-10*time.Minute), "Going offline. Out of battery.")
	return srv
}

// logIn stands for what a client does to log in.
func logIn(srv *server.Server) *xmpp.Session {
	session, err := srv.Session(context.Background(), juliet)
	if err != nil {
		log.Fatal(err)
	}
	return session
}

// A client serves its session with its own handler, fetches the roster, and opens
// chats.
func ExampleNew() {
	srv := verona()
	defer srv.Close()
	ctx := context.Background()
	session := logIn(srv)
	m := mux.New(stanza.NSClient) // the client's own handler

	contacts := roster.New(session)
	defer contacts.Close()
	go contacts.Serve(m)
	if err := contacts.Sync(ctx); err != nil {
		log.Fatal(err)
	}

	// The user opens the chat.
	contact, err := contacts.Open(ctx, romeo)
	if err != nil {
		log.Fatal(err)
	}
	ago, _ := contact.Ago(time.Now())
	fmt.Printf("%s was last seen %d minutes ago: %s\n", contact.Name, int(ago.Minutes()), contact.Status)
	// Output: Romeo was last seen 10 minutes ago: Going offline. Out of battery.
}

// Opening many chats in a hurry exceeds the budget. Open then returns what is
// known, and an error.
func ExampleCache_Open() {
	srv := verona()
	defer srv.Close()
	ctx := context.Background()
	session := logIn(srv)
	contacts := roster.New(session, roster.Probing(probe.Budget(1, time.Hour)))
	defer contacts.Close()
	go contacts.Serve(nil)
	nurse := jid.MustParse("nurse@capulet.lit")
	srv.AddAccount(nurse, "")
	srv.Befriend(juliet, nurse, "Nurse")
	if err := contacts.Sync(ctx); err != nil {
		log.Fatal(err)
	}

	_, err := contacts.Open(ctx, romeo)
	fmt.Println(err)
	contact, err := contacts.Open(ctx, nurse)
	fmt.Println(contact.Name, contact.Lack, errors.Is(err, probe.ErrBudget))
	// Output:
	// <nil>
	// Nurse never heard true
}

// Details of some contacts are missing. A client can mark them in its list. It
// asks about each one when the user opens its chat.
func ExampleCache_Lacking() {
	srv := verona()
	defer srv.Close()
	ctx := context.Background()
	session := logIn(srv)
	contacts := roster.New(session)
	defer contacts.Close()
	go contacts.Serve(nil)
	if err := contacts.Sync(ctx); err != nil {
		log.Fatal(err)
	}

	for contact := range contacts.Lacking() {
		fmt.Println("lacking:", contact)
	}
	if _, err := contacts.Open(ctx, romeo); err != nil {
		log.Fatal(err)
	}
	for contact := range contacts.Lacking() {
		fmt.Println("still lacking:", contact)
	}
	// Output: lacking: romeo@montague.lit
}

// A contact list is redrawn for each contact that changes.
func ExampleCache_Watch() {
	srv := verona()
	defer srv.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	session := logIn(srv)
	contacts := roster.New(session)
	defer contacts.Close()
	changes := contacts.Watch(ctx)
	go contacts.Serve(nil)
	if err := contacts.Sync(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := contacts.Open(ctx, romeo); err != nil {
		log.Fatal(err)
	}

	for now, before := range changes {
		fmt.Printf("%s: %s, then %s\n", now.Name, before.Lack, now.Lack)
		if now.Lack == roster.Nothing {
			break
		}
	}
	// Output: Romeo: never heard, then nothing
}

// What is known survives a restart of the program.
func ExamplePersist() {
	srv := verona()
	defer srv.Close()
	ctx := context.Background()
	dir, remove := tempDir()
	defer remove()
	store, err := filestore.New(dir)
	if err != nil {
		log.Fatal(err)
	}
	report := func(err error) { log.Print(err) }

	session := logIn(srv)
	contacts := roster.New(session, roster.Persist(store, report))
	go contacts.Serve(nil)
	if err := contacts.Sync(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := contacts.Open(ctx, romeo); err != nil {
		log.Fatal(err)
	}
	contacts.Close() // saves what has not been saved yet
	session.Conn().Close()

	// The next start shows it before anything is fetched.
	contacts = roster.New(logIn(srv), roster.Persist(store, report))
	defer contacts.Close()
	if err := contacts.Load(ctx); err != nil {
		log.Fatal(err)
	}
	contact, _ := contacts.Contact(romeo)
	fmt.Println(contact.Status, contact.Source, contact.Lack)
	// Output: Going offline. Out of battery. stored outdated
}

// A client that reconnects keeps one Cache. It waits longer after each failure,
// and starts over after a session that went well.
func ExampleCache_Connect() {
	srv := verona()
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	attempts := 0
	connect := func(context.Context) (*xmpp.Session, error) {
		if attempts++; attempts == 2 {
			return nil, io.ErrUnexpectedEOF // the network is down
		}
		return logIn(srv), nil
	}

	var contacts *roster.Cache
	const shortest, longest = 10 * time.Millisecond, time.Minute
	for wait := shortest; ctx.Err() == nil; {
		session, err := connect(ctx)
		if err == nil && contacts == nil {
			contacts = roster.New(session)
			defer contacts.Close()
		} else if err == nil {
			err = contacts.Connect(session)
		}
		if err != nil {
			fmt.Println("not connected:", err)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			wait = min(2*wait, longest)
			continue
		}
		wait = shortest
		ended := make(chan error, 1)
		go func() { ended <- contacts.Serve(nil) }()
		err = contacts.Sync(ctx)
		if err == nil {
			err = session.Send(ctx, stanza.Presence{}.Wrap(nil))
		}
		if err == nil {
			use(ctx, contacts)
			if attempts == 3 {
				cancel() // the user quits
			}
		}
		session.Conn().Close() // or the network failed
		<-ended
	}
	// Output:
	// never heard, then Going offline. Out of battery.
	// not connected: unexpected EOF
	// outdated, then Going offline. Out of battery.
}

// use plays what the user does while the client is connected.
func use(ctx context.Context, contacts *roster.Cache) {
	before, _ := contacts.Contact(romeo)
	after, err := contacts.Open(ctx, romeo)
	if err != nil && !errors.Is(err, probe.ErrCoolDown) {
		log.Fatal(err)
	}
	fmt.Printf("%s, then %s\n", before.Lack, after.Status)
}

func tempDir() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "presence")
	if err != nil {
		log.Fatal(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}
