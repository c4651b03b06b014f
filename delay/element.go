package delay

import (
	"encoding/xml"

	"example.org/lastpresence/internal/address"
	"example.org/lastpresence/internal/chardata"
)

// Element is a delayed-delivery element as it was found in a stanza, of either
// namespace, and perhaps unreadable. The zero value is an element without a
// stamp; pass only what [ReadElement] returned to [Rules.Believe].
type Element struct {
	Delay

	// Legacy says that the element is the one of XEP-0091.
	Legacy bool

	// Err says why the element cannot be used: [ErrNoStamp], [ErrName], or a
	// [*ParseError] for its stamp or its from. What could be read is there
	// all the same: a stamp that can be read beside a from that cannot, for
	// example, which nobody should believe, for who wrote it is not known.
	Err error
}

// IsElement tells whether name is that of a delayed-delivery element: delay of
// XEP-0203 or x of XEP-0091.
func IsElement(name xml.Name) bool {
	return name.Space == NS && name.Local == "delay" || name.Space == NSLegacy && name.Local == "x"
}

// ReadElement reads the rest of the element that start begins from r, up to
// and including its end. Unknown attributes and children are ignored.
//
// It fails only as r does. Whatever is wrong with the element itself is told
// in [Element.Err], so that the stanza around it can be read on.
func ReadElement(start xml.StartElement, r xml.TokenReader) (Element, error) {
	e := Element{Legacy: start.Name.Space == NSLegacy}
	stamped := false
	for _, attr := range start.Attr {
		if attr.Name.Space != "" {
			continue
		}
		switch attr.Name.Local {
		case "stamp":
			stamped = true
			stamp, err := ParseStamp(attr.Value)
			if err != nil {
				e.Err = err
			}
			e.Stamp = stamp
		case "from":
			if attr.Value == "" {
				continue
			}
			from, err := address.Parse(attr.Value)
			if err != nil && e.Err == nil {
				e.Err = parseError("address", attr.Value, 0, reasonAddress)
			}
			e.From = from
		}
	}
	if !stamped {
		e.Err = ErrNoStamp
	}
	if !IsElement(start.Name) {
		e.Err = ErrName
	}
	var err error
	e.Reason, _, err = chardata.Read(r, MaxReason)
	return e, err
}
