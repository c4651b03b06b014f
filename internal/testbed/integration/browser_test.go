package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium starts a browser that runs until the test ends. It talks to this machine
// only.
func chromium(t testing.TB) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		lacking(t, "chromium is missing on this machine; install Debian's package chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// tab is a page in a browser that shares no cookies with other tabs.
type tab struct {
	testing.TB
	ctx context.Context
}

func newTab(t testing.TB, browser context.Context, languages string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	if err := chromedp.Do(ctx); err != nil { // binds the page to this context
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(1280, 800), command(network.Enable, network.EnableParams{}),
		command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": languages}}))
	return b
}

// command is an action that ignores what a command of the protocol returns.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, c, params)
		return v, err
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.Fatalf("%v\n%s", err, b.text("body"))
	}
}

func (b *tab) visit(url string) {
	b.Helper()
	b.do(chromedp.Navigate(url))
}

// click clicks the middle of an element with the mouse. The page may change
// meanwhile, so it is not held by a node's number.
func (b *tab) click(css string) {
	b.Helper()
	b.await(css)
	middle, err := b.eval(fmt.Sprintf("(e => { e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect(); return r.x + r.width / 2 + ' ' + (r.y + r.height / 2); })(document.querySelector(%q))", css))
	var x, y float64
	if _, failed := fmt.Sscan(middle, &x, &y); err != nil || failed != nil {
		b.Fatalf("where is %s? %q, %v", css, middle, err)
	}
	b.do(chromedp.MouseClickXY(x, y))
}

// write types into an element.
func (b *tab) write(css, text string) {
	b.Helper()
	b.is(fmt.Sprintf("(document.querySelector(%[1]q)?.focus(), document.activeElement?.matches(%[1]q))", css), "true")
	b.do(chromedp.KeyEvent(text))
}

// enter presses Enter. With the character, as KeyEvent has it, it would begin a line
// even where the page handles the key.
func (b *tab) enter() {
	b.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		b.do(command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13}))
	}
}

// say sends a message in the chat that is open.
func (b *tab) say(text string) {
	b.Helper()
	b.write("#text", text)
	b.enter()
}

// press presses a key wherever the focus is.
func (b *tab) press(key string) {
	b.Helper()
	b.do(chromedp.KeyEvent(key))
}

// text returns what an element shows, "" where there is none, and on a page that is
// just loading.
func (b *tab) text(css string) string {
	quoted, _ := json.Marshal(css)
	s, _ := b.eval(fmt.Sprintf("document.querySelector(%s)?.innerText ?? ''", quoted))
	return s
}

// eval returns the value of an expression, as text.
func (b *tab) eval(expression string) (string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
}

// await waits until an element shows all these texts.
func (b *tab) await(css string, texts ...string) {
	b.Helper()
	var got string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got = b.text(css)
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(got, text)
		}
		if !missing && got != "" {
			return
		}
	}
	b.Fatalf("%s never showed %q, but %q, on\n%s", css, texts, got, b.text("body"))
}

// is waits until an expression has a value.
func (b *tab) is(expression, want string) {
	b.Helper()
	var got string
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got, err = b.eval(expression); err == nil && got == want {
			return
		}
	}
	b.Fatalf("%s is %q, %v, want %q", expression, got, err, want)
}

// logIn logs in on the page.
func (b *tab) logIn(url, address, password string) {
	b.Helper()
	b.visit(url)
	b.is("document.readyState", "complete")
	_, _ = b.eval("document.querySelector('#address').value = ''")
	b.write("#address", address)
	b.write("#password", password)
	b.click("button")
}

// open opens the chat with a contact. The contact may move in the list just before it
// is clicked.
func (b *tab) open(contact string) {
	b.Helper()
	for range 10 {
		b.click(fmt.Sprintf("#contacts [data-address=%q] a", contact))
		for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if b.text("#head .address") == contact {
				return
			}
		}
	}
	b.Fatalf("the chat with %s does not open:\n%s", contact, b.text("body"))
}

// size gives the page so many pixels, in the dark or not.
func (b *tab) size(width, height int64, dark bool) {
	b.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do(chromedp.EmulateViewport(width, height), command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
}

// picture returns the page as a PNG image.
func (b *tab) picture() []byte {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	return png
}
