package basicauth

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tarpack/tpk/serve/internal/turns"
)

// Hashes of the password "open sesame", by the programs htpasswd and openssl passwd.
const (
	byBcrypt = "$2y$05$gVxyaS4Un61oexAkraSFFOAfFSv6e5WjCfhWmcsuQ5i6eQ8b4v8oi"
	byAPR1   = "$apr1$iuT73cJ0$8dyeNjs6n5sYwT3y45TA6."
	bySHA    = "{SHA}W8r/fyL/UzygmbNAjq2HbA67qac="
	bySHA256 = "$5$MekdIqFoDUtRJC.e$5ujHrsVYiowqWhCtgW6Wd.xgCuAMYeRtpeBic9iZO/B"
	bySHA512 = "$6$9PV1jHrvkXRdzJCC$R/EXeONnFLwmPtMbVkLRmbVgsCSGl0vIbrgQq6V8Cvmi" +
		"IJCjmkbJ.x4B1RsLuGl2yqlIv8hcLftlXLa9pN8cI0"
)

func field(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// open writes a file and opens it.
func open(t *testing.T, text string) (*File, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(name, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return f, name
}

// TestUser: only what stands before a colon is a user. A password alone does not get into a log.
func TestUser(t *testing.T) {
	alone := "Basic " + base64.StdEncoding.EncodeToString([]byte("secret"))
	for in, want := range map[string]string{field("a b", "p:q"): "a b", field("", "p"): "", alone: "",
		"Bearer x": "", "Basic ?": "", "": ""} {
		if got := User(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestCheck(t *testing.T) {
	f, _ := open(t, "# users\n\nb:"+byBcrypt+"\na:"+byAPR1+":a comment\r\ns:"+bySHA+
		"\n5:"+bySHA256+"\n6:"+bySHA512+"\nb:"+bySHA+"\n")
	for _, name := range []string{"b", "a", "s", "5", "6"} {
		if ok, err := f.Check(field(name, "open sesame"), 1, true); ok || !errors.Is(err, ErrSlow) {
			t.Errorf("%s at once: %v, %v", name, ok, err)
		}
		for _, password := range []string{"wrong", "", "open sesame ", "Open sesame"} {
			if ok, err := f.Check(field(name, password), 1, false); ok || err != nil {
				t.Errorf("%s, %q: %v, %v", name, password, ok, err)
			}
		}
		if ok, err := f.Check(field(name, "open sesame"), 1, false); !ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		if ok, err := f.Check(field(name, "open sesame"), 1, true); !ok || err != nil {
			t.Errorf("%s, known: %v, %v", name, ok, err)
		}
	}
	right := field("s", "open sesame")
	for _, wrong := range []string{"", "Basic", "Basic ", "Basic !", right[6:], "Bearer " + right[6:],
		right + "=", "Basic " + base64.StdEncoding.EncodeToString([]byte("s")),
		field("s", strings.Repeat("a", maxPassword+1)), field("nobody", "open sesame"),
		field("", "open sesame"), right + ", " + right} {
		if ok, err := f.Check(wrong, 1, false); ok || err != nil {
			t.Errorf("%q: %v, %v", wrong, ok, err)
		}
	}
	if ok, _ := f.Check("bASIC  "+right[6:], 1, true); !ok {
		t.Error("the scheme is not compared without case")
	}
}

// TestOpenssl checks hashes that openssl passwd made: with short salts, with other characters in
// them, and with rounds.
func TestOpenssl(t *testing.T) {
	for _, hash := range []string{
		"$1$abc$n6H250boi0sp0yw9RWhqY0",
		"$apr1$x$ro/6RlB/jB4ZRUA9qJm6A0",
		"$5$rounds=5000$abc$MiprnnGLGEpAfkAJ9RMpQdoAlj65fcZkQV70K7yKXa/",
		"$6$rounds=1000$a$griyRZO/dgxulVZbzwEq99yCwDEauqDvg.BiGCCPg/7VhTLzCAw6klaTmKl1m0KyySBSer/" +
			"y8IgbJnkPoPrv50",
		"$6$a-b_c$JiFEIELEyN1ytABLkKgPmCQi9jdJ8vU/bYPt09w90LgV0sdeGC3LBWhncii5qG2ZNjvkJjRLc9lWDR8" +
			"pnBISa.",
		"$6$rounds=10000$0123456789abcdef$5bY6skjQJJueCuLbbu/Wmv1zyylgdHX3qfWVG.D/n2Y4aGb5xTsXKuG" +
			"xXO8E1j27YBQ9z/Nf/k90XvbM1h0DL.",
	} {
		f, _ := open(t, "a:"+hash)
		for password, want := range map[string]bool{"open sesame": true, "open sesam": false, "": false} {
			if ok, err := f.Check(field("a", password), 1, false); ok != want || err != nil {
				t.Errorf("%s, %q: %v, %v", hash, password, ok, err)
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "no user",
		"# a":                              "no user",
		"user":                             "line 1: it is not USER:HASH",
		":" + bySHA:                        "line 1: it is not USER:HASH",
		"a:" + bySHA + "\nb:8ejyeh20/I7Mg": "line 2: plain text and DES are not accepted",
		"a:secret":                         "line 1: plain text and DES",
		"a:$1$abc$def":                     "line 1: the hash is damaged",
		"a:{SSHA}abc":                      "line 1: this kind of hash is not supported",
		"a:$y$j9T$abc$def":                 "line 1: this kind of hash is not supported",
		"a:{SHA}abc":                       "SHA-1 is damaged",
		"a:$2y$05$abc":                     "bcrypt is damaged",
		"a:" + strings.Replace(byBcrypt, "$05$", "$15$", 1):             "cost 15 takes too long",
		"a:$apr1$toolongsalt$8dyeNjs6n5sYwT3y45TA6.":                    "the hash is damaged",
		"a:" + strings.Replace(bySHA256, "$5$", "$5$rounds=600000$", 1): "600000 rounds take too long",
	} {
		_, err := parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error has the password: %v", err)
		}
	}
}

// TestReload: passwords change with the file, and a damaged file changes nothing.
func TestReload(t *testing.T) {
	f, name := open(t, "a:"+bySHA)
	is := func(want bool) {
		t.Helper()
		if ok, err := f.Check(field("a", "open sesame"), 1, false); ok != want || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
	}
	is(true)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a:plain")
	if err := f.Reload(); err == nil || !strings.Contains(err.Error(), name+": line 1") {
		t.Error(err)
	}
	is(true)
	write("b:" + bySHA)
	if err := f.Reload(); err != nil {
		t.Error(err)
	}
	is(false)
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := f.Reload(); err == nil {
		t.Error("a missing file is no error")
	}
}

// TestBusy: checks wait for each other, and only so many.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &File{known: newKnown(), turns: turns.New(1)}
		begun, end := 0, make(chan struct{})
		u := user{"h", func(_, password string) bool {
			begun++ // one at a time
			<-end
			return password == "right"
		}}
		f.users.Store(&users{byName: map[string]user{"a": u}, all: []user{u}})
		f.checked.Store(1)
		var all sync.WaitGroup
		for range maxWaiting {
			all.Go(func() {
				if ok, err := f.Check(field("a", "right"), 1, false); !ok || err != nil {
					t.Errorf("%v, %v", ok, err)
				}
			})
		}
		synctest.Wait()
		if _, err := f.Check(field("a", "right"), 1, false); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		close(end)
		all.Wait()
		if begun != 1 {
			t.Errorf("%d comparisons of the same password", begun)
		}
	})
}

// TestKnown: no more is remembered than there is room for.
func TestKnown(t *testing.T) {
	k := newKnown()
	if k.sum("ab", "c", "d") == k.sum("a", "bc", "d") {
		t.Error("names and passwords are not told apart")
	}
	for i := range maxKnown + 10 {
		k.add(k.sum("a", string(rune(i)), ""))
	}
	if len(k.sums) > maxKnown {
		t.Error(len(k.sums))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a:" + byBcrypt + "\nb:" + byAPR1)
	f.Add("a:" + bySHA512 + ":x\r\n#")
	f.Add("a:$5$rounds=1$a$b\n:")
	f.Fuzz(func(t *testing.T, text string) {
		us, err := parse([]byte(text))
		if (us == nil) == (err == nil) || err == nil && us.standIn("x").check == nil {
			t.Fatalf("%v, %v", us, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Fatal(err)
		}
	})
}

// TestStandIn: of unknown users each has the hash of some line, always the same, so a file with
// hashes that take different times does not tell who is in it.
func TestStandIn(t *testing.T) {
	const text = "a:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n" +
		"b:$apr1$abcdefgh$0123456789012345678901\nc:$5$abcdefgh$" +
		"0123456789012345678901234567890123456789012\na:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	us, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	other, err := parse([]byte(text + "# another key\n"))
	if err != nil {
		t.Fatal(err)
	}
	found, moved := map[string]int{}, false
	for i := range 300 {
		name := strconv.Itoa(i)
		u := us.standIn(name)
		if found[u.hash]++; us.standIn(name).hash != u.hash {
			t.Errorf("%s has another hash the next time", name)
		}
		moved = moved || other.standIn(name).hash != u.hash
	}
	for _, u := range us.byName {
		if found[u.hash] < 50 {
			t.Errorf("%s: %d of 300", u.hash, found[u.hash])
		}
	}
	if len(found) != 3 || !moved {
		t.Errorf("%v; it depends on the file: %v", found, moved)
	}
}
