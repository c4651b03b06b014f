// Command table runs the benchmarks whose figures are compared with something,
// and prints the table of docs/SPEED.md in Markdown. Run it in the folder
// internal/testbed/integration:
//
//	go run ./bench/table
//
// With -check it compares what it measures with what the document says, and fails
// if a comparison came out twice as slow, or if a count or a size is another one.
// Times alone are not compared: they are those of a machine.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// row is one comparison. Its figure is that of ours, divided by that of against
// unless it is empty, or the other way round where more is better.
type row struct {
	what, with string
	aim        string
	ours       figure
	against    figure
	faster     bool // how many times as fast, rather than how much time
	unit       string
}

// figure is a metric of a benchmark, of which ns/op is the default.
type figure struct{ benchmark, metric string }

// suites are what to run, and where.
var suites = []struct{ dir, bench, time string }{
	{"../../../probe", "ReadPresence|Stanza|Handler", "200ms"},
	{"../../../roster", "Learn|Contact|OpenFromTheCache", "200ms"},
	{"../../../roster/filestore", "SaveAndLoad", "10x"},
	{"bench", "Peers", "1s"},
	{".", "Open", "300x"},
	{".", "Login", "20x"},
}

// further are what is run besides to check the document's other tables.
var further = []struct{ dir, bench, time string }{
	{".", "Latency/.*/^50ms$", "3x"},
	{".", "Fleet$", "1x"},
}

var rows = []row{
	{what: "reading XEP-0318's reply from tokens", with: "encoding/xml into a struct", aim: "8 times as fast",
		ours: figure{benchmark: "ReadPresence/tokens"}, against: figure{benchmark: "ReadPresence/tokens,_by_encoding_xml"}, faster: true},
	{what: "the same, allocations", aim: "6", ours: figure{"ReadPresence/tokens", "allocs/op"}},
	{what: "reading it from bytes", with: "only decoding the bytes", aim: "1.2 times the time",
		ours: figure{benchmark: "ReadPresence/bytes"}, against: figure{benchmark: "ReadPresence/bytes,_only_decoded"}},
	{what: "reading it from a connection", with: "gosrc.io/xmpp", aim: "1.4 times as fast",
		ours: figure{benchmark: "Peers/ours"}, against: figure{benchmark: "Peers/gosrc"}, faster: true},
	{what: "reading it from a connection", with: "xmppo/go-xmpp", aim: "1.4 times as fast",
		ours: figure{benchmark: "Peers/ours"}, against: figure{benchmark: "Peers/xmppo"}, faster: true},
	{what: "encoding a probe", with: "stanza.Presence.Wrap", aim: "0.5 times the time",
		ours: figure{benchmark: "Stanza/ours"}, against: figure{benchmark: "Stanza/wrapped"}},
	{what: "the same, allocations", with: "stanza.Presence.Wrap", aim: "0.5 times as many",
		ours: figure{"Stanza/ours", "allocs/op"}, against: figure{"Stanza/wrapped", "allocs/op"}},
	{what: "the same, built beforehand and only encoded", with: "stanza.Presence.Wrap",
		ours: figure{benchmark: "Stanza/only_encoded"}, against: figure{benchmark: "Stanza/wrapped"}},
	{what: "100,000 presences through a session", with: "no handler", aim: "1.1 times the time",
		ours: figure{benchmark: "Handler/ours"}, against: figure{benchmark: "Handler/none"}},
	{what: "a presence of a known contact, 1,000,000 contacts", aim: "300 ns", ours: figure{benchmark: "Learn/1000000"}, unit: "ns"},
	{what: "the same, allocations", aim: "1", ours: figure{"Learn/1000000", "allocs/op"}},
	{what: "the same", with: "a map lookup by its JID",
		ours: figure{benchmark: "Learn/1000000"}, against: figure{benchmark: "Contact/1000000/map_by_address"}},
	{what: "checking whether a contact may be asked", with: "a map lookup by its JID", aim: "3 times the time",
		ours: figure{benchmark: "Contact/1000000/check"}, against: figure{benchmark: "Contact/1000000/map_by_address"}},
	{what: "Open from the cache, 1,000,000 contacts", aim: "1,000 ns", ours: figure{benchmark: "OpenFromTheCache/1000000"}, unit: "ns"},
	{what: "the same", with: "a map lookup by its JID",
		ours: figure{benchmark: "OpenFromTheCache/1000000"}, against: figure{benchmark: "Contact/1000000/map_by_address"}},
	{what: "memory for a contact without its texts, 1,000,000 contacts", aim: "280 bytes", ours: figure{"Learn/1000000", "B/besides-texts"}, unit: "bytes"},
	{what: "Open of an offline contact on Prosody", with: "the floor", aim: "the same time", ours: figure{"Open/Prosody/offline", "open/floor"}},
	{what: "Open of an online contact on Prosody", with: "the floor", aim: "1.2 times the time", ours: figure{"Open/Prosody/online", "open/floor"}},
	{what: "Open of an offline contact on Prosody", with: "a ping", ours: figure{"Open/Prosody/offline", "open/ping"}},
	{what: "the floor", with: "a ping", ours: figure{"Open/Prosody/offline", "floor/ping"}},
	{what: "Open of an offline contact on ejabberd", with: "the floor", aim: "the same time", ours: figure{"Open/ejabberd/offline", "open/floor"}},
	{what: "Open of an online contact on ejabberd", with: "the floor", aim: "1.2 times the time", ours: figure{"Open/ejabberd/online", "open/floor"}},
	{what: "Open of an offline contact on ejabberd", with: "a ping", ours: figure{"Open/ejabberd/offline", "open/ping"}},
	{what: "the floor", with: "a ping", ours: figure{"Open/ejabberd/offline", "floor/ping"}},
	{what: "login with 10,000 contacts on Prosody", with: "mellium alone", aim: "1.15 times the time", ours: figure{"Login", "login/plain"}},
	{what: "saving 10,000 contacts", with: "encoding/json", aim: "the same time",
		ours: figure{benchmark: "SaveAndLoad/save"}, against: figure{benchmark: "SaveAndLoad/encoding_json"}},
	{what: "saving a change of 10,000 contacts", with: "encoding/json", aim: "the same time",
		ours: figure{benchmark: "SaveAndLoad/save_a_change"}, against: figure{benchmark: "SaveAndLoad/encoding_json"}},
	{what: "loading 10,000 contacts", with: "encoding/json", aim: "the same time",
		ours: figure{benchmark: "SaveAndLoad/load"}, against: figure{benchmark: "SaveAndLoad/decoding_json"}},
}

func main() {
	count := flag.Int("count", 5, "how often to run each benchmark")
	compare := flag.Bool("check", false, "compare with the document")
	flag.Parse()
	figures := make(map[figure][]float64)
	if *compare {
		suites = append(suites, further...)
	}
	for _, s := range suites {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", s.bench, "-benchtime", s.time, "-count", strconv.Itoa(*count), ".")
		cmd.Dir = filepath.FromSlash(s.dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			fmt.Fprintf(os.Stderr, "table: the benchmarks of %s: %v\n%s", s.dir, err, out)
			os.Exit(1)
		}
		read(out, figures)
	}
	if *compare {
		wrong, err := check(figures)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		for _, w := range wrong {
			fmt.Fprintln(os.Stderr, "table:", w)
		}
		if len(wrong) > 0 {
			os.Exit(1)
		}
		return
	}
	fmt.Printf("%s, %d cores, %s %s/%s. Each figure is the median of %d runs, with the lowest and the highest.\n\n",
		processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, *count)
	fmt.Println("| what | compared with | target | measured |")
	fmt.Println("| --- | --- | --- | --- |")
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s | %s |\n", r.what, r.with, r.aim, r.measured(figures))
	}
}

var processors = regexp.MustCompile(`-\d+$`)

// read takes the figures out of what go test prints.
func read(out []byte, figures map[figure][]float64) {
	s := bufio.NewScanner(bytes.NewReader(out))
	for s.Scan() {
		fields := strings.Fields(s.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			f := figure{name, fields[i+1]}
			if f.metric == "ns/op" {
				f.metric = ""
			}
			figures[f] = append(figures[f], v)
		}
	}
}

// values returns the row's figure of each run.
func (r row) values(figures map[figure][]float64) []float64 {
	values := slices.Clone(figures[r.ours])
	if r.against != (figure{}) {
		other := figures[r.against]
		values = values[:min(len(values), len(other))]
		for i := range values {
			values[i] /= other[i]
			if r.faster {
				values[i] = 1 / values[i]
			}
		}
	}
	return values
}

func (r row) measured(figures map[figure][]float64) string {
	values := r.values(figures)
	if len(values) == 0 {
		return "not measured"
	}
	slices.Sort(values)
	unit := r.unit
	if unit != "" {
		unit = " " + unit
	}
	least, middle, most := number(values[0]), number(values[len(values)/2]), number(values[len(values)-1])
	if least == most {
		return middle + unit
	}
	return fmt.Sprintf("%s%s (%s to %s)", middle, unit, least, most)
}

func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// processor names the machine's, where that can be known.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	_, model, _ := strings.Cut(string(info), "model name")
	model, _, _ = strings.Cut(strings.TrimLeft(model, "\t :"), "\n")
	return cmp.Or(strings.TrimSpace(model), runtime.GOARCH)
}
