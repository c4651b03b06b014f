package delay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"example.org/lastpresence/delay"
)

func ExampleParseDateTime() {
	t, err := delay.ParseDateTime("1969-07-20T21:56:15-05:00")
	fmt.Println(t.UTC(), err)
	_, err = delay.ParseDateTime("1969-07-20T21:56:15")
	fmt.Println(err)
	// Output:
	// 1969-07-21 02:56:15 +0000 UTC <nil>
	// delay: DateTime "1969-07-20T21:56:15": no zone at byte 19
}

func ExampleAppendDateTime() {
	b := []byte("since ")
	fmt.Printf("%s\n", delay.AppendDateTime(b, time.Unix(0, 500_000_000)))
	fmt.Println(delay.AppendDateTime(b, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) == nil)
	// Output:
	// since 1970-01-01T00:00:00.5Z
	// true
}

func ExampleParseDate() {
	d, err := delay.ParseDate("1776-07-04-05:00")
	fmt.Println(d.Year, d.Month, d.Day, d.Zone, err)
	_, err = delay.ParseDate("1776-02-30")
	fmt.Println(err)
	// Output:
	// 1776 July 4 -05:00 <nil>
	// delay: Date "1776-02-30": day out of range at byte 8
}

func ExampleParseTime() {
	t, err := delay.ParseTime("16:00:00.5")
	fmt.Println(t.SinceMidnight, t.Zone.Known, err)
	_, err = delay.ParseTime("4 pm")
	fmt.Println(err)
	// Output:
	// 16h0m0.5s false <nil>
	// delay: Time "4 pm": hour lacks a digit at byte 1
}

func ExampleParseLegacy() {
	t, err := delay.ParseLegacy("20120910T23:41:07")
	fmt.Println(t, err)
	// Output: 2012-09-10 23:41:07 +0000 UTC <nil>
}

func ExampleParseStamp() {
	for _, s := range []string{"2012-09-10T23:41:07Z", "20120910T23:41:07", "2012-09-10 23:41:07", "2012-09-11T01:41:07+0200", "10 Sep 2012"} {
		t, err := delay.ParseStamp(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(t.UTC())
	}
	// Output:
	// 2012-09-10 23:41:07 +0000 UTC
	// 2012-09-10 23:41:07 +0000 UTC
	// 2012-09-10 23:41:07 +0000 UTC
	// 2012-09-10 23:41:07 +0000 UTC
	// delay: stamp "10 Sep 2012": year lacks a digit at byte 2
}

// A DateTime can be an attribute, text or a JSON string.
func ExampleDateTime() {
	var idle struct {
		XMLName xml.Name       `xml:"urn:xmpp:idle:1 idle" json:"-"`
		Since   delay.DateTime `xml:"since,attr" json:"since"`
	}
	err := xml.Unmarshal([]byte(`<idle xmlns="urn:xmpp:idle:1" since="1969-07-20T21:56:15-05:00"/>`), &idle)
	fmt.Println(idle.Since, err)
	fmt.Println(idle.Since.Time.Format(time.Kitchen))
	text, err := json.Marshal(idle)
	fmt.Println(string(text), err)
	// Output:
	// 1969-07-21T02:56:15Z <nil>
	// 9:56PM
	// {"since":"1969-07-21T02:56:15Z"} <nil>
}

func ExampleDateTime_AppendText() {
	d := delay.DateTime{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	b, err := d.AppendText([]byte("since "))
	fmt.Printf("%q %v %t\n", b, err, errors.Is(err, delay.ErrRange))
	// Output: "since " delay: year 10000 out of range true
}

func ExampleDate() {
	independence := delay.Date{Year: 1776, Month: time.July, Day: 4}
	fmt.Println(independence)
	_, err := delay.Date{Year: 1776, Month: time.July, Day: 32}.MarshalText()
	fmt.Println(err)
	// Output:
	// 1776-07-04
	// delay: date 1776-07-32 out of range
}

func ExampleDate_Time() {
	floating, fixed := delay.Date{Year: 2012, Month: 9, Day: 10}, delay.Date{Year: 2012, Month: 9, Day: 10, Zone: delay.Zone{Known: true, Minutes: 120}}
	verona := time.FixedZone("", 3600)
	fmt.Println(floating.Time(verona))
	fmt.Println(fixed.Time(verona))
	// Output:
	// 2012-09-10 00:00:00 +0100 +0100
	// 2012-09-10 00:00:00 +0200 +0200
}

func ExampleTimeOfDay() {
	tea := delay.TimeOfDay{SinceMidnight: 16 * time.Hour}
	fmt.Println(tea)
	tea.Zone = delay.Zone{Known: true}
	fmt.Println(tea)
	// Output:
	// 16:00:00
	// 16:00:00Z
}

func ExampleTimeOfDay_On() {
	tea := delay.TimeOfDay{SinceMidnight: 16 * time.Hour}
	fmt.Println(tea.On(delay.Date{Year: 2012, Month: time.September, Day: 10}, time.UTC))
	// Output: 2012-09-10 16:00:00 +0000 UTC
}

func ExampleZone() {
	for _, z := range []delay.Zone{{}, {Known: true}, {Known: true, Minutes: -210}} {
		fmt.Printf("%q\n", z)
	}
	// Output:
	// ""
	// "Z"
	// "-03:30"
}

func ExampleZone_Location() {
	verona := time.FixedZone("", 3600)
	noon := time.Date(2012, 9, 10, 12, 0, 0, 0, time.UTC)
	for _, z := range []delay.Zone{{}, {Known: true, Minutes: 330}} {
		fmt.Println(noon.In(z.Location(verona)).Format(time.TimeOnly))
	}
	// Output:
	// 13:00:00
	// 17:30:00
}

func ExampleParseError() {
	_, err := delay.ParseDateTime("2012-09-31T23:41:07Z")
	var parse *delay.ParseError
	if errors.As(err, &parse) {
		fmt.Printf("%s: %s in %q\n", parse.Profile, parse.Reason, parse.Input[parse.Offset:])
	}
	fmt.Println(errors.Is(err, delay.ErrRange))
	// Output:
	// DateTime: day out of range in "31T23:41:07Z"
	// true
}
