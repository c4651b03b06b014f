package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
	"example.org/lastpresence/roster/sqlstore"
)

// openStore opens a store by its kind and where it is, in this process or in a
// child's.
func openStore(ctx context.Context, kind, where string) (roster.Store, func(), error) {
	if kind == "file" {
		s, err := filestore.New(where)
		return s, func() {}, err
	}
	db, err := sql.Open(kind, where)
	if err != nil {
		return nil, nil, err
	}
	s, err := sqlstore.New(ctx, db)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return s, func() { _ = db.Close() }, nil
}

func sqliteFile(dir string) string {
	return "file:" + filepath.Join(dir, "presence.db") + "?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_txlock=immediate"
}

// places returns where a store of each kind is, empty.
func places(t testing.TB) map[string]string {
	return map[string]string{
		"file":   t.TempDir(),
		"sqlite": sqliteFile(t.TempDir()),
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		storetest.Run(t, func(t testing.TB) roster.Store { return mustOpen(t, "sqlite", sqliteFile(t.TempDir())) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		p := integration.StartPostgres(t)
		storetest.Run(t, func(t testing.TB) roster.Store { return mustOpen(t, "pgx", p.Database(t)) })
	})
}

func mustOpen(t testing.TB, kind, where string) roster.Store {
	t.Helper()
	s, done, err := openStore(context.Background(), kind, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	return s
}

// The environment of a child process that writes.
const (
	writerKind  = "LASTPRESENCE_WRITER_KIND"
	writerWhere = "LASTPRESENCE_WRITER_WHERE"
	writerSeed  = "LASTPRESENCE_WRITER_SEED"
	writerCount = "LASTPRESENCE_WRITER_COUNT" // 0: until it is killed
)

// TestWriter is not a test, but the child process of those below. It tells of
// each change that was saved.
func TestWriter(t *testing.T) {
	t.Parallel()
	kind := os.Getenv(writerKind)
	if kind == "" {
		t.Skip("only a child process of other tests")
	}
	s, done, err := openStore(t.Context(), kind, os.Getenv(writerWhere))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	seed, err := strconv.ParseUint(os.Getenv(writerSeed), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	count, err := strconv.Atoi(os.Getenv(writerCount))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	for i := 0; count == 0 || i < count; i++ {
		if err := s.Save(t.Context(), storetest.Account, storetest.Changes(r)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("saved %d\n", i+1)
	}
}

func writer(t testing.TB, kind, where string, seed uint64, count int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestWriter$")
	cmd.Env = append(os.Environ(), writerKind+"="+kind, writerWhere+"="+where,
		fmt.Sprintf("%s=%d", writerSeed, seed), fmt.Sprintf("%s=%d", writerCount, count))
	return cmd
}

// TestAKilledWriterLosesAtMostItsLastChange kills a process that writes, at
// random, and loads what it left. Every change that it said was saved is there.
func TestAKilledWriterLosesAtMostItsLastChange(t *testing.T) {
	t.Parallel()
	kills := 25
	if s := os.Getenv("LASTPRESENCE_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for kind, where := range places(t) {
		t.Run(kind, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(kills), 9))
			var certain roster.Saved
			total := 0
			for kill := range uint64(kills) {
				cmd := writer(t, kind, where, kill, 0)
				var out strings.Builder
				cmd.Stdout = &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(20+r.IntN(60)) * time.Millisecond)
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				saved := strings.Count(out.String(), "saved ")
				total += saved
				changes := rand.New(rand.NewPCG(kill, 7))
				for range saved {
					certain = certain.Merge(storetest.Changes(changes))
				}
				s, done, err := openStore(t.Context(), kind, where)
				if err != nil {
					t.Fatal(err)
				}
				got, err := s.Load(t.Context(), storetest.Account)
				done()
				if err != nil {
					t.Fatalf("after kill %d: %v", kill, err)
				}
				// What was written but not told any more may be there too.
				possible := certain.Merge(storetest.Changes(changes))
				if !storetest.Equal(got, certain) && !storetest.Equal(got, possible) {
					t.Fatalf("after kill %d, %d changes saved: kept %+v\nwant %+v\nor   %+v", kill, saved, got, certain, possible)
				}
				certain = got
			}
			t.Logf("%d kills, %d changes saved", kills, total)
		})
	}
}

// TestProcessesConverge has eight processes write the same contacts at random.
func TestProcessesConverge(t *testing.T) {
	t.Parallel()
	const processes, changes = 8, 50
	where := places(t)
	where["pgx"] = ""
	for kind, where := range where {
		t.Run(kind, func(t *testing.T) {
			if kind == "pgx" {
				where = integration.StartPostgres(t).Database(t)
			}
			s := mustOpen(t, kind, where)
			var wg sync.WaitGroup
			var want roster.Saved
			for seed := range uint64(processes) {
				r := rand.New(rand.NewPCG(seed, 7))
				for range changes {
					want = want.Merge(storetest.Changes(r))
				}
				wg.Go(func() {
					if out, err := writer(t, kind, where, seed, changes).CombinedOutput(); err != nil {
						t.Errorf("process %d: %v\n%s", seed, err, out)
					}
				})
			}
			wg.Wait()
			got, err := s.Load(t.Context(), storetest.Account)
			if err != nil {
				t.Fatal(err)
			}
			if !storetest.Equal(got, want) {
				t.Errorf("kept %+v\nwant %+v", got, want)
			}
		})
	}
}
