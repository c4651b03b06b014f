package address_test

import (
	"errors"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/internal/wire/address"
)

var addresses = []string{
	"romeo@montague.lit/orchard",
	"romeo@montague.lit",
	"montague.lit",
	"montague.lit/pda",
	"Romeo@montague.lit",
	"romeo@Montague.lit",
	"romeo@montague.lit.",
	"romeo@montague.lit/",
	"@montague.lit",
	"romeo@",
	"",
	"romeo@montague@capulet.lit",
	"romeo@montague.lit/a@b/c",
	"romeo@montague.lit/ orchard ",
	"d'artagnan@musketeers.lit",
	"b\\40d@montague.lit",
	"ro meo@montague.lit",
	"ﾛﾐｵ@montague.lit",
	"romeo@xn--bcher-kva.lit",
	"romeo@bücher.lit",
	"romeo@ab--cd.lit",
	"romeo@-montague.lit",
	"romeo@montague-.lit",
	"romeo@127.0.0.1",
	"romeo@1.2.3",
	"romeo@[::1]",
	"romeo@montague..lit",
	"romeo@a_b.lit",
	"romeo@montague.lit/☎",
	"romeo@montague.lit/\x7f",
	strings.Repeat("a", 1023) + "@montague.lit",
	strings.Repeat("a", 1024) + "@montague.lit",
	"romeo@" + strings.Repeat("a", 63) + ".lit",
	"romeo@" + strings.Repeat("a", 64) + ".lit",
	"romeo@montague.lit/" + strings.Repeat("r", 1023),
	"romeo@montague.lit/" + strings.Repeat("r", 1024),
	"romeo@\xff.lit",
	"romeo@montague.lit..",
	"romeo@montague。。/orchard",
}

func check(t testing.TB, s string) {
	t.Helper()
	got, err := address.Parse(s)
	want, wantErr := jid.Parse(s)
	if wantErr == nil {
		var again jid.JID
		if again, wantErr = jid.Parse(want.String()); wantErr == nil && !again.Equal(want) {
			wantErr = errors.New("it reads back as another")
		}
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("Parse(%q) error = %v, jid.Parse has %v", s, err, wantErr)
	}
	if err != nil {
		return
	}
	if !got.Equal(want) || got.String() != want.String() {
		t.Fatalf("Parse(%q) = %q, jid.Parse has %q", s, got, want)
	}
	if bare, ok := address.Bare(s); ok && bare != want.Bare().String() {
		t.Fatalf("Bare(%q) = %q, want %q", s, bare, want.Bare())
	}
	if bare := string(address.AppendBare(nil, want)); bare != want.Bare().String() {
		t.Fatalf("AppendBare(%q) = %q, want %q", s, bare, want.Bare())
	}
	if again := address.OfKey(want.Bare().String()); !again.Equal(want.Bare()) {
		t.Fatalf("OfKey(%q) = %q", want.Bare(), again)
	}
}

func TestParseAgreesWithJIDParse(t *testing.T) {
	for _, s := range addresses {
		check(t, s)
	}
}

func TestCanonicalAddressesTakeTheShortCut(t *testing.T) {
	for _, s := range addresses[:4] {
		if _, ok := address.Bare(s); !ok {
			t.Errorf("Bare(%q) took the long way", s)
		}
	}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := address.Parse("romeo@montague.lit/orchard"); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 1 {
		t.Errorf("Parse allocates %v times, want at most 1", allocs)
	}
}

func TestAppendBareDoesNotAllocate(t *testing.T) {
	j := jid.MustParse("romeo@montague.lit/orchard")
	var buf [64]byte
	n := 0
	allocs := testing.AllocsPerRun(100, func() { n += len(address.AppendBare(buf[:0], j)) })
	if allocs > 0 {
		t.Errorf("AppendBare allocates %v times", allocs)
	}
}

func FuzzParse(f *testing.F) {
	mutate.Strings(f, addresses, check)
}

func BenchmarkParse(b *testing.B) {
	const s = "romeo@montague.lit/orchard"
	b.Run("short cut", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := address.Parse(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("jid.Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jid.Parse(s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
