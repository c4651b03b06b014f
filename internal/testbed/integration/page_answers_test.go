package integration_test

import "maps"

// answers are what comes back for each address that is asked about, depending
// on whether Romeo is there.
type answers struct{ offline, online map[string][]string }

// but returns the answers with those for some addresses changed.
func (a answers) but(offline, online map[string][]string) answers {
	a = answers{maps.Clone(a.offline), maps.Clone(a.online)}
	maps.Copy(a.offline, offline)
	maps.Copy(a.online, online)
	return a
}

// replayed is Romeo's presence as Prosody repeats it: with the id that Romeo
// gave it and not the probe's, and with the host's stamp.
const replayed = `presence available from romeo@montague.lit/orchard id old to juliet@capulet.lit/balcony` +
	` show away status "Here." delay from montague.lit with 0 digits`

var prosodyAnswers = answers{
	offline: map[string][]string{
		// Neither stamp nor status: only last activity knows them.
		"romeo@montague.lit": {
			`presence unavailable from romeo@montague.lit to juliet@capulet.lit/balcony`,
			`iq result from romeo@montague.lit id la1 some seconds "Going offline. Out of battery."`,
		},
		// It makes an unsubscribed, and drops it on the way.
		"mercutio@montague.lit": {`iq error from mercutio@montague.lit id la1 auth forbidden`},
		"nobody@montague.lit":   {`iq error from nobody@montague.lit id la1 auth forbidden`},
		// To the bare address of whoever asks.
		"montague.lit": {
			`presence available from montague.lit id pr1 to juliet@capulet.lit`,
			`iq result from montague.lit id la1 some seconds ""`,
		},
		"capulet.lit": {
			`presence available from capulet.lit id pr1 to juliet@capulet.lit`,
			`iq result from capulet.lit id la1 some seconds ""`,
		},
		"nowhere.example": {
			`presence error from nowhere.example id pr1 to juliet@capulet.lit/balcony cancel not-allowed text`,
			`iq error from nowhere.example id la1 cancel not-allowed text`,
		},
		// mellium leaves out a from that is our own bare address.
		"juliet@capulet.lit": {
			`presence error from  id pr1 to juliet@capulet.lit/balcony modify bad-request text`,
			`iq result from  id la1 0 seconds ""`,
		},
	},
	online: map[string][]string{
		// The seconds are those since the last log-out, though he is there.
		"romeo@montague.lit": {
			replayed,
			`iq result from romeo@montague.lit id la1 some seconds "Going offline. Out of battery."`,
		},
		// The query goes through to the client, which does not know it.
		"romeo@montague.lit/orchard": {
			replayed,
			`iq error from romeo@montague.lit/orchard id la1 cancel service-unavailable`,
		},
		// The probe is answered as if it were for the bare address.
		"romeo@montague.lit/nope": {
			replayed,
			`iq error from romeo@montague.lit/nope id la1 cancel service-unavailable`,
		},
	},
}

var ejabberdAnswers = answers{
	offline: map[string][]string{
		// Whoever is not there is not spoken of.
		"romeo@montague.lit": {`iq result from romeo@montague.lit id la1 some seconds "Going offline. Out of battery."`},
		"mercutio@montague.lit": {
			`iq error from mercutio@montague.lit id la1 auth subscription-required text`,
		},
		"nobody@montague.lit": {`iq error from nobody@montague.lit id la1 auth subscription-required text`},
		"montague.lit":        {`iq result from montague.lit id la1 some seconds ""`},
		"capulet.lit":         {`iq result from capulet.lit id la1 some seconds ""`},
		"nowhere.example": {
			`presence error from nowhere.example id pr1 to juliet@capulet.lit/balcony auth forbidden text`,
			`iq error from nowhere.example id la1 auth forbidden text`,
		},
		"juliet@capulet.lit": {`iq result from  id la1 0 seconds ""`},
	},
	// The stamp is in the name of the resource, and to the microsecond.
	online: map[string][]string{
		"romeo@montague.lit": {
			`presence available from romeo@montague.lit/orchard id old to juliet@capulet.lit/balcony` +
				` show away status "Here." delay from romeo@montague.lit/orchard with 6 digits`,
			`iq result from romeo@montague.lit id la1 0 seconds ""`,
		},
		"romeo@montague.lit/orchard": {
			`presence available from romeo@montague.lit/orchard id old to juliet@capulet.lit/balcony` +
				` show away status "Here." delay from romeo@montague.lit/orchard with 6 digits`,
			`iq error from romeo@montague.lit/orchard id la1 cancel service-unavailable`,
		},
		"romeo@montague.lit/nope": {`iq error from romeo@montague.lit/nope id la1 cancel service-unavailable text`},
	},
}

var wire = map[string]answers{
	"Prosody": prosodyAnswers,
	// The stamp is the host's, and there is still no status.
	"Prosody with stamps": prosodyAnswers.but(map[string][]string{
		"romeo@montague.lit": {
			`presence unavailable from romeo@montague.lit to juliet@capulet.lit/balcony delay from montague.lit with 0 digits`,
			`iq result from romeo@montague.lit id la1 some seconds "Going offline. Out of battery."`,
		},
	}, nil),
	"Prosody as XEP-0318 shows": prosodyAnswers.but(map[string][]string{
		"romeo@montague.lit": {
			`presence unavailable from romeo@montague.lit to juliet@capulet.lit/balcony` +
				` status "Going offline. Out of battery." delay from romeo@montague.lit/orchard with 0 digits`,
			`iq result from romeo@montague.lit id la1 some seconds "Going offline. Out of battery."`,
		},
		"montague.lit": {
			`presence available from montague.lit id pr1 to juliet@capulet.lit/balcony delay from montague.lit with 0 digits`,
			`iq result from montague.lit id la1 some seconds ""`,
		},
		"capulet.lit": {
			`presence available from capulet.lit id pr1 to juliet@capulet.lit/balcony delay from capulet.lit with 0 digits`,
			`iq result from capulet.lit id la1 some seconds ""`,
		},
	}, nil),
	"ejabberd": ejabberdAnswers,
}
