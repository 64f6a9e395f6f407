package basicauth

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/GehirnInc/crypt"
	"github.com/GehirnInc/crypt/apr1_crypt"
	"github.com/GehirnInc/crypt/md5_crypt"
	"github.com/GehirnInc/crypt/sha256_crypt"
	"github.com/GehirnInc/crypt/sha512_crypt"
	"golang.org/x/crypto/bcrypt"
)

// Limits of what one check may cost: seconds at most.
const (
	maxCost   = 14 // of bcrypt; htpasswd takes 5 unless it is told another one
	maxRounds = 500_000
)

// users are the hashes of passwords by user.
type users struct {
	byName map[string]user
	all    []user // by line
	key    [sha256.Size]byte
}

// standIn returns the line that takes the place of an unknown user, so that the time of a
// comparison does not tell whether there is that user. It is always the same one for a name, and
// can't be predicted without the file: hashes of one file may take different times.
func (us *users) standIn(name string) user {
	h := hmac.New(sha256.New, us.key[:])
	h.Write([]byte(name))
	return us.all[binary.LittleEndian.Uint64(h.Sum(nil))%uint64(len(us.all))]
}

// user is a line of the file.
type user struct {
	hash  string
	check func(hash, password string) bool
}

// Errors of lines whose hash is of no kind that is checked.
var (
	errNoHash = errors.New("plain text and DES are not accepted: make the line with htpasswd -B")
	errOther  = errors.New("this kind of hash is not supported: make the line with htpasswd -B")
	errForm   = errors.New("the hash is damaged")
)

// parse reads the lines of a file, each "user:hash". Of several for one user the first counts. The
// error names the line, but nothing of it.
func parse(text []byte) (*users, error) {
	us := &users{byName: map[string]user{}, key: sha256.Sum256(text)}
	number := 0
	for raw := range bytes.Lines(text) {
		number++
		line := strings.TrimRight(string(raw), "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name, hash, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d: it is not USER:HASH, as htpasswd -B writes it", number)
		}
		hash, _, _ = strings.Cut(hash, ":") // a comment may follow
		u, err := parseHash(strings.TrimSpace(hash))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if _, ok := us.byName[name]; !ok {
			us.byName[name] = u
			us.all = append(us.all, u)
		}
	}
	if len(us.byName) == 0 {
		return nil, errors.New("there is no user in it: htpasswd -B adds one")
	}
	return us, nil
}

// Hashes that package crypt checks. A salt may have any character that the file leaves to it.
var crypts = []struct {
	magic string
	form  *regexp.Regexp
	crypt func() crypt.Crypter
}{
	{"$apr1$", regexp.MustCompile(`^\$apr1\$[^$]{0,8}\$[./0-9A-Za-z]{22}$`), apr1_crypt.New},
	{"$1$", regexp.MustCompile(`^\$1\$[^$]{0,8}\$[./0-9A-Za-z]{22}$`), md5_crypt.New},
	{"$5$", regexp.MustCompile(`^\$5\$(rounds=[0-9]{1,9}\$)?[^$]{0,16}\$[./0-9A-Za-z]{43}$`),
		sha256_crypt.New},
	{"$6$", regexp.MustCompile(`^\$6\$(rounds=[0-9]{1,9}\$)?[^$]{0,16}\$[./0-9A-Za-z]{86}$`),
		sha512_crypt.New},
}

// parseHash finds out how a hash is checked.
func parseHash(hash string) (user, error) {
	if strings.HasPrefix(hash, "$2") {
		cost, err := bcrypt.Cost([]byte(hash))
		switch {
		case err != nil || len(hash) != 60:
			return user{}, errors.New("the hash of bcrypt is damaged")
		case cost > maxCost:
			return user{}, fmt.Errorf("bcrypt with cost %d takes too long: at most %d", cost, maxCost)
		}
		return user{hash, checkBcrypt}, nil
	}
	if sum, ok := strings.CutPrefix(hash, "{SHA}"); ok {
		if b, err := base64.StdEncoding.DecodeString(sum); err != nil || len(b) != sha1.Size {
			return user{}, errors.New("the hash of SHA-1 is damaged")
		}
		return user{hash, checkSHA}, nil
	}
	for _, c := range crypts {
		if !strings.HasPrefix(hash, c.magic) {
			continue
		}
		form := c.form.FindStringSubmatch(hash)
		if form == nil {
			return user{}, errForm
		}
		if len(form) > 1 && form[1] != "" {
			text := strings.TrimSuffix(strings.TrimPrefix(form[1], "rounds="), "$")
			if n, err := strconv.Atoi(text); err != nil || n > maxRounds {
				return user{}, fmt.Errorf("%s rounds take too long: at most %d", text, maxRounds)
			}
		}
		return user{hash, func(hash, password string) bool {
			return checkCrypt(c.crypt(), hash, password)
		}}, nil
	}
	if strings.HasPrefix(hash, "$") || strings.HasPrefix(hash, "{") {
		return user{}, errOther
	}
	return user{}, errNoHash
}

// checkCrypt gives the Crypter the hash up to the end of its salt only. With "rounds=", its Verify
// takes what follows a short salt for a part of it.
func checkCrypt(c crypt.Crypter, hash, password string) bool {
	is, err := c.Generate([]byte(password), []byte(hash[:strings.LastIndexByte(hash, '$')]))
	return err == nil && subtle.ConstantTimeCompare([]byte(is), []byte(hash)) == 1
}

// checkBcrypt looks at the first 72 bytes of a password only, as htpasswd does.
func checkBcrypt(hash, password string) bool {
	const significant = 72
	password = password[:min(len(password), significant)]
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

func checkSHA(hash, password string) bool {
	sum := sha1.Sum([]byte(password))
	is := "{SHA}" + base64.StdEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(is), []byte(hash)) == 1
}
